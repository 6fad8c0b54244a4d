"""`docker push` and `docker pull` from a script: with the grader's registry only, under names that last no longer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote

from graders.runners.engine.gate.exchange import Exchange
from graders.runners.engine.gate.images import Images, familiar
from graders.runners.engine.gate.refusal import Refused, as_engine
from graders.runners.engine.gate.upstream import Asking

_guard, _locks = threading.Lock(), dict[str, threading.Lock]()
_NO_CREDENTIALS = {"X-Registry-Auth": "e30="}  # {}


def push(exchange: Exchange, asking: Asking, images: Images, said: str) -> None:
    """Push one tag, or all of a repository where none is named. Raises Refused."""
    query = exchange.asked("tag")
    exchange.no_body()
    repository = said.removesuffix(":latest") if ":" in said.rpartition("/")[2] else said
    if not _in_registry(repository, images):
        raise Refused(_where(images, f"push to {said[:120]}"))
    name = familiar(f"{repository}:{query['tag']}" if query.get("tag") else said)
    id = images.identify(name) if query.get("tag") or name in images.names else ""
    if not id:
        raise as_engine(f"An image does not exist locally with the tag: {said}", 404)
    tag = name.rpartition(":")[2]
    with _one_at_a_time(name):
        _push(exchange, asking, images, id, repository, tag)


def _push(exchange: Exchange, asking: Asking, images: Images, id: str, repository: str, tag: str) -> None:
    name = f"{repository}:{tag}"
    was_there = _is_there(asking, name)
    status, answer = asking.ask("POST", f"/images/{id}/tag", {"repo": repository, "tag": tag})
    if status != 201:
        raise as_engine(str(answer), status)

    def edit(line: bytes) -> bytes:
        with suppress(ValueError, KeyError, TypeError):
            digest = json.loads(line)["aux"]["Digest"]
            images.keep(id, [f"{repository}@{digest}"])
        return line

    try:
        exchange.forward(
            f"/images/{quote(repository, safe='/:')}/push", {"tag": tag}, headers=_NO_CREDENTIALS, edit=edit
        )
    finally:
        if not was_there:
            asking.ask("DELETE", f"/images/{name}", {"noprune": "1"})


def pull(exchange: Exchange, asking: Asking, images: Images) -> None:
    """Pull from the grader's registry; what is here already is up to date. Raises Refused."""
    query = exchange.asked("fromImage", "tag", "platform")
    exchange.no_body()
    said, tag = query.get("fromImage", ""), query.get("tag", "")
    if not said:
        raise Refused("the gate does not let `docker import` through: build the image from a Dockerfile")
    name = familiar(f"{said}@{tag}" if tag.startswith("sha256:") else f"{said}:{tag}" if tag else said)
    if not _in_registry(name, images):
        if name not in images.names and name not in images.bases:
            raise Refused(_where(images, f"pull {name[:120]}"))
        images.identify(name)
        exchange.begin_stream()
        exchange.stream(json.dumps({"status": f"Status: Image is up to date for {name}"}).encode() + b"\r\n")
        exchange.end_stream()
        return
    with _one_at_a_time(name):
        _pull(exchange, asking, images, name)


def _pull(exchange: Exchange, asking: Asking, images: Images, name: str) -> None:
    repository, separator, which = name.rpartition("@") if "@" in name else name.rpartition(":")
    was_there = _is_there(asking, name)

    def keep() -> bytes:
        status, found = asking.ask("GET", f"/images/{name}/json")
        if status == 200:
            digests = [one for one in found.get("RepoDigests") or () if one.startswith(f"{repository}@")]
            images.keep(found["Id"], [name, *digests] if separator == ":" else [name])
        return b""

    try:
        exchange.forward("/images/create", {"fromImage": repository, "tag": which}, headers=_NO_CREDENTIALS, more=keep)
    finally:
        if not was_there and name in images.names:
            asking.ask("DELETE", f"/images/{name}", {"noprune": "1"})


@contextmanager
def _one_at_a_time(name: str) -> Iterator[None]:
    """The name is on the engine for a moment only, and several gates may want it."""
    with _guard:
        lock = _locks.setdefault(name, threading.Lock())
    with lock:
        yield


def _in_registry(name: str, images: Images) -> bool:
    return bool(images.registry) and name.startswith(f"{images.registry}/")


def _where(images: Images, what: str) -> str:
    if not images.registry:
        return f"the gate does not let a script {what}: there is no registry here"
    return f"the gate does not let a script {what}: the only registry here is {images.registry}, named by $REGISTRY"


def _is_there(asking: Asking, name: str) -> bool:
    return asking.ask("GET", f"/images/{name}/json")[0] == 200
