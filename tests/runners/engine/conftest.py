"""What the tests of the gate share: a small image, somebody else's container, and a gate of one's own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from graders.runners.engine.connection import Engine
from graders.runners.engine.gate import Gate
from graders.runners.engine.gate.upstream import Asking
from graders.runners.engine.leftovers import Ours, ours_on
from tests.runners.engine.small_image import loaded, small_filesystem


@pytest.fixture(scope="session")
def small(engine: Engine) -> Iterator[str]:
    """The name of an image that begins nothing."""
    with loaded(small_filesystem(), f"ninesteps-test-small:{os.getpid()}", 'CMD ["sleep", "60"]') as name:
        yield name


@pytest.fixture(scope="module")
def ours(engine: Engine) -> Iterator[Ours]:
    with ours_on(engine) as made:
        yield made


@pytest.fixture
def asking(engine: Engine) -> Asking:
    """Questions straight to the engine, for what the gate must not have done."""
    return Asking(engine.url)


@dataclass(frozen=True)
class Client:
    """`docker` and plain HTTP on an engine's socket."""

    url: str

    def docker(self, *words: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", *words], input=stdin, capture_output=True, text=True, timeout=120,
            env={"PATH": os.environ["PATH"], "DOCKER_HOST": self.url, "DOCKER_BUILDKIT": "0", "HOME": "/nonexistent", **env},
        )  # fmt: skip

    def raw(self, request: bytes, seconds: float = 30) -> bytes:
        """Everything that is answered to these bytes."""
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(seconds)
            one.connect(self.url.removeprefix("unix://"))
            with suppress(BrokenPipeError, ConnectionResetError):  # it has answered already
                one.sendall(request)
            answer = b""
            with suppress(TimeoutError, ConnectionResetError):
                while chunk := one.recv(65536):
                    answer += chunk
            return answer

    def ask(self, method: str, target: str, body: object = None, headers: str = "") -> tuple[int, str]:
        """The status, and the message or the body."""
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {target} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n{headers}"
        head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        return answered(self.raw(head.encode() + data))


def answered(answer: bytes) -> tuple[int, str]:
    """The status of the first answer in these bytes, and its message."""
    head, _, body = answer.partition(b"\r\n\r\n")
    text = body.decode("utf-8", "replace")
    with suppress(ValueError, KeyError, TypeError):
        text = json.loads(text)["message"]
    return int(head.split()[1]), text


@pytest.fixture
def direct(engine: Engine) -> Client:
    """The engine itself, with no gate before it."""
    return Client(engine.url)


@pytest.fixture
def gate(ours: Ours, small: str) -> Iterator[Gate]:
    with Gate(ours, bases=[small], registry="127.0.0.1:5999") as made:
        yield made


@pytest.fixture
def client(gate: Gate) -> Client:
    return Client(gate.address)


@pytest.fixture(scope="module")
def _stranger(engine: Engine, small: str) -> Iterator[str]:
    direct, name = Client(engine.url), f"ninesteps-test-stranger-{os.getpid()}"
    direct.docker("run", "--detach", "--rm", "--name", name, small, "sleep", "600")
    yield name
    direct.docker("rm", "--force", "--volumes", name)


@pytest.fixture
def stranger(_stranger: str, asking: Asking) -> Iterator[str]:
    """The name of a container that is none of ours, and still runs at the end."""
    _, before = asking.ask("GET", f"/containers/{_stranger}/json")
    yield _stranger
    _, after = asking.ask("GET", f"/containers/{_stranger}/json")
    assert after["State"] == before["State"]
    assert after["Name"] == f"/{_stranger}"
