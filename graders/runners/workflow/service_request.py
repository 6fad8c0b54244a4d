"""What a job's step asks for: services with their images, variables, ports and options, as the workflow's own words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graders.runners.workflow.service_options import Options, Refused, Wrong, read_options

_PORT = re.compile(r"(?:(?:\d+(?:\.\d+){3}|\[[\da-fA-F:]+\]):)?(?:(\d{0,5}):)?(\d{1,5})(?:/(tcp|udp|sctp))?")
_RANGE = re.compile(r"[\d.:]*\d-\d+[\d:-]*(/\w+)?")
_NAME = re.compile(r"[A-Za-z_][\w-]{0,99}")
_MOST_PORTS = 40
# https://docs.docker.com/reference/dockerfile/#healthcheck
_INTERVAL, _TIMEOUT, _RETRIES = 30.0, 30.0, 3


@dataclass(frozen=True, slots=True)
class Check:
    """A health check as it holds: the engine's `test` words (empty: there is none), and times in seconds."""

    test: tuple[str, ...] = ()
    interval: float = _INTERVAL
    timeout: float = _TIMEOUT
    start_period: float = 0.0
    retries: int = _RETRIES

    @property
    def patience(self) -> float:
        """How long GitHub would wait for it: as long as Docker calls the container `starting`."""
        return self.start_period + self.retries * self.interval + self.timeout


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `ports` are those outside (0: any) and inside; `settings` the SDK's for creating the container."""

    name: str
    image: str
    env: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[tuple[int, int], ...] = ()
    options: Options = field(default_factory=Options)
    command: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def check(self, image: Mapping[str, Any]) -> Check:
        """The health check, where the image brings `image` (as the engine tells it) for what the options leave open."""
        asked, its_own = self.options.health, [str(word) for word in image.get("Test") or ()]
        test = ["CMD-SHELL", asked.command] if asked.command else its_own if asked.command is None else []
        if test[:1] == ["NONE"] or len(test) < 2:
            return Check()

        def seconds(given: float | None, key: str, usual: float) -> float:
            return given or float(image.get(key) or 0) / 1e9 or usual

        return Check(
            tuple(test),
            seconds(asked.interval, "Interval", _INTERVAL),
            seconds(asked.timeout, "Timeout", _TIMEOUT),
            seconds(asked.start_period, "StartPeriod", 0.0),
            asked.retries or int(image.get("Retries") or 0) or _RETRIES,
        )


def read_service(name: str, given: Mapping[str, Any]) -> Service | None:
    """The service, or None for an empty image, which GitHub leaves out. Raises Refused, and Wrong where Docker would."""
    image = str(given.get("image", "")).strip().removeprefix("docker://")
    if not image:
        return None
    whose = f"its service `{name[:60]}`"
    if not _NAME.fullmatch(name):
        raise Wrong(f"{whose} has a name that GitHub does not take")
    try:
        options = read_options(str(given.get("options", "")))
        ports = tuple(_port(str(text).strip()) for text in given.get("ports", ())[:_MOST_PORTS])
    except (Refused, Wrong) as trouble:
        raise type(trouble)(f"{whose} {trouble}") from None
    env = {str(key): str(value) for key, value in given.get("env", {}).items()}
    settings = dict(options.settings)
    if entrypoint := str(given.get("entrypoint", "")).strip():
        settings["entrypoint"] = [entrypoint]
    command = tuple(shlex.split(str(given.get("command", ""))))
    return Service(name, image, {**env, **options.env}, ports, options, command, settings)


def _port(text: str) -> tuple[int, int]:
    found = _PORT.fullmatch(text)
    if not found and _RANGE.fullmatch(text):
        raise Refused(f"asks for the ports `{text[:40]}`: here, each port has a line of its own")
    host, inside = (int(found[1] or 0), int(found[2])) if found else (0, 0)
    if not found or not 0 < inside < 1 << 16 or not host < 1 << 16:
        raise Wrong(f"asks for the port `{text[:40]}`, which Docker does not take; `5432:5432` is one")
    if found[3] not in (None, "tcp"):
        raise Refused(f"asks for the port `{text[:40]}`: only TCP leads to a service here")
    return host, inside
