"""The service containers of a workflow's jobs, on the engine of this machine: started before a job's steps, gone after.

    with Services(engine, seed=commit, secrets=canaries) as services:
        sandbox.run(services.relay.around(act), descriptors=[services.relay.descriptor], …)
    services.trouble        # why the run proves nothing, or empty

Inside, a step of ours (`service_steps.py`) asks for what its job needs. Containers stand in a network of their own that
leads nowhere, have no privileges, and are reached by the ports of the sandbox's loopback that the relay makes.
https://docs.github.com/en/actions/tutorials/use-containerized-services/use-docker-service-containers
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import secrets as randomness
import select
import socket
import socketserver
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from graders.evidence.workflow.model import Job
from graders.runners import sandbox
from graders.runners.engine.connection import Engine, NoEngine, find_engine
from graders.runners.engine.leftovers import Ours, ours_on
from graders.runners.relay import Relay
from graders.runners.workflow.service_containers import CannotStart, Fails, Running, create
from graders.runners.workflow.service_images import images_of
from graders.runners.workflow.service_options import Refused, Wrong
from graders.runners.workflow.service_request import Service, read_service

if TYPE_CHECKING:
    from docker.models.networks import Network

log = logging.getLogger(__name__)
_ASKS_AT = 1  # where a step asks for containers: a port that no service has, and nobody inside can take
_MOST_STARTS, _MOST_AT_A_TIME = 300, 12
_LONGEST_REQUEST = 1 << 18
_CHOSEN_PORTS = range(49_152, 60_000)
_TURN_WAIT = 90.0  # seconds for another job to let go of a port
_LOOK_EVERY = 0.1


@dataclass
class _Lease:
    """What one job, or one leg of its matrix, has until it ends."""

    job: str
    ports: list[int] = field(default_factory=list)
    containers: list[Running] = field(default_factory=list)
    network: Network | None = None


def services_for(
    jobs: Sequence[Job], *, seed: str, secrets: Mapping[str, str], variables: Mapping[str, str]
) -> Services | None:
    """What starts the services of `jobs`, or None where they have none. Raises CannotStart where no engine answers."""
    if not jobs:
        return None
    names = ", ".join(name for job in jobs[:1] for name in job.services)
    needs = f"its job `{jobs[0].id}` needs a service container ({names})"
    try:
        engine = find_engine()
    except NoEngine as none:
        found = none.found.rstrip(".")
        found = found[0].lower() + found[1:] if found[1:2] != found[1:2].upper() else found
        raise CannotStart(f"{needs}, and {found}", none.next) from None
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        with contextlib.closing(engine.client()) as client:
            images = images_of(client, jobs, variables)
    except (DockerException, RequestException) as trouble:
        said = " ".join(str(trouble).split())[:200]
        raise CannotStart(f"{needs}, and the Docker Engine does not answer: {said}", "See `docker info`.") from None
    return Services(engine, seed=seed, secrets=secrets, images=images)


_START_IT = "Start it, and check again: `docker version`."


class Services:
    """A context around one run in the sandbox. At its end all containers are gone.

    `seed` chooses the ports that a workflow leaves to the runner; `secrets` are masked in what is said.
    `trouble`, the middle of a sentence, and `mend` say after the run what was wanting here; `failed` whether a service
    did not start. `images` are the ids of the images, by name, where they are known beforehand; else None.
    """

    def __init__(
        self, engine: Engine, *, seed: str, secrets: Mapping[str, str], images: Mapping[str, str] | None = None
    ) -> None:
        self.images = images
        self.trouble = self.mend = ""
        self.failed = False
        self.asks_at = _ASKS_AT if sandbox.isolates() else _free_port()
        self._engine, self._seed, self._secrets = engine, seed, [one for one in secrets.values() if one]
        self._leases: dict[str, _Lease] = {}
        self._starts = 0
        self._changed = threading.Condition()
        self._over = threading.Event()
        self._stack = contextlib.ExitStack()
        self._ours: Ours
        self.relay: Relay

    def __enter__(self) -> Self:
        with self._stack:
            self._ours = self._stack.enter_context(ours_on(self._engine))
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="ninesteps-")))
            server = _Server(folder / "services", self._answer)
            self._stack.callback(server.server_close)  # waits for what still starts
            self.relay = self._stack.enter_context(Relay())
            self._stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self._stack.callback(self._over.set)
            self.relay.listen(self.asks_at, folder / "services")
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self.asks_at in self.relay.refused:
            self.trouble = self.trouble or "its service containers could not be reached from its steps"
        if self._starts and not self.trouble and not self._is_there():
            self.trouble, self.mend = "the Docker Engine stopped answering while its services ran", _START_IT
        self._stack.close()

    def _is_there(self) -> bool:
        """Whether the engine still answers."""
        from docker.errors import DockerException
        from requests.exceptions import RequestException

        try:
            return bool(self._ours.client.ping())
        except (DockerException, RequestException):
            return False

    def _answer(self, request: Mapping[str, Any], asking: socket.socket) -> dict[str, Any]:
        """What a step is told: `failed` (why, or empty), and what its job gets."""
        if request.get("do") == "end":
            self._let_go(str(request.get("lease", "")))
            return {"failed": ""}
        job = str(request["job"])[:100]
        try:
            every = [read_service(name, given) for name, given in request["services"].items()]
            services = [service for service in every if service]
        except Refused as refused:
            mend = "Leave it out: image, `env`, `ports` and a health check are enough."
            return self._cannot(CannotStart(f"in its job `{job}`, {refused}", mend))
        except Wrong as wrong:
            return self._fails(str(wrong))
        try:
            token, told = self._begin(job, services, asking)
            return {"failed": "", "lease": token, "services": told}
        except CannotStart as cannot:
            return self._cannot(cannot)
        except Fails as failure:
            return self._fails(str(failure))
        except Exception as defect:  # a defect of ours must not count as the workflow's
            log.debug("starting services broke", exc_info=True)
            return self._cannot(
                CannotStart(f"what starts services broke ({type(defect).__name__}), which is our defect")
            )

    def _fails(self, why: str) -> dict[str, Any]:
        self.failed = True
        return {"failed": self._masked(why)}

    def _cannot(self, cannot: CannotStart) -> dict[str, Any]:
        if not self.trouble:
            self.trouble, self.mend = self._masked(cannot.trouble), self._masked(cannot.mend)
        return {"failed": self._masked(cannot.trouble)}

    def _begin(self, job: str, services: list[Service], asking: socket.socket) -> tuple[str, dict[str, Any]]:
        token = randomness.token_hex(16)
        lease = self._take_ports(token, job, services, asking)
        from docker.errors import DockerException
        from requests.exceptions import ConnectionError as RequestsConnectionError
        from requests.exceptions import RequestException

        try:
            return token, self._start(lease, services)
        except (ConnectionError, RequestsConnectionError):
            self._let_go(token)
            raise CannotStart(
                f"the Docker Engine stopped answering when the services of its job `{job}` were to be started",
                _START_IT,
            ) from None
        except (DockerException, RequestException, OSError) as trouble:
            self._let_go(token)
            said = " ".join(str(getattr(trouble, "explanation", None) or trouble).split())[:200]
            raise CannotStart(
                f"the Docker Engine could not start the services of its job `{job}`: {said}", "See `docker info`."
            ) from None
        except BaseException:
            self._let_go(token)
            raise

    def _take_ports(self, token: str, job: str, services: list[Service], asking: socket.socket) -> _Lease:
        """All host ports that the services name, at once; jobs share one machine here, so one may wait for another."""
        wanted = [host for service in services for host, _ in service.ports if host]
        if twice := next((port for port in wanted if wanted.count(port) > 1), 0):
            raise Fails(f"two of the services of `{job}` ask for the port {twice}")
        until = time.monotonic() + _TURN_WAIT
        with self._changed:
            self._starts += 1
            if self._starts > _MOST_STARTS:
                raise CannotStart(f"its services were asked for more than {_MOST_STARTS} times")
            while self._taken(wanted) or sum(len(one.containers) for one in self._leases.values()) >= _MOST_AT_A_TIME:
                if self._over.is_set() or _hung_up(asking) or time.monotonic() > until:
                    raise CannotStart(f"its job `{job}` waited too long for a port that another job's service has")
                self._changed.wait(_LOOK_EVERY)
            lease = self._leases[token] = _Lease(job, wanted)
            return lease

    def _taken(self, ports: list[int]) -> bool:
        return any(port in lease.ports for lease in self._leases.values() for port in ports)

    def _start(self, lease: _Lease, services: list[Service]) -> dict[str, Any]:
        if not services:
            return {}
        client = self._ours.client
        network = lease.network = client.networks.create(
            f"ninesteps-{randomness.token_hex(8)}", driver="bridge", internal=True, labels=self._ours.labels
        )
        network.reload()
        if not _is_ours(network.attrs["IPAM"]["Config"][0].get("Gateway", "")):
            raise CannotStart(
                f"its job `{lease.job}` has services, and containers of the engine at {self._engine.url} have no address on "
                "this machine", "Use an engine that runs on this machine itself, on Linux.",
            )  # fmt: skip
        for service in services:
            pull = (self.images or {}).get(service.image) != ""  # it was tried before the run
            lease.containers.append(create(self._ours, service, network, lease.job, pull=pull))
        for running in lease.containers:
            running.start()
        told = {}
        for running in lease.containers:
            running.wait(self._over)
            service = running.service
            ports = {str(inside): str(self._lead(lease, host, inside, running)) for host, inside in service.ports}
            id = hashlib.sha256(f"{lease.job} {service.name}".encode()).hexdigest()
            told[service.name] = {"id": id, "network": f"github_network_{id[:32]}", "ports": ports}
        return told

    def _lead(self, lease: _Lease, host: int, inside: int, running: Running) -> int:
        """The port of the sandbox's loopback that leads to the container's."""
        address = running.address
        if host:
            if not self.relay.listen(host, (address, inside)):
                place = "something that runs in another job" if sandbox.isolates() else "something on this machine"
                raise CannotStart(f"the port {host} of a service of its job `{lease.job}` is taken by {place}")
            return host
        start = int(hashlib.sha256(self._seed.encode()).hexdigest()[:8], 16)
        for number in range(len(_CHOSEN_PORTS)):
            port = _CHOSEN_PORTS[(start + number) % len(_CHOSEN_PORTS)]
            with self._changed:
                if self._taken([port]):
                    continue
                lease.ports.append(port)
            if self.relay.listen(port, (address, inside)):
                return port
        raise CannotStart("no port is left for its services")

    def _let_go(self, token: str) -> None:
        with self._changed:
            lease = self._leases.get(token)
        if lease is None:
            return
        from docker.errors import DockerException
        from requests.exceptions import RequestException

        for port in lease.ports:
            self.relay.stop(port)
        for container in lease.containers:
            with contextlib.suppress(DockerException, RequestException):
                container.container.remove(force=True, v=True)
        if lease.network:
            with contextlib.suppress(DockerException, RequestException):
                lease.network.remove()
        with self._changed:
            self._leases.pop(token, None)
            self._changed.notify_all()

    def _masked(self, text: str) -> str:
        for value in self._secrets:
            text = text.replace(value, "***")
        return "".join(letter for letter in text if letter.isprintable())[:600]


def _is_ours(address: str) -> bool:
    """Whether it is an address of this machine, so that the engine's containers are reached from here."""
    with contextlib.suppress(OSError, ValueError), socket.socket() as probe:
        probe.bind((address or "256.0.0.0", 0))
        return True
    return False


def _hung_up(asking: socket.socket) -> bool:
    """Whether the step that asks is gone: its job was cancelled."""
    readable, _, _ = select.select([asking], [], [], 0)
    try:
        return bool(readable) and not asking.recv(1, socket.MSG_PEEK)
    except OSError:
        return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class _Server(socketserver.ThreadingUnixStreamServer):
    """One request a connection: a line of JSON, answered by another."""

    daemon_threads = False

    def __init__(self, path: Path, answer: Callable[[Mapping[str, Any], socket.socket], dict[str, Any]]) -> None:
        self.answer = answer
        super().__init__(str(path), _Handler)
        os.chmod(path, 0o600)


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, _Server)
        try:
            request = json.loads(self.rfile.readline(_LONGEST_REQUEST))
            answer = server.answer(request, self.connection)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            answer = {"failed": "what was asked for can't be read"}  # none of our own steps
        with contextlib.suppress(OSError):
            self.wfile.write(json.dumps(answer).encode() + b"\n")
