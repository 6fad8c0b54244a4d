"""The stand-in for a cluster on your machine: `python -m graders.runners.deployment.cluster REPOSITORY`, until Ctrl-C.

Its images are the releases in the repository's folder `releases`; `releases/kubeconfig` says where it is.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
from pathlib import Path

from graders.runners.deployment.cluster.cluster import Cluster

_FRONT = 8080
_REFERENCE = re.compile(r"widgets(?:@sha256:([0-9a-f]{64})|(?::latest)?)")


def stand_in(repository: Path) -> tuple[Cluster, Path]:
    """A cluster that has the repository's releases for images, begun; and the file that says where it is.

    Raises OSError where the port for callers is taken.
    """
    releases = repository.resolve() / "releases"

    def image_at(reference: str) -> Path | None:
        found = _REFERENCE.fullmatch(reference)
        folder = (releases / (found[1] or "latest")).resolve() if found else releases
        return folder if found and (folder / "serve").is_file() else None

    cluster = Cluster(image_at, {"PATH": os.environ.get("PATH", os.defpath)}, _FRONT)
    kubeconfig = releases / "kubeconfig"
    if not cluster.start(kubeconfig):
        raise OSError(f"port {_FRONT} is taken")
    return cluster, kubeconfig


def main() -> None:
    """Run until told to stop, and end every pod."""
    try:
        cluster, kubeconfig = stand_in(Path(sys.argv[1] if sys.argv[1:] else "."))
    except OSError as trouble:
        sys.exit(f"The stand-in did not start: {trouble}.")
    print(f"A stand-in for a cluster is up; callers reach the Service `widgets` at http://127.0.0.1:{_FRONT}.")
    print(f"In another terminal:\n\n    export KUBECONFIG={kubeconfig}\n\nCtrl-C ends it.", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    cluster.stop()


if __name__ == "__main__":
    main()
