"""A service's `options:`: those of `docker create` that a service may have here. All others are refused, and named.

https://docs.docker.com/reference/cli/docker/container/create/
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_LONGEST = 4_000


class Refused(Exception):
    """What no service gets here; the message ends a sentence about the service."""


class Wrong(Exception):
    """What Docker would not take on GitHub either; the message ends a sentence about the service."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a service tells that it is ready. Times are in seconds; None is what the image says, else Docker's default.

    `command` is None where only the image may have one, empty where there is to be none.
    """

    command: str | None = None
    interval: float | None = None
    timeout: float | None = None
    start_period: float | None = None
    retries: int | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """What `options:` ask for. `settings` are keyword arguments of the Docker SDK's `containers.create`."""

    health: Health = Health()
    env: dict[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


def read_options(text: str) -> Options:
    """The options in `text`, which are split as a shell would. Raises Refused and Wrong."""
    if len(text) > _LONGEST:
        raise Refused("has `options:` of more than 4,000 characters")
    try:
        words = shlex.split(text)
    except ValueError:
        raise Refused(f"has `options:` with a quote that is not closed: `{_shown(text)}`") from None
    found, rest = _parser().parse_known_args(words)
    if rest:
        raise Refused(f"asks for `{_shown(rest[0])}`, which no service gets here")
    command = "" if found.no_healthcheck else found.health_cmd
    health = Health(
        command, found.health_interval, found.health_timeout, found.health_start_period, found.health_retries
    )
    settings: dict[str, Any] = {
        "hostname": found.hostname, "user": found.user, "working_dir": found.workdir, "stop_signal": found.stop_signal,
        "entrypoint": [found.entrypoint] if found.entrypoint else None, "read_only": found.read_only or None,
        "tmpfs": dict.fromkeys(found.tmpfs, "size=256m") or None, "init": found.init or None,
    }  # fmt: skip
    env = dict(one.partition("=")[::2] for one in found.env if "=" in one)
    return Options(
        health, env, tuple(found.network_alias), {name: value for name, value in settings.items() if value is not None}
    )


def seconds_of(text: str) -> float:
    """A duration as Docker takes it: `10s`, `1m30s`, `500ms`. Raises ArgumentTypeError."""
    if text == "0":
        return 0.0
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise argparse.ArgumentTypeError(f"“{_shown(text)}” is no duration; it takes a unit, as in `10s`")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _count(text: str) -> int:
    if not text.isdigit() or len(text) > 4:
        raise argparse.ArgumentTypeError(f"“{_shown(text)}” is no number of tries")
    return int(text)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Wrong(f"has `options:` that Docker does not take: {message.removeprefix('argument ')[:160]}")


def _parser() -> _Parser:
    parser = _Parser(prog="options", add_help=False, allow_abbrev=False)
    for name in ("health-interval", "health-timeout", "health-start-period"):
        parser.add_argument(f"--{name}", type=seconds_of)
    parser.add_argument("--health-retries", type=_count)
    parser.add_argument("--health-cmd")
    parser.add_argument("--no-healthcheck", action="store_true")
    parser.add_argument("-e", "--env", action="append", default=[])
    parser.add_argument("--network-alias", "--net-alias", action="append", default=[])
    parser.add_argument("-h", "--hostname")
    parser.add_argument("-u", "--user")
    parser.add_argument("-w", "--workdir")
    parser.add_argument("--entrypoint")
    parser.add_argument("--stop-signal")
    parser.add_argument("--tmpfs", action="append", default=[], type=lambda text: text.partition(":")[0])
    parser.add_argument("--read-only", action="store_true")
    parser.add_argument("--init", action="store_true")
    for names in _WITHOUT_EFFECT:
        parser.add_argument(*names)
    for flag in ("--rm", "-i", "-t", "-d"):
        parser.add_argument(flag, action="store_true")
    return parser


# Accepted, and of no effect: names are ours, every service has the same limits, and it ends with the job.
_WITHOUT_EFFECT: Sequence[tuple[str, ...]] = (
    ("--name",), ("--restart",), ("-m", "--memory"), ("--memory-swap",), ("--memory-reservation",), ("--cpus",),
    ("-c", "--cpu-shares"), ("--shm-size",), ("-l", "--label"), ("--pull",), ("--platform",), ("--stop-timeout",),
    ("--pids-limit",), ("--health-start-interval",), ("--expose",), ("--ulimit",), ("--cap-drop",),
)  # fmt: skip


def _shown(text: str) -> str:
    return " ".join(text.replace("`", "'").split())[:80]
