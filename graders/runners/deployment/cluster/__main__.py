"""The stand-in for a cluster on your machine: `python -m graders.runners.deployment.cluster REPOSITORY`, until Ctrl-C."""

from __future__ import annotations

import contextlib
import sys
import threading
from pathlib import Path

from graders.runners.deployment.playground import FRONT, stand_in


def main() -> None:
    """Run until told to stop, and end every pod."""
    try:
        cluster, kubeconfig = stand_in(Path(sys.argv[1] if sys.argv[1:] else "."))
    except OSError as trouble:
        sys.exit(f"The stand-in did not start: {trouble}.")
    print(f"A stand-in for a cluster is up; callers reach the Service `widgets` at http://127.0.0.1:{FRONT}.")
    print(f"In another terminal:\n\n    export KUBECONFIG={kubeconfig}\n\nCtrl-C ends it.", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    cluster.stop()


if __name__ == "__main__":
    main()
