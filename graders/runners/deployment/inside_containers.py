"""Runs in the sandbox where releases are images: what `inside.py` does, with `docker` and a registry for the folders."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
from typing import Any

from graders.runners.deployment import inside

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_SHOWN = "{{.Image}} {{json .NetworkSettings.Ports}}"


class ContainerStage(inside.Stage):
    """The same place, on an engine: `task` names the registry, and for each image (id and digest) its release."""

    def set_up(self) -> str:
        """As before; the releases are in the registry already."""
        self.broken = False
        inside._running = lambda mark, isolated: self._containers()
        return super().set_up()

    def act(self, step: dict[str, Any]) -> None:
        """One step of the plan."""
        super().act(step)
        if step["do"] == "break":
            self.broken = True
            self._break()

    def _settle(self, since: float) -> None:
        self._break()
        super()._settle(since)

    def _break(self) -> None:
        """What was to break does so in every container, also in one that began later."""
        for id in self._docker("ps", "--quiet").split() if self.broken else ():
            self._docker("exec", id, "touch", self.task["once"])

    def _publish(self, digest: str) -> None:
        """A newer release comes in: the tag moves to it."""
        image = next(image for image, release in self.task["digests"].items() if release == digest)
        with contextlib.suppress(OSError, http.client.HTTPException):
            _, manifest = self._registry("GET", f"/v2/widgets/manifests/sha256:{image}")
            self._registry("PUT", "/v2/widgets/manifests/latest", manifest)

    def _latest(self) -> str:
        """The release that the tag names, or nothing."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            digest, _ = self._registry("GET", "/v2/widgets/manifests/latest")
            return str(self.task["digests"].get(digest.removeprefix("sha256:"), digest))
        return ""

    def _containers(self) -> list[tuple[int, str]]:
        """Port and digest of every release that runs; 0 for one whose port is not published."""
        found = set()
        ids = self._docker("ps", "--quiet", "--no-trunc").split()
        for line in self._docker("inspect", "--format", _SHOWN, *ids).splitlines() if ids else ():
            image, _, ports = line.partition(" ")
            release = self.task["images"].get(image.removeprefix("sha256:"))
            if release:
                hosts = [one["HostPort"] for hosts in (json.loads(ports) or {}).values() for one in hosts or ()]
                found |= {(int(host), release) for host in hosts or ("0",)}
        return sorted(found)

    def _docker(self, *words: str) -> str:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            return subprocess.run(["docker", *words], env=self.env, capture_output=True, text=True, timeout=30).stdout
        return ""

    def _registry(self, method: str, path: str, body: bytes | None = None) -> tuple[str, bytes]:
        connection = http.client.HTTPConnection(self.task["registry"], timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, body, {"Accept": _MANIFEST, "Content-Type": _MANIFEST})
            answer = connection.getresponse()
            return answer.headers.get("Docker-Content-Digest", ""), answer.read(1 << 20)


if __name__ == "__main__":
    inside.Stage = ContainerStage  # type: ignore[misc]
    inside.main(sys.argv[1])
