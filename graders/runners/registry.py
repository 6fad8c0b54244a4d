"""A real image registry on this machine's loopback: one that the learner keeps, or one for the time of a check.

It is the registry that Debian packages as `docker-registry`, else the image `registry:2` on the engine.
https://distribution.github.io/distribution/
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from graders.evidence.registry import RegistryProblem, RegistryReader
from graders.problems import Problem

USUAL_PORT = 5000
_HOST = "127.0.0.1"
_IMAGE = "registry:2"
_LABEL = "org.ninesteps.registry"
_SECONDS = 20.0
_MOST_KEPT_BYTES = 1 << 30
# What waits for the end of its input, which is ours, outlives us however we end. $0 is the folder.
_UNTIL_WE_END = '"$@" & cat > /dev/null; kill $!; wait $!; rm -rf "$0"'


@dataclass(frozen=True, slots=True)
class Registry:
    """One that was started here: a process, by its `pid` and when it began, or a `container`. Images stand in `folder`."""

    port: int
    folder: str
    pid: int = 0
    began: float = 0
    container: str = ""

    @property
    def address(self) -> str:
        """As it stands in an image's name."""
        return f"{_HOST}:{self.port}"


@dataclass(frozen=True, slots=True)
class Tag:
    """One name under which an image can be pulled."""

    repository: str
    tag: str
    digest: str


def up(home: Path, port: int | None = None) -> Registry:
    """Start the learner's registry in the background; its images are kept in `home`. With no `port`, the usual or a free one.

    Raises Problem where it is up already, where the port is taken, and where there is nothing to start.
    """
    if running := find(home):
        raise Problem(
            f"The registry is up already, at {running.address}.",
            "Use it, or stop it first: ninesteps registry down",
        )
    if port is None:
        port = USUAL_PORT if _is_free(USUAL_PORT) else _free_port()
    elif not _is_free(port):
        raise Problem(
            f"Port {port} of this machine is taken.",
            "Name another, or none and a free one is taken: ninesteps registry up",
        )
    folder = home / "registry"
    folder.mkdir(parents=True, exist_ok=True)
    started = _start_process(folder, port) if _program() else _start_container(folder, port)
    _record(home).parent.mkdir(parents=True, exist_ok=True)
    _record(home).write_text(json.dumps(asdict(started)), encoding="utf-8")
    return started


def down(home: Path) -> Registry:
    """Stop the learner's registry, and only what `up` started. Its images stay. Raises Problem where none is up."""
    running = find(home)
    if running is None:
        _record(home).unlink(missing_ok=True)
        raise Problem("The registry is not up.", "To start it: ninesteps registry up")
    if running.container:
        _docker("rm", "--force", running.container)
    else:
        _end(running)
    _record(home).unlink(missing_ok=True)
    return running


def find(home: Path) -> Registry | None:
    """The learner's registry, if what `up` started still runs."""
    try:
        said = json.loads(_record(home).read_text(encoding="utf-8"))
        registry = Registry(
            int(said["port"]), str(said["folder"]), int(said["pid"]), float(said["began"]), str(said["container"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if registry.container:
        label = _docker(
            "inspect", "--format", f'{{{{.State.Running}}}} {{{{index .Config.Labels "{_LABEL}"}}}}', registry.container
        )
        return registry if label.split() == ["true", "learner"] else None
    return registry if _is_ours(registry) else None


def tags(address: str) -> list[Tag]:
    """What a registry holds, in order. Raises Problem where none answers at `address` (HOST:PORT)."""
    reader = RegistryReader(address)
    found = []
    for repository in reader.repositories():
        for tag in reader.tags(repository):
            if manifest := reader.manifest(repository, tag):
                found.append(Tag(repository, tag, manifest.digest))
    return found


@contextmanager
def throwaway_registry(
    layers: Path | None = None, repository: str = "", worth: Callable[[], Collection[str]] = tuple
) -> Iterator[str]:
    """A registry for the time of a check, as HOST:PORT; it and its images are gone at the end, also if we are killed.

    It has the layers of `repository` that the folder `layers` keeps, so that nobody packs and pushes them again; at the end
    those with the digests that `worth` gives are kept there for the next. Raises Problem where there is nothing to start.
    """
    with tempfile.TemporaryDirectory(prefix="ninesteps-registry-", ignore_cleanup_errors=True) as scratch:
        port = _free_port()
        if not _program():
            started = _start_container(Path(scratch), port, "check", "--rm", "--tmpfs", "/var/lib/registry")
            try:
                yield started.address
            finally:
                _docker("rm", "--force", "--volumes", started.container)
            return
        images = Path(scratch) / "images"
        if layers:
            _link_layers(layers, images, repository, [one.name for one in layers.glob("[0-9a-f]" * 64)])
        command = ["sh", "-c", _UNTIL_WE_END, scratch, *_command(Path(scratch), port)]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            _wait_until_up(port, Path(scratch), process)
            yield f"{_HOST}:{port}"
            if layers:
                _keep_layers(images, layers, worth())
        finally:
            assert process.stdin
            with contextlib.suppress(OSError):
                process.stdin.close()
            process.wait()


def _link_layers(layers: Path, images: Path, repository: str, digests: Collection[str]) -> None:
    """https://distribution.github.io/distribution/storage-drivers/: how a registry keeps layers on disk."""
    root = images / "docker" / "registry" / "v2"
    for digest in digests:
        blob = root / "blobs" / "sha256" / digest[:2] / digest
        link = root / "repositories" / repository / "_layers" / "sha256" / digest
        blob.mkdir(parents=True)
        link.mkdir(parents=True)
        (link / "link").write_text(f"sha256:{digest}")
        _link(layers / digest, blob / "data")


def _keep_layers(images: Path, layers: Path, digests: Collection[str]) -> None:
    """Keep them, and of all that is kept the newest that fit."""
    layers.mkdir(parents=True, exist_ok=True)
    for digest in (one.removeprefix("sha256:") for one in digests):
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            _link(images / "docker/registry/v2/blobs/sha256" / digest[:2] / digest / "data", layers / digest)
    left = _MOST_KEPT_BYTES
    with contextlib.suppress(FileNotFoundError):  # another check took it away
        for file in sorted(layers.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True):
            left -= file.stat().st_size
            if left < 0:
                file.unlink()


def _link(old: Path, new: Path) -> None:
    """The same file under another name; a copy where that is another disk."""
    try:
        os.link(old, new)
    except FileExistsError:
        raise
    except OSError:
        temporary = new.with_name(f"{new.name}.{os.getpid()}")
        shutil.copy(old, temporary)
        os.replace(temporary, new)


def _record(home: Path) -> Path:
    return home / ".state" / "registry.json"


def _program() -> str | None:
    return shutil.which("docker-registry") or shutil.which("registry")


def _command(folder: Path, port: int) -> list[str]:
    """The registry's command line; its settings and images are in `folder`."""
    settings = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "images")}, "delete": {"enabled": True}},
        "http": {"addr": f"{_HOST}:{port}", "secret": secrets.token_hex(16)},
    }
    file = folder / "settings.json"  # JSON is YAML
    file.write_text(json.dumps(settings), encoding="utf-8")
    return [_program() or "", "serve", str(file)]


def _start_process(folder: Path, port: int) -> Registry:
    import psutil

    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            _command(folder, port), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=folder
        )
    began = psutil.Process(process.pid).create_time()
    try:
        _wait_until_up(port, folder, process)
    except BaseException:
        process.kill()
        process.wait()
        raise
    process.returncode = 0  # it goes on without us: nobody here waits for its end
    return Registry(port, str(folder), process.pid, began)


def _start_container(folder: Path, port: int, whose: str = "learner", *options: str) -> Registry:
    where = options or ("--volume", f"{folder}:/var/lib/registry")
    if not shutil.which("docker"):
        raise Problem("There is no registry that could be started here.", how_to_install())
    try:
        if not _docker("image", "inspect", "--format", "{{.Id}}", _IMAGE):
            _docker("pull", "--quiet", _IMAGE, strict=True)
        id = _docker(
            "run",
            "--detach",
            "--label",
            f"{_LABEL}={whose}",
            "--publish",
            f"{_HOST}:{port}:5000",
            *where,
            _IMAGE,
            strict=True,
        )
    except Problem as trouble:
        raise Problem(f"There is no registry that could be started here: {trouble.found}", how_to_install()) from None
    started = Registry(port, str(folder), container=id)
    try:
        _wait_until_up(port, folder, None)
    except BaseException:
        _docker("rm", "--force", "--volumes", id)
        raise
    return started


def how_to_install() -> str:
    """The sentence that tells how to get a registry on this system."""
    if shutil.which("apt-get"):
        sudo = "" if hasattr(os, "geteuid") and os.geteuid() == 0 else "sudo "
        return f"Install one: `{sudo}apt-get install docker-registry`."
    return f"Start Docker, and let it fetch one: `docker pull {_IMAGE}`."


def _wait_until_up(port: int, folder: Path, process: subprocess.Popen[bytes] | None) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        if process and process.poll() is not None:
            break
        with contextlib.suppress(RegistryProblem):
            RegistryReader(f"{_HOST}:{port}").repositories()
            return
        time.sleep(0.02)
    said = ""
    with contextlib.suppress(OSError):
        said = (folder / "log").read_text(errors="replace").strip()[-300:]
    if "address already in use" in said:
        raise Problem(
            f"Port {port} of this machine is taken.", "Try again, or name another: ninesteps registry up --port N"
        )
    raise Problem(f"The registry does not start: {said or 'it says nothing, and does not answer'}.", how_to_install())


def _is_ours(registry: Registry) -> bool:
    """Whether the process that has this id is still the one that we started."""
    import psutil

    try:
        process = psutil.Process(registry.pid)
        same = abs(process.create_time() - registry.began) < 1
        return (
            same
            and process.status() != psutil.STATUS_ZOMBIE
            and str(Path(registry.folder) / "settings.json") in process.cmdline()
        )
    except (psutil.Error, OSError, ValueError):
        return False


def _end(registry: Registry) -> None:
    until = time.monotonic() + 5
    how = signal.SIGTERM
    while _is_ours(registry):
        with contextlib.suppress(ProcessLookupError):
            os.kill(registry.pid, how)
        if time.monotonic() > until:
            how = signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM
        time.sleep(0.05)


def _docker(*words: str, strict: bool = False) -> str:
    """What `docker` says; with `strict` its failure is a Problem, else an empty answer."""
    try:
        done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as trouble:
        done = subprocess.CompletedProcess(words, 1, "", str(trouble))
    if done.returncode and strict:
        raise Problem((done.stderr.strip().splitlines() or ["docker says nothing"])[-1][:300])
    return done.stdout.strip() if done.returncode == 0 else ""


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        if os.name != "nt":
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((_HOST, port))
        except (OSError, OverflowError):
            return False
        return True


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((_HOST, 0))
        port: int = one.getsockname()[1]
        return port
