"""`docker build` from a script: the context is in the request, no network, within limits, named by us."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from graders.runners.engine.gate.context import checked_context
from graders.runners.engine.gate.exchange import Exchange
from graders.runners.engine.gate.images import Images, familiar
from graders.runners.engine.gate.refusal import Refused, as_engine
from graders.runners.engine.gate.settings import MEMORY_BYTES, NANO_CPUS
from graders.runners.engine.gate.upstream import Asking

_PERIOD = 100_000  # microseconds
_PASSED = ("dockerfile", "target", "buildargs", "labels", "nocache", "q")
# What the gate settles itself, whatever was asked.
_SETTLED = (
    "rm", "forcerm", "version", "networkmode", "memory", "memswap", "cpuperiod", "cpuquota", "cpushares", "cpusetcpus",
    "cpusetmems", "shmsize", "ulimits", "cachefrom", "pull", "platform", "isolation",
)  # fmt: skip


def build(exchange: Exchange, asking: Asking, images: Images) -> None:
    """Build the context that follows, and give the image the names asked for. Raises Refused."""
    names = [familiar(name) for name in exchange.query.pop("t", []) if name]
    exchange.image = " ".join(names)
    for name in names:
        if name in images.bases or "@" in name:
            raise Refused(f"{name} is a base image: give yours another name")
    for settled, nothing in (("extrahosts", "[]"), ("securityopt", "null"), ("outputs", "")):
        if exchange.query.get(settled) in ([nothing], ["null"]):
            del exchange.query[settled]
    query = exchange.asked(*_PASSED, *_SETTLED)
    network = query.get("networkmode", "default")
    if network not in ("default", "none", "bridge"):
        raise Refused(f"the gate does not let `--network {network[:40]}` through: builds have no network")
    try:
        build_args = {str(name): str(value) for name, value in json.loads(query.get("buildargs") or "{}").items()}
    except (ValueError, AttributeError, RecursionError):
        raise as_engine("invalid buildargs", 400) from None
    anchor = images.new_anchor()
    settings: dict[str, Any] = {name: query.get(name) for name in _PASSED} | {
        "t": anchor, "rm": "1", "forcerm": "1", "networkmode": "none", "memory": MEMORY_BYTES * 4,
        "memswap": MEMORY_BYTES * 4, "cpuperiod": _PERIOD, "cpuquota": _PERIOD * 2 * NANO_CPUS // 1_000_000_000,
    }  # fmt: skip

    def edit(line: bytes) -> bytes:
        try:
            said = json.loads(line)
        except ValueError:
            return line
        if isinstance(said, dict) and anchor in str(said.get("stream", "")):
            said["stream"] = "".join(f"Successfully tagged {name}\n" for name in names)
            return json.dumps(said).encode() + b"\r\n" if names else b""
        return line

    def keep() -> bytes:
        status, found = asking.ask("GET", f"/images/{anchor}/json")
        if status == 200:
            images.keep(found["Id"], names, anchor)
        return b""

    with tempfile.TemporaryFile() as context, tempfile.TemporaryFile() as checked:
        exchange.spool(context)
        context.seek(0)
        settings["dockerfile"] = checked_context(context, checked, query.get("dockerfile", ""), build_args, images)
        exchange.forward(
            "/build", settings, content=_chunks(checked), kind="application/x-tar", edit=edit, more=keep,
        )  # fmt: skip


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(1 << 16):
        yield chunk
