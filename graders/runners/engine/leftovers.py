"""Containers, networks, volumes and images that we make on somebody's engine, known as ours and taken away again.

Each carries a label (an image: a tag) that names its owner, the process that made it. What an owner left who is gone is
taken away by the next one; what carries no label of ours is never touched.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from graders.runners.engine.connection import Engine

if TYPE_CHECKING:
    from docker import DockerClient

_Filters = dict[str, str | list[str] | bool]

LABEL = "org.ninesteps.owner"
_REPOSITORY = (
    "ninesteps.invalid/made"  # https://www.rfc-editor.org/rfc/rfc6761#section-6.4: nothing is ever pulled from it
)
_SECONDS = 120


@dataclass(frozen=True)
class Ours:
    """What one check makes on an engine. Put `labels` on each container, network and volume, and `tag` on each image.

    `caches`, hexadecimal digits, names whose the caches are that builds mount: nobody else finds what stands in them.
    """

    engine: Engine
    owner: str
    caches: str

    @property
    def labels(self) -> dict[str, str]:
        """The label by which what we make is known."""
        return {LABEL: self.owner}

    def tag(self, name: str) -> str:
        """The tag of an image of ours called `name` (lower case, digits, `-`), such as `…/made:OWNER-name`."""
        return f"{_REPOSITORY}:{self.owner}-{name}"

    @cached_property
    def client(self) -> DockerClient:
        """The SDK's client, which is closed at the end."""
        return self.engine.client(_SECONDS)


@contextlib.contextmanager
def ours_on(engine: Engine, caches: str = "") -> Iterator[Ours]:
    """A place on the engine for one check. At its end all of it is gone, also after an error or an interruption.

    Builds with the same `caches` share what they mount as caches; without it, nobody does.

    A process of its own waits for our end and cleans up if we were killed. Raises docker.errors.DockerException where the
    engine stops answering at the start; at the end, that is ignored.
    """
    ours = Ours(
        engine, f"{_here()}.{os.getpid()}.{_started(os.getpid())}.{os.urandom(4).hex()}", caches or os.urandom(8).hex()
    )
    watcher = _watch(ours)
    try:
        sweep(ours.client)
        yield ours
    finally:
        from docker.errors import DockerException
        from requests.exceptions import RequestException

        with contextlib.suppress(DockerException, RequestException):
            remove(ours.client, ours.owner)
        with contextlib.suppress(DockerException, RequestException):
            ours.client.close()
        with contextlib.suppress(OSError):
            assert watcher.stdin
            watcher.stdin.close()
        watcher.wait()


def sweep(client: DockerClient) -> int:
    """Take away what owners on this machine left who are gone; the number of containers that were."""
    wanted: _Filters = {"label": LABEL}
    found = client.containers.list(all=True, filters=wanted, ignore_removed=True)
    others = [*found, *client.networks.list(filters=wanted), *client.volumes.list(filters=wanted)]
    tags = [tag for image in client.images.list(name=_REPOSITORY) for tag in image.tags]
    owners = {_label_of(one) for one in others} | {tag.rpartition(":")[2].partition("-")[0] for tag in tags}
    gone = {owner for owner in owners if _is_gone(owner)}
    for owner in gone:
        remove(client, owner)
    return sum(1 for one in found if _label_of(one) in gone)


def remove(client: DockerClient, owner: str) -> None:
    """Take away what `owner` made: containers with their volumes first, then networks, volumes and images."""
    from docker.errors import APIError, NotFound

    wanted: _Filters = {"label": f"{LABEL}={owner}"}
    for container in client.containers.list(all=True, filters=wanted, ignore_removed=True):
        with contextlib.suppress(NotFound, APIError):  # an engine removes `--rm` containers itself meanwhile
            container.remove(force=True, v=True)
    for network in client.networks.list(filters=wanted):
        with contextlib.suppress(NotFound, APIError):
            network.remove()
    for volume in client.volumes.list(filters=wanted):
        with contextlib.suppress(NotFound, APIError):
            volume.remove(force=True)
    for image in client.images.list(name=_REPOSITORY):
        for tag in image.tags:
            if tag.startswith(f"{_REPOSITORY}:{owner}-"):
                with contextlib.suppress(NotFound, APIError):
                    client.images.remove(tag, force=True)


def _label_of(one: object) -> str:
    attributes = getattr(one, "attrs", {})
    labels = attributes.get("Config", {}).get("Labels") or attributes.get("Labels") or {}
    return str(labels.get(LABEL, ""))


def _here() -> str:
    """This machine, and in it the container or namespace whose process ids ours are."""
    try:
        space = str(os.stat("/proc/self/ns/pid").st_ino)
    except OSError:
        space = "0"
    return hashlib.sha256(f"{platform.node()} {space}".encode()).hexdigest()[:12]


def _started(pid: int) -> int:
    """When a process began, in seconds since the epoch, so that a later one with its number is not taken for it; else 0."""
    import psutil

    try:
        return round(psutil.Process(pid).create_time())
    except (psutil.Error, OSError):
        return 0


def _is_gone(owner: str) -> bool:
    here, pid, started, _ = (*owner.split("."), "", "", "", "")[:4]
    if here != _here() or not pid.isdigit() or not started.isdigit():
        return False
    return abs(_started(int(pid)) - int(started)) > 1


def _watch(ours: Ours) -> subprocess.Popen[bytes]:
    """A process that outlives an interruption of ours: it reads until we end, then cleans up if we could not."""
    return subprocess.Popen(
        [sys.executable, "-m", "graders.runners.engine.leftovers", ours.owner],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env={**os.environ, "DOCKER_HOST": ours.engine.url},
    )  # fmt: skip


def _when_the_owner_ends(owner: str) -> None:
    sys.stdin.buffer.read()
    if _is_gone(owner):
        from graders.runners.engine.connection import find_engine

        with contextlib.closing(find_engine().client(_SECONDS)) as client:
            remove(client, owner)


if __name__ == "__main__":
    _when_the_owner_ends(sys.argv[1])
