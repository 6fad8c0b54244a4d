"""What we make on an engine goes away with us, however we end, and nobody else's is touched."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from docker import DockerClient
from docker.errors import NotFound

from graders.runners.engine.connection import Engine
from graders.runners.engine.leftovers import LABEL, ours_on

_MAKES_AND_WAITS = """
import sys, time
from graders.runners.engine.connection import find_engine
from graders.runners.engine.leftovers import ours_on

with ours_on(find_engine()) as ours:
    made = ours.client.containers.create("{image}", ["/none"], labels=ours.labels)
    ours.client.networks.create("ninesteps-test", internal=True, labels=ours.labels)
    ours.client.images.get("{image}").tag(ours.tag("kept"))
    print(made.id, ours.owner, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def client(engine: Engine) -> Iterator[DockerClient]:
    with closing(engine.client()) as client:
        yield client


@pytest.fixture
def image(client: DockerClient) -> Iterator[str]:
    """An image that holds one empty file: enough for containers that are never started."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("none"))
    name = f"ninesteps-test-{os.getpid()}:1"
    client.api.import_image_from_data(archive.getvalue(), *name.split(":"))
    yield name
    client.images.remove(name, force=True)


def is_there(client: DockerClient, container: str) -> bool:
    try:
        client.containers.get(container)
    except NotFound:
        return False
    return True


def test_all_of_it_goes_with_the_context_and_nothing_else(engine: Engine, client: DockerClient, image: str) -> None:
    somebodys = client.containers.create(image, ["/none"])
    anothers = client.containers.create(image, ["/none"], labels={LABEL: "another.machine.1.2"})
    try:
        with ours_on(engine) as ours:
            own = client.containers.create(image, ["/none"], labels=ours.labels, volumes=["/data"])
            volume = client.volumes.create(labels=ours.labels)
            network = client.networks.create(f"ninesteps-{os.getpid()}", internal=True, labels=ours.labels)
            client.images.get(image).tag(ours.tag("of-ours"))
            assert [is_there(client, one.id) for one in (own, somebodys, anothers)] == [True, True, True]

        assert [is_there(client, one.id) for one in (own, somebodys, anothers)] == [False, True, True]
        assert volume.id not in {one.id for one in client.volumes.list()}
        assert network.id not in {one.id for one in client.networks.list()}
        assert client.images.get(image).tags == [image]
    finally:
        somebodys.remove()
        anothers.remove()


def test_an_error_inside_removes_it_too(engine: Engine, client: DockerClient, image: str) -> None:
    with pytest.raises(ZeroDivisionError), ours_on(engine) as ours:  # noqa: PT012
        own = client.containers.create(image, ["/none"], labels=ours.labels)
        _ = 1 / 0

    assert not is_there(client, own.id)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_who_is_interrupted_or_killed_leaves_nothing(client: DockerClient, image: str, how: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _MAKES_AND_WAITS.format(image=image)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout
    container, owner = process.stdout.readline().split()
    assert is_there(client, container)

    process.send_signal(how)
    process.wait()

    until = time.monotonic() + 30
    while (is_there(client, container) or leftover(client, owner)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not is_there(client, container)
    assert not leftover(client, owner)


def leftover(client: DockerClient, owner: str) -> bool:
    networks = client.networks.list(filters={"label": f"{LABEL}={owner}"})
    return bool(networks) or any(owner in tag for image in client.images.list() for tag in image.tags)


def test_what_a_dead_owner_left_is_swept_by_the_next(engine: Engine, client: DockerClient, image: str) -> None:
    with ours_on(engine) as ours:
        machine, pid, started, rest = ours.owner.split(".")
        long_ago = f"{machine}.{pid}.{int(started) - 1000}.{rest}"  # its number is ours now
        left = client.containers.create(image, ["/none"], labels={LABEL: long_ago})
        with ours_on(engine):
            assert not is_there(client, left.id)
