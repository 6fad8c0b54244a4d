"""One service's container: made without privileges in a network that leads nowhere, started, and waited for."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graders.runners.engine.leftovers import Ours
from graders.runners.workflow.service_images import Missing, image_here
from graders.runners.workflow.service_request import Check, Service

if TYPE_CHECKING:
    from docker.models.containers import Container
    from docker.models.networks import Network

_LEAST_WAIT, _LONGEST_WAIT = 20.0, 100.0  # seconds for a service to be healthy: this machine may be slow
_NO_CHECK_WAIT = 20.0  # seconds for one without a health check to take connections
_PROBE_EVERY = 0.5  # seconds; GitHub's way is as patient, and looks less often
_LOOK_EVERY = 0.1
_MEMORY = 1 << 30
_PROCESSES = 512
_DROPPED = ["AUDIT_WRITE", "MKNOD", "NET_RAW", "SETFCAP", "SYS_CHROOT"]


class CannotStart(Exception):
    """What is wanting here, and no fault of the workflow's: the middle of a sentence, and what mends it."""

    def __init__(self, trouble: str, mend: str = "") -> None:
        super().__init__(trouble)
        self.trouble, self.mend = trouble, mend


class Fails(Exception):
    """Why GitHub would fail the job before its steps: the middle of a sentence."""


@dataclass(frozen=True, slots=True)
class Running:
    """A service's container, and the health check by which it is ready."""

    service: Service
    container: Container
    check: Check

    @property
    def address(self) -> str:
        """Where it is reached from this machine."""
        networks = self.container.attrs["NetworkSettings"]["Networks"]
        return str(next(iter(networks.values()))["IPAddress"])

    @property
    def _named(self) -> str:
        return f"its service `{self.service.name}` ({self.service.image})"

    def start(self) -> None:
        """Raises Fails where its program can't be started, and docker.errors.APIError for all else."""
        from docker.errors import APIError

        try:
            self.container.start()
        except APIError as trouble:
            said = " ".join(str(trouble.explanation).split())
            if "OCI runtime" not in said:
                raise
            raise Fails(f"{self._named} does not start: {said.rpartition('exec: ')[2][:160]}") from None

    def wait(self, over: threading.Event) -> None:
        """Until it is ready; without a health check, until it takes connections, or a while. Raises Fails, CannotStart."""
        patience = max(self.check.patience, _LEAST_WAIT) if self.check.test else _NO_CHECK_WAIT
        until = time.monotonic() + min(patience, _LONGEST_WAIT)
        while not over.is_set() and time.monotonic() < until:
            if self._ready():
                return
            over.wait(_LOOK_EVERY)
        if not self.check.test:  # as on GitHub: nobody looks, and the steps go on
            return
        if patience > _LONGEST_WAIT:
            raise CannotStart(
                f"{self._named} was not healthy within {_LONGEST_WAIT:.0f} seconds, and gets no more here"
            )
        probes = (self.container.attrs["State"].get("Health") or {}).get("Log") or [{}]
        said = _one_line(str(probes[-1].get("Output", "")))
        why = f": its health check says “{said}”" if said else ""
        raise Fails(f"{self._named} did not get healthy within {patience:.0f} seconds{why}")

    def _ready(self) -> bool:
        self.container.reload()
        state = self.container.attrs["State"]
        if self.check.test and not state["Running"]:
            lines = self.container.logs(tail=20).decode("utf-8", "replace").splitlines()
            last = next((line for line in map(_one_line, reversed(lines)) if line), "")
            why = f": “{last}”" if last else ""
            raise Fails(f"{self._named} stopped with exit code {state['ExitCode']}{why}")
        if self.check.test:
            return bool(state["Health"]["Status"] == "healthy")
        return not state["Running"] or all(_accepts(self.address, inside) for _, inside in self.service.ports)


def create(ours: Ours, service: Service, network: Network, job: str, *, pull: bool) -> Running:
    """The container, not yet started. Raises CannotStart where there is no such image, nor (with `pull`) one to pull."""
    from docker.types import EndpointConfig, Healthcheck, LogConfig

    try:
        image = image_here(ours.client, service.image, pull=pull)
    except Missing as missing:
        needs = f"its job `{job}` needs the image `{service.image}` for its service `{service.name}`, which {missing}"
        raise CannotStart(needs, f"Get it with `docker pull {service.image}`, and check again.") from None
    check = service.check(image.attrs["Config"].get("Healthcheck") or {})
    more: dict[str, Any] = dict(service.settings)
    if check.test:
        every, most = int(min(check.interval, _PROBE_EVERY) * 1e9), int(check.timeout * 1e9)
        more["healthcheck"] = Healthcheck(test=list(check.test), interval=every, timeout=most, retries=10_000)
    names = [service.name, *service.options.aliases]
    container = ours.client.containers.create(
        str(image.id), command=list(service.command) or None, environment=dict(service.env), labels=ours.labels,
        network=network.name,
        networking_config={str(network.name): EndpointConfig(ours.client.api.api_version, aliases=names)},
        mem_limit=_MEMORY, memswap_limit=_MEMORY, pids_limit=_PROCESSES, cap_drop=_DROPPED,
        security_opt=["no-new-privileges"], log_config=LogConfig(type="json-file", config={"max-size": "1m"}), **more,
    )  # fmt: skip
    return Running(service, container, check)


def _accepts(address: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=_PROBE_EVERY):
        return True
    return False


def _one_line(text: str) -> str:
    return " ".join(text.split())[:160]
