"""Find the Docker Engine that `docker` itself would talk to, and say what it can do, or why none answers.

https://docs.docker.com/reference/api/engine/ and https://docs.docker.com/engine/manage-resources/contexts/
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import platform
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from graders.problems import Problem

if TYPE_CHECKING:
    from docker import DockerClient

_SECONDS = 5
_NEWER_BUILDER = (23,)  # https://docs.docker.com/engine/release-notes/23.0/
_OLDEST_WITH_BUILDKIT = (1, 39)


class NoEngine(Problem):
    """No engine answers: `found` says where it was looked for, `next` how to start one on this system."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that answered. `url` is what DOCKER_HOST would say, `origin` what named it, `platform` as in `linux/amd64`."""

    url: str
    origin: str
    version: str
    api: str
    platform: str
    name: str = "Docker Engine"

    @property
    def socket(self) -> Path | None:
        """The Unix socket where the engine listens, if it does."""
        return Path(self.url.removeprefix("unix://")) if self.url.startswith("unix://") else None

    @property
    def has_buildkit(self) -> bool:
        """Whether `POST /build?version=2` is BuildKit's: cache mounts, stages that are not needed left out."""
        known = self.name == "Docker Engine" and self.platform.startswith("linux/")
        return known and _numbers(self.api) >= _OLDEST_WITH_BUILDKIT

    @property
    def has_older_builder(self) -> bool:
        """Whether its BuildKit is from before 0.10: no `--link`, no texts in the Dockerfile."""
        return self.has_buildkit and _numbers(self.version)[:1] < _NEWER_BUILDER

    def client(self, seconds: int = 60) -> DockerClient:
        """The SDK's client for it; each call may take `seconds`. Wrap it in `contextlib.closing`."""
        from docker import DockerClient

        extra = _tls() if self.url.startswith("tcp://") else {}
        made: DockerClient = DockerClient(
            base_url=self.url, version="auto", timeout=seconds, use_ssh_client=self.url.startswith("ssh://"), **extra
        )
        return made


def find_engine() -> Engine:
    """The engine that answers. Raises NoEngine.

    As with `docker`: DOCKER_HOST, else the context chosen by DOCKER_CONTEXT or `docker context use`, else the usual
    sockets. What was named and does not answer is not replaced by another.
    """
    named = _named()
    tried: list[str] = []
    for origin, url in [named] if named else _usual():
        try:
            return _ask(origin, url)
        except PermissionError:
            allow = "Add yourself to its group: `sudo usermod -aG docker $USER`, and log in again."
            raise NoEngine(f"You may not talk to the Docker Engine at {url}.", allow) from None
        except (OSError, http.client.HTTPException, ValueError, ImportError) as trouble:
            tried.append(f"{origin} says {url}, and nothing answers there" if named else str(trouble))
    if named:
        undo = "unset DOCKER_HOST" if named[0] == "DOCKER_HOST" else "docker context use default"
        raise NoEngine(f"{tried[0]}.", f"Start that engine, or go back to the usual one: `{undo}`.")
    raise NoEngine("No Docker Engine answers.", how_to_start())


def how_to_start() -> str:
    """The sentence that tells how to get a running engine on this system."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    sudo = "" if root else "sudo "
    if platform.system() in ("Darwin", "Windows"):
        return "Start Docker Desktop; if you have none, install it from docs.docker.com/get-started/get-docker."
    if os.environ.get("CODESPACES") == "true":
        return (
            "Add the feature `ghcr.io/devcontainers/features/docker-in-docker:2` to `.devcontainer/devcontainer.json`, and "
            "rebuild the codespace."
        )
    if "microsoft" in platform.release().lower():
        return "Start Docker Desktop on Windows, and switch on its WSL integration for this distribution."
    if shutil.which("dockerd"):
        if Path("/run/systemd/system").is_dir():
            return f"Start it: `{sudo}systemctl start docker`."
        return f"Start it: `{sudo}service docker start`, or `{sudo}dockerd` in a terminal of its own."
    if shutil.which("apt-get"):
        return f"Install one: `{sudo}apt-get install docker.io`."
    for tool, words in {
        "dnf": "dnf install moby-engine",
        "pacman": "pacman -S docker",
        "apk": "apk add docker",
    }.items():
        if shutil.which(tool):
            return f"Install one: `{sudo}{words}`, then `{sudo}systemctl start docker`."
    return "Install one: docs.docker.com/engine/install."


def _named() -> tuple[str, str] | None:
    """What the caller chose: what chose it, and the address."""
    if host := os.environ.get("DOCKER_HOST", "").strip():
        return "DOCKER_HOST", host
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    chosen = os.environ.get("DOCKER_CONTEXT", "").strip() or _json(folder / "config.json").get("currentContext")
    if not chosen or not isinstance(chosen, str) or chosen == "default":
        return None
    digest = hashlib.sha256(chosen.encode()).hexdigest()
    meta = _json(folder / "contexts" / "meta" / digest / "meta.json")
    try:
        return f"the docker context {chosen}", str(meta["Endpoints"]["docker"]["Host"])
    except (KeyError, TypeError):
        return None


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _usual() -> Iterator[tuple[str, str]]:
    """Where engines listen that nobody had to name: the system's, Docker Desktop's, a rootless one."""
    if platform.system() == "Windows":
        yield "the usual pipe", "npipe:////./pipe/docker_engine"
        return
    home = Path.home() / ".docker"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    sockets = [Path("/var/run/docker.sock"), home / "run/docker.sock", home / "desktop/docker.sock"]
    sockets += [Path(runtime) / "docker.sock"] if runtime else []
    for file in sockets:
        if file.exists():
            yield "the usual socket", f"unix://{file}"


def _ask(origin: str, url: str) -> Engine:
    """The engine at `url`, from its own answer. Raises OSError, HTTPException, ValueError or ImportError for none."""
    if url.startswith("unix://") or (url.startswith("tcp://") and not _tls()):
        said = _get(url, "/version")
    else:  # pipes, TLS and SSH are the SDK's matter
        from docker import DockerClient
        from docker.errors import DockerException

        try:
            with contextlib.closing(
                DockerClient(base_url=url, version="auto", timeout=_SECONDS, **_tls() if url.startswith("tcp") else {})
            ) as client:
                said = client.version()
        except DockerException as trouble:
            raise ConnectionError(str(trouble)) from None
    parts = [part for part in said.get("Components") or () if isinstance(part, dict)]
    podman = any("podman" in str(part.get("Name", "")).lower() for part in parts)
    return Engine(
        url, origin, str(said["Version"]), str(said["ApiVersion"]), f"{said['Os']}/{said['Arch']}",
        "Podman" if podman else "Docker Engine",
    )  # fmt: skip


def _get(url: str, path: str) -> dict[str, Any]:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "localhost", place.port or 2375, timeout=_SECONDS)
    if place.scheme == "unix":
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(_SECONDS)
        connection.sock.connect(place.path)
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        found = json.loads(answer.read(1 << 20))
    if (
        answer.status != 200
        or not isinstance(found, dict)
        or not {"Version", "ApiVersion", "Os", "Arch"} <= found.keys()
    ):
        raise ValueError(f"{url} is no Docker Engine")
    return found


def _tls() -> dict[str, Any]:
    """What the SDK takes for a TLS connection, as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH ask for."""
    if not os.environ.get("DOCKER_TLS_VERIFY"):
        return {}
    from docker.tls import TLSConfig

    folder = os.environ.get("DOCKER_CERT_PATH") or str(Path.home() / ".docker")
    files = {name: os.path.join(folder, f"{name}.pem") for name in ("ca", "cert", "key")}
    return {"tls": TLSConfig(client_cert=(files["cert"], files["key"]), ca_cert=files["ca"], verify=True)}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
