"""The target `docker`: releases are images in a registry, each runs as a container behind caddy; scripts reach a gate.

caddy, the load and the scripts are in one sandbox, as for the target `process`; ports that containers publish are served
there. https://docs.docker.com/reference/cli/docker/container/run/
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graders.evidence.registry import RegistryReader
from graders.problems import Problem
from graders.runners.deployment import process
from graders.runners.deployment.plan import Plan
from graders.runners.deployment.program import program_of
from graders.runners.deployment.record import Played, read
from graders.runners.deployment.releases import BREAKS_WHEN_THERE, EVERY, Release
from graders.runners.engine.base_images import NoBase, provide
from graders.runners.engine.build import ContextFile, build
from graders.runners.engine.connection import find_engine
from graders.runners.engine.gate import Gate
from graders.runners.engine.leftovers import Ours, ours_on
from graders.runners.engine.script import docker_environment
from graders.runners.registry import throwaway_registry
from graders.runners.relay import Relay
from graders.runners.remembered import fingerprint, recall, remember
from graders.runners.sandbox import Limits, isolates, run

BASE = "python:3.12-slim"
PORT = 8000
_INSIDE = Path(__file__).with_name("inside.py")
_HERE = Path(__file__).with_name("inside_containers.py")
_IN_CONTAINER = Path(__file__).with_name("in_container.py")
_FORMAT = 1
_MOST_WAITING = 5  # processes for each processor
_LIMITS = Limits(seconds=480, cpu_seconds=200, processes=512)
_DOCKERFILE = f"""\
FROM {BASE}
COPY serve release.json in_container.py /app/
EXPOSE {PORT}
HEALTHCHECK --interval=2s --timeout=3s --retries=3 CMD ["python", "/app/in_container.py", "is-healthy"]
ENTRYPOINT ["python", "/app/in_container.py"]
"""


@dataclass(frozen=True, slots=True)
class _Images:
    """Every release's image: `digests` and `images` (the engine's ids) lead from 64 hexadecimal digits to the release's."""

    registry: str
    digests: Mapping[str, str]
    images: Mapping[str, str]

    def reference(self, release: Release) -> str:
        """What a script is called with."""
        digest = next(digest for digest, one in self.digests.items() if one == release.digest)
        return f"{self.registry}/widgets@sha256:{digest}"


def play_on_containers(files: Mapping[str, bytes], plans: Sequence[Plan], cache: Path | None = None) -> list[Played]:
    """Carry plans out, one after another, with the scripts in `files` (path to content), under 50 requests a second.

    With `cache`, a folder, the same plans with the same files are not repeated. Digests of images are told as those of the
    releases in them. Raises Problem where the engine, `docker`, the registry or the base image can't be had, and where the
    machine is too busy to tell what a deployment costs.
    """
    if process.proxy() is None:
        return [Played(plan, trouble="caddy is not installed") for plan in plans]
    known = cache / f"{_fingerprint(files, plans)}.json" if cache else None
    if remembered := _read_all(recall(known), plans):
        return remembered
    engine = find_engine()
    if engine.socket is None:
        raise Problem(
            f"Deployments can't be tried on the engine at {engine.url}.",
            "Use one that listens on a socket of this machine.",
        )
    need_time_to_spare()
    with ours_on(engine) as ours, _published(ours, cache) as images:
        records = []
        for plan in plans:
            records.append(_play(files, plan, ours, images))
            need_time_to_spare()
    played = [_read(plan, data) for plan, data in zip(plans, records, strict=True)]
    if not any(one.trouble for one in played):
        remember(known, json.dumps(records).encode())
    return played


def need_time_to_spare() -> None:
    """Raises Problem where so much waits for the processors that requests would be late whatever a script does."""
    load, processors = os.getloadavg()[0], os.cpu_count() or 1
    if load > _MOST_WAITING * processors:
        raise Problem(
            f"This machine is too busy to try deployments to containers (load {load:.0f} on {processors} processors).",
            "Check again when less is running.",
        )


@contextmanager
def _published(ours: Ours, cache: Path | None) -> Iterator[_Images]:
    """A registry that holds the image of every release; `latest` is the first. `cache` keeps the base's layers."""
    (base,) = provide(ours.client, [BASE])
    if isinstance(base, NoBase):
        raise Problem(base.why, base.next)
    below: set[str] = set()
    with throwaway_registry(cache / "layers" if cache else None, "widgets", lambda: below) as registry:
        reader, digests, images = RegistryReader(registry), dict[str, str](), dict[str, str]()
        for release in EVERY:
            texts = {
                **release.files,
                "in_container.py": _IN_CONTAINER.read_text(encoding="utf-8"),
                "Dockerfile": _DOCKERFILE,
            }
            built = build(
                ours, f"release-{release.version.replace('.', '-')}",
                {name: ContextFile(text.encode()) for name, text in texts.items()}, [base],
            )  # fmt: skip
            if not built.image:
                raise Problem(f"The releases could not be built: {built.why or built.error[:200]}", "Check again.")
            image = ours.client.images.get(built.image)
            for tag in (release.version, *(["latest"] if release is EVERY[0] else [])):
                _push(ours, image, registry, tag)
            manifest = reader.manifest("widgets", release.version)
            if manifest is None:
                raise Problem("The releases could not be published.", "Check again.")
            below |= {layer.digest for layer in manifest.layers[:-1]}  # the last is the release's own
            digests[manifest.digest.removeprefix("sha256:")] = release.digest
            images[built.image.removeprefix("sha256:")] = release.digest
        yield _Images(registry, digests, images)


def _push(ours: Ours, image: Any, registry: str, tag: str) -> None:
    image.tag(f"{registry}/widgets", tag)
    try:
        for line in ours.client.images.push(f"{registry}/widgets", tag, stream=True, decode=True):
            if "error" in line:
                raise Problem(f"The releases could not be published: {str(line['error'])[:200]}.", "Check again.")
    finally:
        ours.client.images.remove(f"{registry}/widgets:{tag}", noprune=True)


def _play(files: Mapping[str, bytes], plan: Plan, ours: Ours, images: _Images) -> dict[str, Any]:
    """What was recorded, as JSON has it; `trouble` alone where nothing was."""
    caddy = process.proxy()
    assert caddy
    token = secrets.token_hex(16)
    with Gate(ours, bases=[BASE], registry=images.registry) as gate, Relay() as relay, gate.ports.served_by(relay):
        for port, target in gate.registry_port.items():
            relay.listen(port, target)
        env = {**docker_environment(gate), "REGISTRY": images.registry}
        task = {
            "token": token, "mark": secrets.token_hex(8), "isolated": isolates(), "proxy": caddy,
            "proxy_config": process.PROXY_CONFIG, "each": 1 / process.REQUESTS_A_SECOND, "record": process.RECORD,
            "once": BREAKS_WHEN_THERE, "env": process._environment(), "releases": {},
            "plan": [_for_images(act.task, images) for act in plan.acts], "registry": images.registry,
            "digests": dict(images.digests), "images": dict(images.images),
        }  # fmt: skip
        done = run(
            relay.around(["python", "-I", "-c", program_of(["inside"], "inside_containers"), "{report}"]), files=files, env=env,
            folders=[Path(caddy), gate.folder], stdin=json.dumps(task).encode(), limits=_LIMITS,
            descriptors=[relay.descriptor],
        )  # fmt: skip
    text = done.report.decode("utf-8", "replace")
    for digest, release in images.digests.items():
        text = text.replace(digest, release)
    try:
        data = json.loads(text)
        if not isinstance(data, dict) or not secrets.compare_digest(str(data.pop("token", "")), token):
            raise ValueError("not the record")
    except (ValueError, RecursionError):
        why = "it did not end in time" if done.timed_out else "what watches over it was disturbed, and left no record"
        return {"trouble": why}
    return data


def _for_images(task: Mapping[str, Any], images: _Images) -> dict[str, Any]:
    """The step, with the image's reference in the place of the release's."""
    references = {release.image: images.reference(release) for release in EVERY}
    argv = {"argv": [references.get(word, word) for word in task["argv"]]} if "argv" in task else {}
    return {**task, **argv}


def _read_all(content: bytes, plans: Sequence[Plan]) -> list[Played]:
    try:
        return [_read(plan, data) for plan, data in zip(plans, json.loads(content), strict=True)] if content else []
    except (ValueError, TypeError):
        return []


def _read(plan: Plan, data: Mapping[str, Any]) -> Played:
    if set(data) == {"trouble"}:
        return Played(plan, trouble=str(data["trouble"]))
    try:
        return read(plan, data)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return Played(plan, trouble="what watches over it was disturbed, and left no record")


def _fingerprint(files: Mapping[str, bytes], plans: Sequence[Plan]) -> str:
    ours = [_INSIDE, _HERE, _IN_CONTAINER]
    head = [_FORMAT, sys.version, [one.read_text(encoding="utf-8") for one in ours], [plan.as_json() for plan in plans]]
    return fingerprint([*head, _DOCKERFILE, [one.digest for one in EVERY]], files)
