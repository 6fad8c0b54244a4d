"""The engine goes away in the middle: builds, containers and whole checks say so, blame nobody, and the next one tidies up."""

from __future__ import annotations

import os
import secrets
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from docker import DockerClient

from graders.runners.engine.base_images import Base, NoBase, provide
from graders.runners.engine.build import ContextFile, Stopped, build
from graders.runners.engine.connection import Engine
from graders.runners.engine.leftovers import LABEL, ours_on

BASE = "python:3.12-slim"
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


@pytest.fixture
def line(engine: Engine) -> Iterator[Line]:
    if engine.socket is None:
        pytest.skip("an engine that dies: this one has no socket on this machine")
    with TemporaryDirectory(prefix="ninesteps-") as folder:  # a short path, as that of a socket must be
        made = Line(f"{folder}/engine.sock", str(engine.socket))
        made.serve()
        yield made
        made.cut()


@pytest.fixture
def base(engine: Engine) -> Base:
    with closing(engine.client(600)) as client:
        (found,) = provide(client, [BASE])
    if isinstance(found, NoBase):
        pytest.skip(f"an engine that dies: {found.why} {found.next}")
    return found


def _soon(holds: Callable[[], object]) -> None:
    until = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def _cut_once(line: Line, holds: Callable[[], object]) -> threading.Thread:
    def wait() -> None:
        _soon(holds)
        line.cut()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_in_the_middle_of_a_build(engine: Engine, line: Line, base: Base) -> None:
    text = f"FROM {BASE}\nRUN echo {secrets.token_hex(8)} && sleep 100\n"
    with ours_on(replace(engine, url=f"unix://{line.path}")) as ours:
        thread = _cut_once(line, lambda: _processes("sleep 100"))
        done = build(ours, "test", {"Dockerfile": ContextFile(text.encode())}, [base])
        thread.join()
    assert done.stopped is Stopped.ENGINE
    assert done.why == "The engine stopped answering during the build."


def _processes(command: str) -> list[str]:
    return [
        pid.name for pid in Path("/proc").iterdir()
        if pid.name.isdigit() and _command(pid) == command
    ]  # fmt: skip


def _command(pid: Path) -> str:
    try:
        return (pid / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


@pytest.mark.slow
def test_in_the_middle_of_a_check(engine: Engine, line: Line, base: Base, tmp_path: Path) -> None:
    """Dies as soon as the check has a container: nothing is failed for it, there is no traceback, and nothing stays."""
    home = {
        "NINESTEPS_HOME": str(tmp_path / "home"),
        "HOME": str(tmp_path),
        "NINESTEPS_CI": "off",
        "NINESTEPS_SCAN": "off",
    }
    env = os.environ | home | {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org"}
    env |= {"GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org"}

    def ninesteps(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "graders", *words], capture_output=True, text=True, env=env | more, timeout=600
        )

    assert ninesteps("start", "containers", "--into", str(tmp_path / "work")).returncode == 0
    applied = ninesteps("solution", "containers", "--force", "--apply")
    assert applied.returncode == 0, applied.stdout + applied.stderr

    with closing(engine.client()) as client:
        before = set(_ours(client))
        thread = _cut_once(line, lambda: set(_ours(client)) - before)
        done = ninesteps("check", "containers", str(tmp_path / "work" / "repo"), DOCKER_HOST=f"unix://{line.path}")
        thread.join()
        said = done.stdout + done.stderr
        assert "Traceback" not in said
        assert done.returncode == 3, said
        assert "The engine stopped answering." in said
        with ours_on(engine):  # whoever comes next sweeps what its owner could not
            assert not set(_ours(client)) - before


def _ours(client: DockerClient) -> list[str]:
    return [str(one.id) for one in client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)]
