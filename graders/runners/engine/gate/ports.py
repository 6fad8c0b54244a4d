"""Published ports: served inside the script's own network by relays, never on the machine's."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graders.runners.engine.gate.refusal import as_engine

if TYPE_CHECKING:
    from graders.runners.relay import Relay

_CHOSEN = range(32_768, 61_000)


@dataclass(frozen=True, slots=True)
class Served:
    """A port of the host, as the script sees it, that leads to a port of a container at an address outside."""

    container: str
    port: int
    address: tuple[str, int]


class Ports:
    """Which ports are taken, and the relays that serve them."""

    def __init__(self) -> None:
        self._served: dict[int, Served] = {}
        self._relays: list[Relay] = []
        self._lock = threading.RLock()

    @contextmanager
    def served_by(self, relay: Relay) -> Iterator[None]:
        """For as long as this lasts, `relay` serves the ports of all that runs."""
        with self._lock:
            for served in self._served.values():
                relay.listen(served.port, served.address)
            self._relays.append(relay)
        try:
            yield
        finally:
            with self._lock:
                self._relays.remove(relay)

    def choose(self, asked: Mapping[str, list[str]], promised: set[int]) -> dict[str, list[int]]:
        """Numbers for all ports that were asked for; an empty one gets one that is free."""
        free = (port for port in _CHOSEN if port not in self._served and port not in promised)
        return {port: [int(host) if host else next(free) for host in hosts] for port, hosts in asked.items()}

    def holder(self, port: int) -> str | None:
        """The container that is served there."""
        with self._lock:
            served = self._served.get(port)
            return served.container if served else None

    def serve(self, container: str, ip: str, ports: Mapping[str, list[int]]) -> None:
        """Let the host's `ports` lead to those of a container at `ip`. Raises Refused where one is taken."""
        with self._lock:
            for inner, hosts in ports.items():
                for port in hosts:
                    served = Served(container, port, (ip, int(inner.partition("/")[0])))
                    before = self._served.get(port)
                    if before and before.container != container:
                        raise as_engine(f"Bind for 0.0.0.0:{port} failed: port is already allocated", 500)
                    taken = [relay for relay in self._relays if not relay.listen(port, served.address)]
                    if taken:
                        raise as_engine(f"listen tcp4 0.0.0.0:{port}: bind: address already in use", 500)
                    self._served[port] = served

    def stop(self, container: str) -> None:
        """Serve nothing of a container any more."""
        with self._lock:
            for port in [port for port, served in self._served.items() if served.container == container]:
                del self._served[port]
                for relay in self._relays:
                    relay.stop(port)

    @property
    def addresses(self) -> dict[int, tuple[str, int]]:
        """Every port that is served now, and where it leads."""
        with self._lock:
            return {port: served.address for port, served in self._served.items()}
