"""The gate itself: a Unix socket, on which scripts find as much of the engine as can harm nobody.

with Gate(ours, bases=["python:3.12-slim"], registry="127.0.0.1:41234") as gate:
    run_script(["scripts/publish.sh"], gate=gate, …)
gate.calls   # what was asked for, and what was refused
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import tempfile
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import h11

from graders.problems import Problem
from graders.runners.engine.gate.containers import Containers
from graders.runners.engine.gate.exchange import Exchange
from graders.runners.engine.gate.images import Images
from graders.runners.engine.gate.networks import Networks
from graders.runners.engine.gate.ports import Ports
from graders.runners.engine.gate.refusal import Refused
from graders.runners.engine.gate.routes import House, carry_out
from graders.runners.engine.gate.upstream import Asking, ClientGone, Upstream
from graders.runners.engine.leftovers import LABEL, Ours

MOST_CALLS, MOST_AT_A_TIME = 5_000, 64
_DRAINED = 64 << 20


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `path` without the API's version, `image` where it names one. `refused` is the sentence it got, if any."""

    method: str
    path: str
    status: int
    image: str = ""
    refused: str = ""


class Gate:
    """A context: while it lasts, `address` is what DOCKER_HOST may say. What was made meanwhile is `ours`'s, and goes with it.

    `bases` are images that scripts may read and build on; `registry`, as HOST:PORT, is the one they may push to. With
    `build_network`, what a Dockerfile RUNs has a network.
    Raises Problem where the engine can't be reached through a socket of this machine.
    """

    def __init__(
        self, ours: Ours, *, bases: Collection[str] = (), registry: str = "", build_network: bool = False
    ) -> None:
        asking = Asking(ours.engine.url)
        images, networks = Images(ours, asking, bases, registry), Networks(ours, asking)
        self.ports = Ports()
        containers = Containers(ours, asking, images, networks, self.ports)
        self._house = House(asking, images, containers, networks, ours.engine, build_network)
        self._owner, self._url, self.registry = ours.owner, ours.engine.url, registry
        self._calls: list[Call] = []
        self._served = 0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._ended = False
        self._watch: Upstream | None = None

    @property
    def folder(self) -> Path:
        """Where the socket is; a sandbox has to be given it."""
        return self._folder

    @property
    def address(self) -> str:
        """What DOCKER_HOST may say."""
        return f"unix://{self._folder / 'docker.sock'}"

    @property
    def registry_port(self) -> dict[int, tuple[str, int]]:
        """The registry's port, and where it leads; empty without one."""
        host, _, port = self.registry.rpartition(":")
        return {int(port): (host, int(port))} if port.isdigit() else {}

    @property
    def calls(self) -> tuple[Call, ...]:
        """What was asked for until now, in the order of the answers."""
        with self._lock:
            return tuple(self._calls)

    @property
    def images(self) -> dict[str, str]:
        """The names that scripts gave images, each with the image's id."""
        return dict(self._house.images.names)

    @property
    def containers(self) -> dict[str, str]:
        """The names of the containers that scripts made, each with its id; some may be gone."""
        return {kept.name: kept.id for kept in self._house.containers.all()}

    def __enter__(self) -> Self:
        if self._url.partition("://")[0] not in ("unix", "tcp"):
            raise Problem(
                f"Scripts can't be given an engine at {self._url}.", "Use one that listens on a socket of this machine."
            )
        self._folder = Path(tempfile.mkdtemp(prefix="ninesteps-gate-")).resolve()
        self._folder.chmod(0o711)  # the sandbox's user passes through
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._folder / "docker.sock"))
        os.chmod(self._folder / "docker.sock", 0o666)  # noqa: S103 - in a folder whose name nobody can guess
        self._listener.listen(MOST_AT_A_TIME)
        self._start(self._accept)
        self._start(self._follow_events)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._ended = True
        with self._lock:
            ending = [self._listener, *self._open, *([self._watch.socket] if self._watch else [])]
        for one in ending:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self._listener.close()
        for thread in self._threads:
            thread.join(10)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads = [one for one in self._threads if one.is_alive() or one.ident is None] + [thread]
        thread.start()

    def _accept(self) -> None:
        while not self._ended:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(client)
                busy = len(self._open) > MOST_AT_A_TIME
                self._served += 1
            self._start(self._answer, client, busy)

    def _answer(self, client: socket.socket, busy: bool) -> None:
        exchange = Exchange(client, self._url, self._record)
        try:
            try:
                exchange.read_head()
                if busy:
                    raise Refused(f"more than {MOST_AT_A_TIME} requests at a time", 429)
                if self._served > MOST_CALLS:
                    raise Refused(f"a script may ask the engine {MOST_CALLS} times, and has", 429)
                carry_out(self._house, exchange)
            except Refused as refused:
                exchange.refuse(refused)
            except (OSError, h11.ProtocolError) as trouble:
                exchange.refuse(Refused(f"the engine does not answer: {trouble}", 502))
        except (ClientGone, OSError, h11.ProtocolError):
            pass
        finally:
            self._end(client)

    def _record(self, exchange: Exchange, sentence: str) -> None:
        image = next((value for name in ("t", "fromImage") for value in exchange.query.get(name, ())), "")
        if matched := re.match(r"/images/(.+)/(?:push|tag|json|history)$", exchange.path):
            image = matched[1]
        call = Call(exchange.method, exchange.path, exchange.status, exchange.image or image, sentence)
        with self._lock:
            if len(self._calls) < MOST_CALLS:
                self._calls.append(call)

    def _end(self, client: socket.socket) -> None:
        """Let the script read the answer: what it still says is taken, but no more than a little."""
        try:
            client.shutdown(socket.SHUT_WR)
            client.settimeout(2)
            taken = 0
            while taken < _DRAINED and (chunk := client.recv(1 << 16)):
                taken += len(chunk)
        except OSError:
            taken = 0
        with self._lock:
            self._open.discard(client)
        client.close()

    def _follow_events(self) -> None:
        """Ports are served while their container runs, however that began and ends."""
        filters = {"type": ["container"], "event": ["start", "die"], "label": [f"{LABEL}={self._owner}"]}
        try:
            with Upstream(self._url, None) as upstream:
                self._watch = upstream
                if self._ended:
                    return
                upstream.send("GET", "/events", {"filters": json.dumps(filters)})
                upstream.head()
                kept = b""
                for chunk in upstream.data():
                    *lines, kept = (kept + chunk).split(b"\n")
                    for line in filter(None, lines):
                        event = json.loads(line)
                        self._house.containers.changed(event["Actor"]["ID"], event["Action"] == "start")
        except (OSError, ValueError, h11.ProtocolError):
            return  # the engine has ended, or we have
