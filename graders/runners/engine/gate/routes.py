"""Every request that the gate lets through, and how; what stands in no rule here is refused.

https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from graders.runners.engine.connection import Engine
from graders.runners.engine.gate import builds, transfers
from graders.runners.engine.gate.containers import Containers
from graders.runners.engine.gate.exchange import Exchange
from graders.runners.engine.gate.images import Images, familiar
from graders.runners.engine.gate.networks import Networks
from graders.runners.engine.gate.refusal import Refused, as_engine
from graders.runners.engine.gate.settings import exec_body
from graders.runners.engine.gate.upstream import Asking

_INFO = (
    "ServerVersion", "OSType", "Architecture", "OperatingSystem", "KernelVersion", "NCPU", "MemTotal", "Driver",
    "CgroupDriver", "CgroupVersion", "DefaultRuntime", "Swarm", "Warnings", "ExperimentalBuild", "IndexServerAddress",
)  # fmt: skip
_WORDS = re.compile(r"[A-Za-z0-9_+-]{1,20}")


@dataclass(frozen=True, slots=True)
class House:
    """What a script has on the engine, and how to ask the engine. `engine` is what it runs on."""

    asking: Asking
    images: Images
    containers: Containers
    networks: Networks
    engine: Engine
    build_network: bool


Rule = Callable[[House, Exchange, str], None]
_C, _I = r"/containers/([A-Za-z0-9][A-Za-z0-9_.-]*)", r"/images/([A-Za-z0-9][A-Za-z0-9_.:@/-]*)"


def carry_out(house: House, exchange: Exchange) -> None:
    """Answer the request by the rule for it. Raises Refused."""
    for method, pattern, rule in _RULES:
        matched = re.fullmatch(pattern, exchange.path)
        if matched and exchange.method == method:
            return rule(house, exchange, matched[1] if matched.groups() else "")
    raise Refused(_why_not(exchange.method, exchange.path))


def _ping(house: House, exchange: Exchange, _: str) -> None:
    exchange.no_body()
    exchange.asked()
    exchange.forward(exchange.path)


def _info(house: House, exchange: Exchange, _: str) -> None:
    exchange.asked()
    found = house.asking.ask("GET", "/info")[1]
    mine = house.containers.all()
    shown = {name: found[name] for name in _INFO if name in found}
    exchange.reply(
        200, {**shown, "Containers": len(mine), "Images": len(house.images.ids), "Name": "sandbox", "Plugins": {}}
    )


def _login(house: House, exchange: Exchange, _: str) -> None:
    exchange.asked()
    said = exchange.json()
    address = str(said.get("serveraddress", ""))
    if not house.images.registry or address.removeprefix("http://").removesuffix("/") != house.images.registry:
        raise Refused(f"the gate logs in to {house.images.registry or 'no registry'} only, not to {address[:80]}")
    exchange.reply(200, {"Status": "Login Succeeded", "IdentityToken": ""})


def _list_images(house: House, exchange: Exchange, _: str) -> None:
    query = exchange.asked("all", "filters", "digests", "shared-size")
    filters = _filters(query, "reference", "dangling", "label")
    passed = {"filters": json.dumps({"label": filters["label"]})} if "label" in filters else None
    found = house.asking.ask("GET", "/images/json", passed)[1]
    shown = []
    for one in found:
        names = house.images.names_of(one["Id"], one)
        if one["Id"] not in house.images.ids and not names["RepoTags"]:
            continue
        dangling = not names["RepoTags"]
        if filters.get("dangling") and ("true" in filters["dangling"]) != dangling:
            continue
        if wanted := filters.get("reference"):
            names["RepoTags"] = [tag for tag in names["RepoTags"] if any(_is_like(tag, word) for word in wanted)]
            if not names["RepoTags"]:
                continue
        shown.append({**one, **names})
    exchange.reply(200, shown)


def _inspect_image(house: House, exchange: Exchange, name: str) -> None:
    exchange.asked()
    exchange.reply(200, house.images.inspect(name))


def _history(house: House, exchange: Exchange, name: str) -> None:
    exchange.asked()
    found = house.asking.ask("GET", f"/images/{house.images.identify(name)}/history")[1]
    exchange.reply(200, [{**layer, "Tags": None} for layer in found])


def _tag(house: House, exchange: Exchange, name: str) -> None:
    exchange.no_body()
    query = exchange.asked("repo", "tag", "force")
    target = familiar(f"{query.get('repo', '')}:{query.get('tag') or 'latest'}")
    if target in house.images.bases:
        raise Refused(f"{target} is a base image: give yours another name")
    house.images.keep(house.images.identify(name), [target])
    exchange.reply(201)


def _delete_image(house: House, exchange: Exchange, name: str) -> None:
    exchange.asked("force", "noprune")
    exchange.reply(200, house.images.delete(name))


def _prune_images(house: House, exchange: Exchange, _: str) -> None:
    filters = _filters(exchange.asked("filters"), "dangling")
    exchange.no_body()
    named = {id for name, id in house.images.names.items() if "@" not in name}
    going = [] if "false" in filters.get("dangling", []) else sorted(house.images.ids - named)
    deleted = [done for id in going for done in house.images.delete(id)]
    exchange.reply(200, {"ImagesDeleted": deleted or None, "SpaceReclaimed": 0})


def _list_containers(house: House, exchange: Exchange, _: str) -> None:
    query = exchange.asked("all", "limit", "size", "filters")
    filters = _filters(
        query, "name", "status", "label", "ancestor", "id", "health", "exited", "network", "publish", "is-task"
    )
    exchange.reply(200, house.containers.listed(query, filters))


def _create(house: House, exchange: Exchange, _: str) -> None:
    query = exchange.asked("name", "platform")
    said = exchange.json()
    exchange.image = str(said.get("Image", ""))[:300]
    exchange.reply(201, house.containers.create(said, query.get("name", "")))


def _inspect_container(house: House, exchange: Exchange, name: str) -> None:
    query = exchange.asked("size")
    exchange.reply(200, house.containers.inspect(house.containers.find(name), bool(query.get("size"))))


def _start(house: House, exchange: Exchange, name: str) -> None:
    exchange.asked("detachKeys")
    exchange.no_body()
    kept = house.containers.find(name)
    house.containers.before_start(kept)
    _act(house, exchange, f"/containers/{kept.id}/start", kept.name)
    house.containers.started(kept)
    exchange.reply(204)


def _restart(house: House, exchange: Exchange, name: str) -> None:
    query = _seconds(exchange.asked("t", "signal"))
    exchange.no_body()
    kept = house.containers.find(name)
    house.containers.before_start(kept)
    _act(house, exchange, f"/containers/{kept.id}/restart", kept.name, query)
    house.containers.started(kept)
    exchange.reply(204)


def _stop(house: House, exchange: Exchange, name: str) -> None:
    query = _seconds(exchange.asked("t", "signal"))
    exchange.no_body()
    kept = house.containers.find(name)
    status = _act(house, exchange, f"/containers/{kept.id}/stop", kept.name, query)
    house.containers.ports.stop(kept.id)
    exchange.reply(status)


def _kill(house: House, exchange: Exchange, name: str) -> None:
    query = exchange.asked("signal")
    exchange.no_body()
    if not _WORDS.fullmatch(query.get("signal", "KILL")):
        raise as_engine(f"Invalid signal: {query['signal'][:40]}", 400)
    kept = house.containers.find(name)
    exchange.reply(_act(house, exchange, f"/containers/{kept.id}/kill", kept.name, query))


def _freeze(house: House, exchange: Exchange, name: str) -> None:
    exchange.asked()
    exchange.no_body()
    kept = house.containers.find(name)
    exchange.reply(_act(house, exchange, f"/containers/{kept.id}/{exchange.path.rpartition('/')[2]}", kept.name))


def _rename(house: House, exchange: Exchange, name: str) -> None:
    query = exchange.asked("name")
    exchange.no_body()
    house.containers.rename(house.containers.find(name), query.get("name", ""))
    exchange.reply(204)


def _delete_container(house: House, exchange: Exchange, name: str) -> None:
    query = exchange.asked("force", "v")
    kept = house.containers.find(name)
    status = _act(
        house, exchange, f"/containers/{kept.id}", kept.name, {"force": query.get("force"), "v": "1"}, "DELETE"
    )
    house.containers.removed(kept)
    exchange.reply(status)


def _prune_containers(house: House, exchange: Exchange, _: str) -> None:
    _filters(exchange.asked("filters"))
    exchange.no_body()
    exchange.reply(200, house.containers.prune())


def _wait(house: House, exchange: Exchange, name: str) -> None:
    query = exchange.asked("condition")
    exchange.no_body()
    exchange.forward(f"/containers/{house.containers.find(name).id}/wait", query)


def _logs(house: House, exchange: Exchange, name: str) -> None:
    query = exchange.asked("follow", "stdout", "stderr", "since", "until", "timestamps", "tail", "details")
    exchange.forward(f"/containers/{house.containers.find(name).id}/logs", query)


def _stats(house: House, exchange: Exchange, name: str) -> None:
    query = exchange.asked("stream", "one-shot")
    exchange.forward(f"/containers/{house.containers.find(name).id}/stats", query)


def _top(house: House, exchange: Exchange, name: str) -> None:
    exchange.asked()  # `ps_args` would be the words of a command that root runs outside
    exchange.forward(f"/containers/{house.containers.find(name).id}/top")


def _resize(house: House, exchange: Exchange, name: str) -> None:
    query = exchange.asked("h", "w")
    exchange.no_body()
    exchange.forward(f"/containers/{house.containers.find(name).id}/resize", query)


def _attach(house: House, exchange: Exchange, name: str) -> None:
    query = exchange.asked("stream", "stdin", "stdout", "stderr", "logs", "detachKeys")
    exchange.no_body()
    exchange.hijack(f"/containers/{house.containers.find(name).id}/attach", query)


def _exec(house: House, exchange: Exchange, name: str) -> None:
    exchange.asked()
    kept = house.containers.find(name)
    body = exec_body(exchange.json())
    status, made = house.asking.ask("POST", f"/containers/{kept.id}/exec", None, body)
    if status != 201:
        raise _engine_said(made, status, kept.id, kept.name)
    house.containers.execs[made["Id"]] = kept.id
    exchange.reply(201, made)


def _exec_start(house: House, exchange: Exchange, id: str) -> None:
    exchange.asked()
    said = exchange.json()
    body = {name: bool(said.get(name)) for name in ("Detach", "Tty")}
    exchange.hijack(f"/exec/{_known_exec(house, id)}/start", body=body)


def _exec_resize(house: House, exchange: Exchange, id: str) -> None:
    query = exchange.asked("h", "w")
    exchange.no_body()
    exchange.forward(f"/exec/{_known_exec(house, id)}/resize", query)


def _exec_inspect(house: House, exchange: Exchange, id: str) -> None:
    exchange.asked()
    exchange.forward(f"/exec/{_known_exec(house, id)}/json")


def _known_exec(house: House, id: str) -> str:
    if id not in house.containers.execs:
        raise as_engine(f"No such exec instance: {id}", 404)
    return id


def _list_networks(house: House, exchange: Exchange, _: str) -> None:
    filters = _filters(exchange.asked("filters"), "name", "driver", "id")
    shown = [
        one for one in house.networks.listed()
        if all(
            any(word in str(one.get(field, "")) for word in filters.get(name, [str(one.get(field, ""))]))
            for name, field in (("name", "Name"), ("driver", "Driver"), ("id", "Id"))
        )
    ]  # fmt: skip
    exchange.reply(200, shown)


def _inspect_network(house: House, exchange: Exchange, name: str) -> None:
    exchange.asked("scope", "verbose")
    members = {one.id: one.name for one in house.containers.all()}
    exchange.reply(200, house.networks.inspect(name, members))


def _create_network(house: House, exchange: Exchange, _: str) -> None:
    exchange.asked()
    exchange.reply(201, house.networks.create(exchange.json()))


def _delete_network(house: House, exchange: Exchange, name: str) -> None:
    exchange.asked("force")
    house.networks.delete(name)
    exchange.reply(204)


def _join_network(house: House, exchange: Exchange, name: str) -> None:
    exchange.asked()
    said = exchange.json()
    kept = house.containers.find(str(said.get("Container", "")))
    house.networks.join(name, said, kept.id, kept.name if exchange.path.endswith("/connect") else "")
    house.containers.started(kept)
    exchange.reply(200)


def _prune_networks(house: House, exchange: Exchange, _: str) -> None:
    _filters(exchange.asked("filters"))
    exchange.no_body()
    exchange.reply(200, {"NetworksDeleted": house.networks.prune()})


def _prune_nothing(house: House, exchange: Exchange, _: str) -> None:
    """A script has no volumes and no build cache of its own: `docker system prune` goes on."""
    exchange.asked("filters", "all", "keep-storage")
    exchange.no_body()
    exchange.reply(200, {"SpaceReclaimed": 0})


def _no_volumes(house: House, exchange: Exchange, _: str) -> None:
    exchange.asked("filters")
    exchange.reply(200, {"Volumes": [], "Warnings": None})


def _none_such(house: House, exchange: Exchange, name: str) -> None:
    raise as_engine(f"No such {exchange.path.split('/')[1].removesuffix('s')}: {name}", 404)


def _build(house: House, exchange: Exchange, _: str) -> None:
    builds.build(exchange, house.asking, house.images, house.engine, network=house.build_network)


def _push(house: House, exchange: Exchange, name: str) -> None:
    transfers.push(exchange, house.asking, house.images, name)


def _pull(house: House, exchange: Exchange, _: str) -> None:
    transfers.pull(exchange, house.asking, house.images)


_RULES: tuple[tuple[str, str, Rule], ...] = (
    ("GET", "/_ping", _ping),
    ("HEAD", "/_ping", _ping),
    ("GET", "/version", _ping),
    ("GET", "/info", _info),
    ("POST", "/auth", _login),
    ("GET", "/images/json", _list_images),
    ("POST", "/images/create", _pull),
    ("POST", "/images/prune", _prune_images),
    ("POST", f"{_I}/push", _push),
    ("POST", f"{_I}/tag", _tag),
    ("GET", f"{_I}/json", _inspect_image),
    ("GET", f"{_I}/history", _history),
    ("DELETE", _I, _delete_image),
    ("POST", "/build", _build),
    ("GET", "/containers/json", _list_containers),
    ("POST", "/containers/create", _create),
    ("POST", "/containers/prune", _prune_containers),
    ("GET", r"/containers/([A-Za-z0-9][A-Za-z0-9_.:@/-]*)/json", _inspect_container),
    ("GET", f"{_C}/logs", _logs),
    ("GET", f"{_C}/stats", _stats),
    ("GET", f"{_C}/top", _top),
    ("POST", f"{_C}/start", _start),
    ("POST", f"{_C}/restart", _restart),
    ("POST", f"{_C}/stop", _stop),
    ("POST", f"{_C}/kill", _kill),
    ("POST", f"{_C}/(?:un)?pause", _freeze),
    ("POST", f"{_C}/rename", _rename),
    ("POST", f"{_C}/wait", _wait),
    ("POST", f"{_C}/resize", _resize),
    ("POST", f"{_C}/attach", _attach),
    ("POST", f"{_C}/exec", _exec),
    ("DELETE", _C, _delete_container),
    ("POST", r"/exec/([0-9a-f]{64})/start", _exec_start),
    ("POST", r"/exec/([0-9a-f]{64})/resize", _exec_resize),
    ("GET", r"/exec/([0-9a-f]{64})/json", _exec_inspect),
    ("GET", "/networks", _list_networks),
    ("POST", "/networks/create", _create_network),
    ("POST", r"/networks/([A-Za-z0-9][A-Za-z0-9_.-]*)/(?:dis)?connect", _join_network),
    ("GET", r"/networks/([A-Za-z0-9][A-Za-z0-9_.:@/-]*)", _inspect_network),
    ("DELETE", r"/networks/([A-Za-z0-9][A-Za-z0-9_.-]*)", _delete_network),
    ("POST", "/networks/prune", _prune_networks),
    ("POST", "/volumes/prune", _prune_nothing),
    ("POST", "/build/prune", _prune_nothing),
    ("GET", "/volumes", _no_volumes),
    # `docker inspect NAME` goes on looking for it among these, as long as there is none.
    ("GET", r"/volumes/([A-Za-z0-9][A-Za-z0-9_.:@/-]*)", _none_such),
    ("GET", r"/plugins/([A-Za-z0-9][A-Za-z0-9_.:@/-]*)/json", _none_such),
    ("GET", r"/(?:services|tasks|nodes|secrets|configs)/([A-Za-z0-9][A-Za-z0-9_.:@/-]*)", _none_such),
)

_WHY_NOT = (
    (r"/(swarm|services|nodes|tasks|secrets|configs)\b.*", "The engine's swarm is not for scripts: use plain containers."),
    (r"/plugins\b.*", "Plugins run as root on the machine, so the gate lets none through."),
    (r"/volumes\b.*", "The gate lets no named volumes through: use `-v /PATH` for one without a name, or `--tmpfs /PATH`."),
    (r"/commit", "The gate does not let `docker commit` through: build the image from a Dockerfile."),
    (r"/containers/.*/(archive|export)", "The gate does not let `docker cp` and `docker export` through: print what you need."),
    (r"/containers/.*/update", "The gate does not let `docker update` through."),
    (r"/images/(get|load|.*/get)", "The gate does not let `docker save` and `docker load` through: push to the registry."),
    (r"/images/search|/distribution/.*", "The gate asks no registry on behalf of a script: ask yours over HTTP."),
    (r"/session|/grpc", "Builds with sessions (buildx) don't go through the gate: use `DOCKER_BUILDKIT=0 docker build`."),
    (r"/events|/system/.*|/build/.*", "That concerns the whole engine, which is not the script's alone."),
)  # fmt: skip


def _why_not(method: str, path: str) -> str:
    for pattern, sentence in _WHY_NOT:
        if re.fullmatch(pattern, path):
            return sentence
    return f"The gate does not let {method[:20]} {path[:120]} through."


def _act(
    house: House, exchange: Exchange, path: str, name: str, query: dict[str, Any] | None = None, method: str = "POST"
) -> int:
    """Do it on the engine; its status, or its error with the script's own name in it."""
    status, answer = house.asking.ask(method, path, query)
    if status >= 400:
        raise _engine_said(answer, status, path.split("/")[2], name)
    return status


def _engine_said(answer: Any, status: int, id: str, name: str) -> Refused:
    text = str(answer.get("message", answer)) if isinstance(answer, dict) else str(answer)
    return as_engine(text.replace(id, name), status)


def _seconds(query: dict[str, str]) -> dict[str, str]:
    if not re.fullmatch(r"-?\d{1,6}", query.get("t", "0")) or not _WORDS.fullmatch(query.get("signal", "TERM")):
        raise as_engine("invalid timeout or signal", 400)
    return query


def _filters(query: dict[str, Any], *allowed: str) -> dict[str, list[str]]:
    """`filters`, written either way: `{"name": ["a"]}` or `{"name": {"a": true}}`."""
    try:
        said = json.loads(query.get("filters") or "{}")
        found = {str(name): [str(value) for value in values] for name, values in said.items()}
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise as_engine("invalid filter", 400) from None
    for name in found:
        if name not in allowed:
            raise Refused(f"the gate does not let the filter `{name[:40]}` through here", 400)
    return found


def _is_like(tag: str, word: str) -> bool:
    return fnmatchcase(tag, word) or fnmatchcase(tag.rpartition(":")[0], word)
