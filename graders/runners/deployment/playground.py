"""The places to play that step 7 gives: scripts and service in a plain folder, and a stand-in for a cluster beside them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from graders.runners.deployment.cluster.cluster import Cluster
from graders.runners.deployment.releases import service_text
from graders.starter import given_by
from graders.step import find

FRONT = 8080
_REFERENCE = re.compile(r"widgets(?:@sha256:([0-9a-f]{64})|(?::latest)?)")


def lay_out(folder: Path) -> None:
    """Write the step's own files into `folder`: the scripts for releases and for the proxy, and the service."""
    for name, text in {**given_by(find("deploy").folder), "scripts/service": service_text()}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        if text.startswith("#!"):
            file.chmod(0o755)


def stand_in(repository: Path) -> tuple[Cluster, Path]:
    """A cluster that has the releases in a repository's folder `releases` for images, begun; and the file that says where it is.

    Raises OSError where the port for callers is taken.
    """
    releases = repository.resolve() / "releases"

    def image_at(reference: str) -> Path | None:
        found = _REFERENCE.fullmatch(reference)
        folder = (releases / (found[1] or "latest")).resolve() if found else releases
        return folder if found and (folder / "serve").is_file() else None

    cluster = Cluster(image_at, {"PATH": os.environ.get("PATH", os.defpath)}, FRONT)
    kubeconfig = releases / "kubeconfig"
    if not cluster.start(kubeconfig):
        raise OSError(f"port {FRONT} is taken")
    return cluster, kubeconfig
