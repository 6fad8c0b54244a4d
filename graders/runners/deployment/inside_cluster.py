"""Runs in the sandbox where releases are deployed with `kubectl`: what `inside.py` does, on a stand-in for a cluster."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from graders.runners.deployment import inside
from graders.runners.deployment.cluster.cluster import Cluster

_NAME = "widgets"
# `kubectl create deployment` and its like send protobuf, which the stand-in does not read; what they would send, as JSON.
_KUBECTL = """\
#!/bin/sh
case " $* " in
*" -f"* | *" --filename"* | *" -k"* | *" --kustomize"* | *" --dry-run"* | *" -- "*) ;;
*" create "*) '{real}' "$@" --dry-run=client -o json | '{real}' create --save-config=false -f - && exit 0 || exit 1 ;;
esac
exec '{real}' "$@"
"""


class ClusterStage(inside.Stage):
    """The same place, with pods for processes, and the Service in the proxy's place."""

    _cluster: Cluster | None = None

    def set_up(self) -> str:
        """Lay the images out and start the cluster; what went wrong, or nothing."""
        home = Path(self.env["HOME"])
        self._images, self._tag = home / "images", ""
        self._lay_out(self._images)
        real = shutil.which("kubectl")
        if real is None:
            return "there is no kubectl"
        shim = home / "bin" / "kubectl"
        shim.parent.mkdir(exist_ok=True)
        shim.write_text(_KUBECTL.format(real=real))
        shim.chmod(0o755)
        self.env["PATH"] = f"{shim.parent}:{self.env['PATH']}"
        own = {key: text for key, text in self.env.items() if key in ("PATH", "LC_ALL")}
        self._cluster = cluster = Cluster(self._image_at, {**own, inside._MARK: self.env[inside._MARK]}, inside._FRONT)
        if not cluster.start(home / ".kube" / "config"):
            return "port 8080 is taken"
        self.load = inside.Load(self.began, self.task["each"])
        return ""

    def _image_at(self, reference: str) -> Path | None:
        """The folder of the release that a reference names, by digest or as `latest`."""
        name, _, digest = reference.partition("@sha256:")
        name, _, tag = name.partition(":")
        if name != _NAME or not (digest or tag in ("", "latest")):
            return None
        known = self.task["releases"]
        hex = digest or self._tag
        return self._images / hex if hex in known else None

    def _publish(self, digest: str) -> None:
        self._tag = digest

    def _latest(self) -> str:
        return self._tag

    def _running(self) -> list[tuple[int, str]]:
        """The releases that run, each once; how many pods it has is the Deployment's affair."""
        assert self._cluster
        return sorted({(0, image.name) for _, image in self._cluster.pods.running()})

    def _take_ports(self, ports: list[int]) -> None:
        """Each pod has its own ports: here it is room for one more that is taken."""
        assert self._cluster
        self._cluster.pods.room = self._cluster.pods.count

    def _beyond(self) -> list[str]:
        return self._cluster.beyond if self._cluster else []

    def record(self, trouble: str) -> dict[str, Any]:
        """What happened; the cluster ends here, else it would start anew what is ended afterwards."""
        data = super().record(trouble)
        if self._cluster:
            self._cluster.stop()
        return data


if __name__ == "__main__":
    inside.Stage = ClusterStage  # type: ignore[misc]
    inside.main(sys.argv[1])
