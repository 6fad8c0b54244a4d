"""Run an image as a container that can harm nobody, and watch how it lives and stops.

https://docs.docker.com/engine/containers/run/
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graders.runners.engine.leftovers import Ours

if TYPE_CHECKING:
    from docker.models.containers import Container

MOST_SAID = 64 << 10
_POLL_SECONDS = 0.1
# What an entrypoint needs that begins as root, hands a folder over and goes on as somebody else.
_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID", "KILL"]


@dataclass(frozen=True, slots=True)
class ContainerLimits:
    """What one container may use: bytes of memory, processes, cores."""

    memory_bytes: int = 512 << 20
    processes: int = 128
    cores: float = 1.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a container ended. `exit_code` is None where it still ran when its time was over; `said` is what it printed."""

    exit_code: int | None
    said: str
    seconds: float
    killed_for_memory: bool = False


class Running:
    """A container of ours that was started."""

    def __init__(self, container: Container) -> None:
        self._container = container

    @property
    def id(self) -> str:
        """Its id on the engine."""
        return str(self._container.id)

    @property
    def stop_signal(self) -> str:
        """The signal that asks it to stop."""
        return str(self._container.attrs["Config"].get("StopSignal") or "SIGTERM")

    def state(self) -> dict[str, Any]:
        """What the engine says of it now: `Status`, `ExitCode`, `OOMKilled`, `Health`, …"""
        self._container.reload()
        return dict(self._container.attrs["State"])

    def said(self) -> str:
        """What it printed until now, the last MOST_SAID bytes."""
        kept = bytearray()
        lines = self._container.logs(stream=True, follow=False, tail=2000)
        with contextlib.closing(lines):
            for chunk in lines:
                kept += chunk
                del kept[:-MOST_SAID]
        return bytes(kept).decode("utf-8", "replace")

    def wait(self, seconds: float, enough: Callable[[], bool] = lambda: False) -> Ended:
        """Until it ends by itself, or `seconds` are over, or it is `enough`; then it is killed."""
        began = time.monotonic()
        while (state := self.state())["Running"] and time.monotonic() - began < seconds and not enough():
            time.sleep(_POLL_SECONDS)
        took = time.monotonic() - began
        if state["Running"]:
            self.kill()
            return Ended(None, self.said(), took)
        return Ended(int(state["ExitCode"]), self.said(), took, bool(state["OOMKilled"]))

    def wait_for_health(self, wanted: str, seconds: float) -> str:
        """Until its health is `wanted` (`healthy` or `unhealthy`), or it ends, or `seconds` are over; what it is then.

        Empty where the image has no HEALTHCHECK, `exited` where the container does not run any more.
        """
        until = time.monotonic() + seconds
        while True:
            state = self.state()
            health = str((state.get("Health") or {}).get("Status", ""))
            if not state["Running"]:
                return "exited"
            if health in ("", "none", wanted) or time.monotonic() > until:
                return "" if health == "none" else health
            time.sleep(_POLL_SECONDS)

    def settled_health(self, retries: int, seconds: float) -> str:
        """What its health check says from now on: `healthy` at its first success, else `unhealthy` after `retries` failures.

        What it said while the service was still starting does not count. `exited` and empty as in `wait_for_health`;
        `starting` where `seconds` were not enough.
        """
        until, before = time.monotonic() + seconds, None
        while time.monotonic() < until:
            state = self.state()
            health = state.get("Health") or {}
            status, streak = str(health.get("Status", "")), int(health.get("FailingStreak") or 0)
            if not state["Running"]:
                return "exited"
            if status in ("", "none", "healthy"):
                return "" if status == "none" else status
            before = streak if before is None else before
            if status == "unhealthy" and streak > before + retries:  # one may have begun before
                return status
            time.sleep(_POLL_SECONDS)
        return "starting"

    def last_probe(self) -> tuple[int, str]:
        """Exit code and words of its health check's last run; -1 where there was none."""
        log = (self.state().get("Health") or {}).get("Log") or []
        return (int(log[-1]["ExitCode"]), str(log[-1]["Output"])[:2000].strip()) if log else (-1, "")

    def call(self, argv: Sequence[str], seconds: float = 10) -> tuple[int | None, str]:
        """Run a program in it: exit code (None where it took longer) and the first of what it printed."""
        api = self._container.client.api  # type: ignore[union-attr]
        made = api.exec_create(self.id, list(argv))
        until, kept = time.monotonic() + seconds, bytearray()
        try:
            for chunk in api.exec_start(made["Id"], stream=True):
                kept += chunk[: MOST_SAID - len(kept)]
                if time.monotonic() > until:
                    break
        except OSError:
            pass
        code = api.exec_inspect(made["Id"])["ExitCode"]
        return (None if code is None else int(code)), bytes(kept).decode("utf-8", "replace")

    def first_process(self) -> tuple[int, str]:
        """The user id of PID 1, as the container counts, and its command line; -1 where nobody can say."""
        code, said = self.call(["cat", "/proc/1/status", "/proc/1/cmdline"])
        match = re.search(r"^Uid:\t(\d+)", said, re.MULTILINE)
        if code == 0 and match:
            return int(match[1]), said.rpartition("\n")[2].replace("\0", " ").strip()
        rows = self._container.top(ps_args="-eo pid,uid,args")["Processes"]  # an image without `cat`
        first = min(rows or (), key=lambda row: int(row[0]), default=None)
        return (int(first[1]), str(first[2])) if first else (-1, "")

    def stop(self, seconds: float) -> Ended:
        """Send it the image's stop signal (SIGTERM unless it names another); after `seconds` it is killed."""
        began = time.monotonic()
        from docker.errors import APIError

        with contextlib.suppress(APIError):  # it ended meanwhile
            self._container.kill(self.stop_signal)
        ended = self.wait(seconds)
        return Ended(ended.exit_code, ended.said, time.monotonic() - began, ended.killed_for_memory)

    def kill(self) -> None:
        """End it at once."""
        from docker.errors import APIError

        with contextlib.suppress(APIError):
            self._container.kill()


@contextlib.contextmanager
def running(
    ours: Ours, image: str, *, command: Sequence[str] | None = None, env: Mapping[str, str] | None = None,
    network: str = "none", limits: ContainerLimits = ContainerLimits(), health: Mapping[str, int] | None = None,
) -> Iterator[Running]:  # fmt: skip
    """Start `image` with no network (or in an internal one of ours), few capabilities and within limits; it ends with this.

    `env` is added to the image's. `health` changes the HEALTHCHECK's times, in nanoseconds: `interval`, `timeout`, `retries`,
    `start_period`. Raises docker.errors.APIError where the engine can't start it.
    """
    from docker.types import LogConfig

    options: dict[str, Any] = {"healthcheck": dict(health)} if health else {}
    container = ours.client.containers.create(
        image, list(command) if command is not None else None, environment=dict(env or {}), labels=ours.labels,
        network_mode=network, cap_drop=["ALL"], cap_add=_CAPABILITIES, security_opt=["no-new-privileges"],
        mem_limit=limits.memory_bytes,
        memswap_limit=limits.memory_bytes, pids_limit=limits.processes, nano_cpus=int(limits.cores * 1e9),
        log_config=LogConfig(type=LogConfig.types.JSON, config={"max-size": "2m", "max-file": "1"}),
        **options,
    )  # fmt: skip
    try:
        container.start()
        yield Running(container)
    finally:
        from docker.errors import APIError

        with contextlib.suppress(APIError):
            container.remove(force=True, v=True)
