"""A line to the engine that can be cut, for what happens when an engine dies in the middle."""

from __future__ import annotations

import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from graders.runners.engine.connection import Engine

SECONDS = 120.0


@dataclass
class Line:
    """A socket that leads to the engine until `cut`: then all connections end, and no new one is taken, as when it dies."""

    path: str
    engine: str
    _listening: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_UNIX))
    _open: list[socket.socket] = field(default_factory=list)
    _dead: bool = False

    def serve(self) -> None:
        self._listening.bind(self.path)
        self._listening.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._listening.accept()
            except OSError:
                return
            other = socket.socket(socket.AF_UNIX)
            other.connect(self.engine)
            self._open += [one, other]
            threading.Thread(target=_carry, args=(one, other), daemon=True).start()

    def cut(self) -> None:
        """The engine dies."""
        self._dead = True
        self._listening.close()
        with suppress(FileNotFoundError):
            os.unlink(self.path)
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _carry(one: socket.socket, other: socket.socket) -> None:
    """Both ways, with half-closed ends as they come."""
    with selectors.DefaultSelector() as ready, closing(one), closing(other), suppress(OSError):
        ready.register(one, selectors.EVENT_READ, other)
        ready.register(other, selectors.EVENT_READ, one)
        while ready.get_map():
            for key, _ in ready.select():
                source, target = key.fileobj, key.data
                assert isinstance(source, socket.socket)
                if chunk := source.recv(65536):
                    target.sendall(chunk)
                else:
                    ready.unregister(source)
                    target.shutdown(socket.SHUT_WR)


@contextmanager
def line_to(engine: Engine) -> Iterator[Line]:
    """A line to `engine`, which is cut at the latest at the end."""
    if engine.socket is None:
        pytest.skip("an engine that dies: this one has no socket on this machine")
    with TemporaryDirectory(prefix="ninesteps-") as folder:  # a short path, as that of a socket must be
        made = Line(f"{folder}/engine.sock", str(engine.socket))
        made.serve()
        yield made
        made.cut()


def _soon(holds: Callable[[], object]) -> None:
    until = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def cut_once(line: Line, holds: Callable[[], object]) -> threading.Thread:
    """Cut it as soon as `holds`; join what is returned."""

    def wait() -> None:
        _soon(holds)
        line.cut()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def processes(command: str) -> list[str]:
    """The ids of the processes on this machine that were started so."""
    return [
        pid.name for pid in Path("/proc").iterdir()
        if pid.name.isdigit() and _command(pid) == command
    ]  # fmt: skip


def _command(pid: Path) -> str:
    try:
        return (pid / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""
