"""Build an image from files that we hold, within limits: by BuildKit where the engine has it, else by the classic builder.

https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageBuild
"""

from __future__ import annotations

import io
import json
import re
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from graders.evidence.dockerfile.cache_mounts import SharedCache, as_written, with_own_caches
from graders.evidence.dockerfile.downloads import refused_download
from graders.evidence.dockerfile.for_builder import Rewritten, for_builder, without_space
from graders.evidence.dockerfile.read import DockerfileProblem, read, without_syntax
from graders.runners.engine.base_images import Base
from graders.runners.engine.build_log import BuildLog, BuildStep
from graders.runners.engine.gate.upstream import Upstream
from graders.runners.engine.leftovers import Ours

_CHUNK = 1 << 16
_LONGEST_LINE = 8 << 20
_MOST_LINES = 200_000
_LOOK_EVERY = 1.0
_FREE_BYTES = 512 << 20
_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
# What needs more of the builder than this engine has, as its messages say it.
_REFUSED_TEXT = re.compile(r"dockerfile parse error|unknown instruction", re.IGNORECASE)
_TOO_NEW = (
    (re.compile(r"Unknown flag: (link|parents|exclude|checksum|keep-git-dir|unpack)", re.IGNORECASE), "`--{}`"),
    (re.compile(r"the --(mount|chmod|link|platform) option requires BuildKit", re.IGNORECASE), "`--{}`"),
    (
        re.compile(r"no active sessions?|no such session", re.IGNORECASE),
        "secrets that are required, or `--mount=type=ssh`",
    ),
)


@dataclass(frozen=True, slots=True)
class ContextFile:
    """A file of a build context; for a symbolic link, `content` is where it leads."""

    content: bytes
    mode: int = 0o644
    link: bool = False


@dataclass(frozen=True, slots=True)
class BuildLimits:
    """What one build may use: seconds, and bytes of the engine's disk."""

    seconds: float = 600
    disk_bytes: int = 4 << 30


class Stopped(StrEnum):
    """Why a build was not let go on, or could not."""

    TIME = "time"
    SIZE = "size"
    DISK_FULL = "disk full"
    ENGINE = "engine"
    TOO_NEW = "too new"
    REFUSED = "refused"


class Refusal(ValueError):
    """What a Dockerfile asks of the engine and does not get."""


@dataclass(frozen=True, slots=True)
class Built:
    """How a build ended. `image` is the id of what was built, else empty; `error` is the builder's own sentence.

    `stopped` tells that it is not the Dockerfile's fault, or that a limit was reached; `why` says it as a sentence.
    """

    image: str
    steps: tuple[BuildStep, ...]
    error: str = ""
    stopped: Stopped | None = None
    why: str = ""

    @property
    def failed_step(self) -> BuildStep | None:
        """The step that failed."""
        broken = [step for step in self.steps if step.error]
        return broken[0] if broken else (self.steps[-1] if self.error and self.steps else None)


def build(
    ours: Ours, name: str, files: Mapping[str, ContextFile], bases: Iterable[Base], *, dockerfile: str = "Dockerfile",
    target: str = "", arguments: Mapping[str, str] = {}, cache: bool = True, limits: BuildLimits = BuildLimits(),
) -> Built:  # fmt: skip
    """Build `files` (relative POSIX paths), which are what `.dockerignore` lets through, into the image `ours.tag(name)`.

    `bases` are the images that the Dockerfile names, already on the engine: where one of them is a stand-in, the build has
    no network. A `# syntax=` is taken out, since no other frontend is fetched; an ADD fetches from public names alone; and
    what a RUN mounts as a cache is the own one of `ours.caches`.
    """
    stand_ins = [base for base in bases if base.stand_in]
    tag = ours.tag(name)
    settings: dict[str, Any] = {
        "t": tag, "dockerfile": dockerfile, "target": target or None, "rm": "1", "forcerm": "1",
        "networkmode": "none" if stand_ins else "default", "nocache": None if cache else "1",
        "buildargs": json.dumps(dict(arguments)), "version": "2" if ours.engine.has_buildkit else None,
    }  # fmt: skip
    text = _for_this_engine(files[dockerfile].content, stand_ins)
    try:
        sent = _as_sent(text, dockerfile, arguments, ours, network=not stand_ins)
    except (Refusal, SharedCache) as trouble:
        return Built("", (), stopped=Stopped.REFUSED, why=f"{trouble}.")
    files = {**files, dockerfile: ContextFile(sent.text, files[dockerfile].mode)}
    files |= {path: ContextFile(content) for path, content in sent.files.items()}
    log, stopped = BuildLog(), None
    with tempfile.TemporaryFile() as archive, Upstream(ours.engine.url, _LOOK_EVERY) as upstream:
        _pack(files, archive)
        archive.seek(0)
        try:
            upstream.socket.settimeout(limits.seconds)
            upstream.send("POST", "/build", settings, content=_chunks(archive), kind="application/x-tar")
            upstream.socket.settimeout(_LOOK_EVERY)
            stopped = _listen(upstream, log, _Watch(ours, limits))
        except OSError:
            stopped = Stopped.ENGINE
    return _built(ours, tag, log, stopped, limits, sent)


def _as_sent(text: bytes, path: str, arguments: Mapping[str, str], ours: Ours, *, network: bool) -> Rewritten:
    try:
        dockerfile = read(text, path, arguments)
    except DockerfileProblem:
        return Rewritten(text)  # the builder says what is wrong with it, and runs nothing
    if refused := refused_download(dockerfile, network=network):
        step, source = refused
        raise Refusal(f"{step.where}: the course lets no ADD fetch {source[:100]}")
    own = with_own_caches(text, dockerfile, ours.caches, arguments)
    if own != text:
        dockerfile = read(own, path, arguments)
    return for_builder(own, dockerfile, older=ours.engine.has_older_builder)


def _for_this_engine(content: bytes, stand_ins: Iterable[Base]) -> bytes:
    text = without_syntax(content)
    for base in stand_ins:  # which has no digest but its own
        text = re.sub(re.escape(base.name.encode()) + rb"@sha256:[0-9a-f]{64}", base.name.encode(), text)
    return text


def _pack(files: Mapping[str, ContextFile], archive: IO[bytes]) -> None:
    """A tar as `docker build` sends it: owned by root, without times, so that the cache sees content alone."""
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        folders: set[str] = set()
        for path, file in sorted(files.items()):
            for parent in list(Path(path).parents)[-2::-1]:
                if parent.as_posix() not in folders:
                    folders.add(parent.as_posix())
                    made = tarfile.TarInfo(parent.as_posix())
                    made.type, made.mode = tarfile.DIRTYPE, 0o755
                    tar.addfile(made)
            member = tarfile.TarInfo(path)
            member.mode = file.mode
            if file.link:
                member.type, member.linkname = tarfile.SYMTYPE, file.content.decode("utf-8", "surrogateescape")
                tar.addfile(member)
            else:
                member.size = len(file.content)
                tar.addfile(member, io.BytesIO(file.content))


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


class _Watch:
    """The limits of a build, looked at now and then."""

    def __init__(self, ours: Ours, limits: BuildLimits) -> None:
        self._until, self._limits = time.monotonic() + limits.seconds, limits
        self._root = self._folder(ours)
        self._free = self._now_free()
        self._looked = time.monotonic()

    def reached(self) -> Stopped | None:
        """The limit that the build has reached, if any."""
        now = time.monotonic()
        if now > self._until:
            return Stopped.TIME
        if now - self._looked < _LOOK_EVERY:
            return None
        self._looked = now
        free = self._now_free()
        if free is None or self._free is None:
            return None
        if self._free - free > self._limits.disk_bytes:
            return Stopped.SIZE
        return Stopped.DISK_FULL if free < _FREE_BYTES else None

    def _folder(self, ours: Ours) -> Path | None:
        """Where the engine keeps images, if that is a disk of this machine."""
        if ours.engine.socket is None:
            return None
        root = Path(str(ours.client.info().get("DockerRootDir") or ""))
        return root if root.is_absolute() and root.is_dir() else None

    def _now_free(self) -> int | None:
        try:
            return shutil.disk_usage(self._root).free if self._root else None
        except OSError:
            return None


def _listen(upstream: Upstream, log: BuildLog, watch: _Watch) -> Stopped | None:
    """Hear the answer to its end; closing the connection is what ends a build."""
    status = None
    while status is None:
        try:
            status = upstream.head().status_code
        except TimeoutError:
            if reached := watch.reached():
                return reached
    rest, lines = b"", 0
    while True:
        try:
            for chunk in upstream.data():
                *whole, rest = (rest + chunk).split(b"\n")
                for line in whole:
                    _hear(log, line, status)
                lines += len(whole)
                if lines > _MOST_LINES or len(rest) > _LONGEST_LINE:
                    return Stopped.SIZE
                if reached := watch.reached():
                    return reached
            _hear(log, rest, status)
            return None
        except TimeoutError:
            if reached := watch.reached():
                return reached


def _hear(log: BuildLog, line: bytes, status: int) -> None:
    try:
        said = json.loads(line)
    except ValueError:
        return
    if isinstance(said, dict):
        if status >= 400 and "message" in said:
            said = {"error": said["message"]}
        log.hear(said)


def _built(ours: Ours, tag: str, log: BuildLog, stopped: Stopped | None, limits: BuildLimits, sent: Rewritten) -> Built:
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    steps = tuple(replace(step, name=as_written(_written(step, sent))) for step in log.steps if step.name)
    if stopped is None and not log.error:
        try:
            image = ours.client.images.get(tag)
            if int(image.attrs["Size"]) <= limits.disk_bytes:
                return Built(str(image.id), steps)
            stopped = Stopped.SIZE
        except (DockerException, RequestException):
            stopped = Stopped.ENGINE
    if stopped is None and _FULL.search(log.error + "".join(step.said[-2000:] for step in steps if step.error)):
        stopped = Stopped.DISK_FULL
    feature = "" if stopped else _too_new(log.error, sent.text)
    if feature:
        stopped = Stopped.TOO_NEW
    size = f"{limits.disk_bytes >> 30} GB"
    why = {
        Stopped.TIME: f"The build did not end within {limits.seconds:.0f} seconds, and was stopped.",
        Stopped.SIZE: f"The build took more than {size} of disk, and was stopped.",
        Stopped.DISK_FULL: "The engine's disk is full.",
        Stopped.ENGINE: "The engine stopped answering during the build.",
        Stopped.TOO_NEW: f"The builder of this engine ({ours.engine.version}) does not know {feature}.",
    }
    return Built("", steps, as_written(log.error.strip()), stopped, why[stopped] if stopped else "")


def _written(step: BuildStep, sent: Rewritten) -> str:
    """A step's name with the instruction as the learner wrote it."""
    said = sent.written.get(without_space(step.instruction))
    return step.name.removesuffix(step.instruction) + said if said else step.name


def _too_new(error: str, text: bytes) -> str:
    for pattern, words in _TOO_NEW:
        if match := pattern.search(error):
            return words.format(*match.groups())
    if _REFUSED_TEXT.search(error):
        try:
            heredocs = any(step.heredocs for stage in read(text).stages for step in stage.steps)
        except DockerfileProblem:
            return ""
        return "texts in the Dockerfile (`<<EOF`)" if heredocs else "all of this Dockerfile"
    return ""
