"""Build the Dockerfile of a plain folder, and start what came of it: for pages that show one at work."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from graders.evidence.dockerfile.context import context_of
from graders.evidence.dockerfile.read import read
from graders.evidence.image.model import Image
from graders.evidence.image.read import read_image
from graders.problems import Problem
from graders.runners.engine.base_images import Base, provide
from graders.runners.engine.build import Built, ContextFile, build
from graders.runners.engine.connection import find_engine
from graders.runners.engine.container import Running, running
from graders.runners.engine.leftovers import Ours, ours_on

STOP_SECONDS = 5.0
_HEALTHY_SECONDS = 20.0
_MOST_FILES, _MOST_BYTES = 500, 4 << 20
_BLIND_SECONDS = 2.0
_LISTENING, _NO_PROGRAM = "0A", (126, 127)
_SECOND = 1_000_000_000  # the engine counts in nanoseconds


@dataclass(frozen=True, slots=True)
class FolderImage:
    """What building a folder gave: `built` how it went, `image` what it holds (None where it failed), `base` its base's name."""

    built: Built
    image: Image | None
    base: str


@dataclass(frozen=True, slots=True)
class FolderLife:
    """How a container lived: PID 1 and its user id, the health it came to (empty without a HEALTHCHECK), and its end.

    `stopped` says that it ended on its stop signal within 5 seconds; `said` is what it printed.
    """

    first: str
    user: int
    health: str
    stopped: bool
    exit_code: int | None
    said: str


def build_folder(folder: Path, target: str = "") -> FolderImage:
    """Build the final stage of the folder's Dockerfile, or `target`; nothing but the builder's cache stays.

    Raises Problem: no engine, no Dockerfile, one that can't be read, or a base image that can't be had.
    """
    with _built(folder, target) as (ours, built, bases):
        if not built.image:
            return FolderImage(built, None, "")
        base, below = "", list[str]()
        for one in bases:
            layers = list(ours.client.images.get(one.name).attrs["RootFS"]["Layers"])
            if layers == list(ours.client.images.get(built.image).attrs["RootFS"]["Layers"])[: len(layers)]:
                base, below = one.name, layers
        return FolderImage(built, read_image(ours.client.images.get(built.image).save(), base=below), base)


def start_folder(folder: Path) -> FolderLife:
    """Build the folder's Dockerfile, start it, wait until it is healthy, and ask it to stop. Raises Problem as above."""
    with _built(folder, "") as (ours, built, _):
        if not built.image:
            raise Problem(f"It can't be built: {built.why or built.error}", "Build it first: `build_image`.")
        config = ours.client.images.get(built.image).attrs.get("Config") or {}
        quick = {"interval": _SECOND, "start_period": _SECOND // 1000} if config.get("Healthcheck") else None
        with running(ours, built.image, health=quick) as container:
            health = container.wait_for_health("healthy", _HEALTHY_SECONDS)
            if not health:
                _wait_until_it_listens(container)
            state = container.state()
            if not state["Running"]:
                return FolderLife("", -1, health, False, int(state["ExitCode"]), container.said())
            user, first = container.first_process()
            ended = container.stop(STOP_SECONDS)
            return FolderLife(first, user, health, ended.exit_code is not None, ended.exit_code, ended.said)


def _wait_until_it_listens(container: Running) -> None:
    """Until some port is open in it, as a service has that is up. https://docs.kernel.org/networking/proc_net_tcp.html"""
    until = time.monotonic() + _HEALTHY_SECONDS
    while time.monotonic() < until and container.state()["Running"]:
        code, said = container.call(["cat", "/proc/net/tcp", "/proc/net/tcp6"])
        if any(row.split()[3:4] == [_LISTENING] for row in said.splitlines()):
            return
        if code in _NO_PROGRAM:  # an image without `cat`
            time.sleep(_BLIND_SECONDS)
            return
        time.sleep(0.2)


@contextmanager
def _built(folder: Path, target: str) -> Iterator[tuple[Ours, Built, tuple[Base, ...]]]:
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    files = _files(folder)
    if "Dockerfile" not in files:
        raise Problem(f"There is no Dockerfile in {folder}.", "Run the cells above first, from the top.")
    texts = {path: file.content for path, file in files.items()}
    dockerfile = read(texts["Dockerfile"])
    if target and dockerfile.stage(target) is None:
        raise Problem(f"The Dockerfile has no stage called {target}.", "Name one after `AS`.")
    seen = context_of(files, texts).files | {"Dockerfile"}
    try:
        with ours_on(find_engine(), sha256(str(folder.resolve()).encode()).hexdigest()[:16]) as ours:
            had = provide(ours.client, dockerfile.images)
            missing = [one for one in had if not isinstance(one, Base)]
            if missing:
                raise Problem(missing[0].why, missing[0].next)
            bases = tuple(one for one in had if isinstance(one, Base))
            context = {path: files[path] for path in sorted(seen)}
            yield ours, build(ours, "page", context, bases, target=target), bases
    except (DockerException, RequestException) as trouble:
        raise Problem(f"The engine failed: {str(trouble)[:200]}.", "See `ninesteps doctor`.") from None


def _files(folder: Path) -> dict[str, ContextFile]:
    found: dict[str, ContextFile] = {}
    size = 0
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            found[path.relative_to(folder).as_posix()] = ContextFile(content, path.stat().st_mode & 0o777)
            size += len(content)
        if len(found) > _MOST_FILES or size > _MOST_BYTES:
            raise Problem(f"{folder} holds too many files to build here.", "Use a folder with the example alone.")
    return found
