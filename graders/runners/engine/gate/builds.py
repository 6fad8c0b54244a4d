"""`docker build` from a script: the context is in the request, within limits, named by us."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from graders.runners.engine.build_log import BuildLog, as_classic
from graders.runners.engine.connection import Engine
from graders.runners.engine.gate.context import checked_context
from graders.runners.engine.gate.exchange import Exchange
from graders.runners.engine.gate.images import Images, familiar
from graders.runners.engine.gate.refusal import Refused, as_engine
from graders.runners.engine.gate.upstream import Asking

_PERIOD, _CPUS = 100_000, 2  # microseconds, cores
_MEMORY_BYTES = 2 << 30
_PASSED = ("dockerfile", "target", "buildargs", "labels", "nocache", "q")
# What the gate settles itself, whatever was asked.
_SETTLED = (
    "rm", "forcerm", "version", "networkmode", "memory", "memswap", "cpuperiod", "cpuquota", "cpushares", "cpusetcpus",
    "cpusetmems", "shmsize", "ulimits", "cachefrom", "pull", "platform", "isolation",
)  # fmt: skip


def build(exchange: Exchange, asking: Asking, images: Images, engine: Engine, *, network: bool) -> None:
    """Build the context that follows, and give the image the names asked for. Raises Refused.

    An `engine` with BuildKit builds with that, and what it says is told as the classic builder would; with `network`,
    RUN has one.
    """
    names = [familiar(name) for name in exchange.query.pop("t", []) if name]
    exchange.image = " ".join(names)
    for name in names:
        if name in images.bases or "@" in name:
            raise Refused(f"{name} is a base image: give yours another name")
    for settled, nothing in (("extrahosts", "[]"), ("securityopt", "null"), ("outputs", "")):
        if exchange.query.get(settled) in ([nothing], ["null"]):
            del exchange.query[settled]
    query = exchange.asked(*_PASSED, *_SETTLED)
    if query.get("networkmode", "default") not in ("default", "none", "bridge"):
        raise Refused(f"the gate does not let `--network {query['networkmode'][:40]}` through: a build needs none")
    try:
        arguments = {str(name): str(value) for name, value in json.loads(query.get("buildargs") or "{}").items()}
    except (ValueError, AttributeError, RecursionError):
        raise as_engine("invalid buildargs", 400) from None
    arguments = {name: value for name, value in arguments.items() if not name.upper().startswith("BUILDKIT_")}
    anchor = images.new_anchor()
    settings: dict[str, Any] = {name: query.get(name) for name in _PASSED} | {
        "t": anchor, "rm": "1", "forcerm": "1", "buildargs": json.dumps(arguments),
        "version": "2" if engine.has_buildkit else None,
        "networkmode": "default" if network else "none", "memory": _MEMORY_BYTES, "memswap": _MEMORY_BYTES,
        "cpuperiod": _PERIOD, "cpuquota": _PERIOD * _CPUS,
    }  # fmt: skip
    tell = _Telling(anchor, [] if query.get("q") else names)

    def keep() -> bytes:
        status, found = asking.ask("GET", f"/images/{anchor}/json")
        if status == 200:
            images.keep(found["Id"], names, anchor)
        return b""

    with tempfile.TemporaryFile() as context, tempfile.TemporaryFile() as checked:
        exchange.spool(context)
        context.seek(0)
        wanted = query.get("dockerfile", "")
        settings["dockerfile"] = checked_context(
            context, checked, wanted, arguments, images, network=network, older=engine.has_older_builder
        )
        exchange.forward(
            "/build", settings, content=_chunks(checked), kind="application/x-tar", edit=tell.edit, more=keep
        )


class _Telling:
    """What the builder says, as the classic one would, with the script's own names."""

    def __init__(self, anchor: str, names: list[str]) -> None:
        self._anchor, self._names, self._log = anchor, names, BuildLog()

    def edit(self, line: bytes) -> bytes:
        try:
            said = json.loads(line)
        except ValueError:
            return line
        if not isinstance(said, dict):
            return b""
        if said.get("id") == "moby.buildkit.trace":
            return _line({"stream": text}) if (text := as_classic(said, self._log)) else b""
        if self._anchor in str(said.get("stream", "")):
            return b"".join(_line({"stream": f"Successfully tagged {name}\n"}) for name in self._names)
        return _line(said)


def _line(said: object) -> bytes:
    return json.dumps(said).encode() + b"\r\n"


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(1 << 16):
        yield chunk
