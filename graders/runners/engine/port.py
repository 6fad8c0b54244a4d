"""The service's port in a container, looked at from inside: who listens there, and what `GET /healthz` answers."""

from __future__ import annotations

import time

from graders.runners.engine.container import Running

PORT = 8000
_LOOK_EVERY, _SERVES_SECONDS = 2.0, 30.0
_PROBE = f"""
import urllib.error, urllib.request
try:
    print("status", urllib.request.urlopen("http://127.0.0.1:{PORT}/healthz", timeout=10).status)
except urllib.error.HTTPError as error:
    print("status", error.code)
except Exception:
    print("status", 0)
"""


def ask(container: Running, first: str) -> int | None:
    """The status of `GET /healthz`, asked from inside by a Python of the image; None where there is none."""
    named = [word for word in first.split() if "python" in word]
    for program in dict.fromkeys([*named, "python3", "python", "/usr/local/bin/python3"]):
        try:
            code, said = container.call([program, "-c", _PROBE], 20)
        except Exception as trouble:
            if not _no_such_program(trouble):
                raise
            continue
        if code == 0 and "status " in said:
            return int(said.rpartition("status ")[2].split()[0])
    return None


def _no_such_program(trouble: Exception) -> bool:
    return "executable file not found" in str(trouble) or "no such file" in str(trouble).lower()


def only_loopback(container: Running) -> bool:
    """Whether the port is open on the container's loopback alone."""
    loopback = ("0100007F", "00000000000000000000000001000000")
    listening = _listening(container)
    return bool(listening) and all(address in loopback for address in listening)


def _listening(container: Running) -> list[str]:
    """The addresses on which the port is open. https://docs.kernel.org/networking/proc_net_tcp.html"""
    code, said = container.call(["cat", "/proc/net/tcp", "/proc/net/tcp6"])
    rows = [line.split() for line in said.splitlines() if code == 0]
    open_ports = [row[1].partition(":") for row in rows if len(row) > 3 and row[3] == "0A"]
    return [address for address, _, port in open_ports if port == f"{PORT:04X}"]


class Serving:
    """Tells a container that serves from one whose tests start a service for a while."""

    def __init__(self, container: Running) -> None:
        self._container, self._looked, self._since = container, time.monotonic(), 0.0

    def long_enough(self) -> bool:
        """Whether the port has been open each time that somebody looked, for longer than tests need it."""
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY:
            return False
        self._looked = now
        try:
            serves = bool(_listening(self._container))
        except Exception as trouble:
            if "is not running" in str(trouble):  # it ended meanwhile
                return False
            raise
        self._since = (self._since or now) if serves else 0.0
        return serves and now - self._since > _SERVES_SECONDS
