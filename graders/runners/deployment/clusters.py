"""The target `kubernetes`: scripts call the real `kubectl`, and it reaches a stand-in for a cluster, inside one sandbox.

No cluster of anybody's is touched: the sandbox has no network, and none of its user's configuration.
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from graders.runners.deployment.plan import Plan
from graders.runners.deployment.process import carry_out
from graders.runners.deployment.program import program_of
from graders.runners.deployment.record import Played

_MODULES = (
    "inside", "cluster.store", "cluster.patches", "cluster.fields", "cluster.deployments", "cluster.tables", "cluster.api",
    "cluster.pods", "cluster.front", "cluster.cluster",
)  # fmt: skip


@cache
def kubectl() -> str | None:
    """Where `kubectl` is: beside this interpreter, as scripts in the sandbox find it."""
    return shutil.which("kubectl", path=str(Path(sys.prefix) / "bin"))


def play_on_cluster(files: Mapping[str, bytes], plan: Plan, cache: Path | None = None) -> Played:
    """Carry a plan out with the scripts in `files` (path to content), under a load of 50 requests a second.

    With `cache`, a folder, the same plan with the same files is not repeated. Takes no longer than five minutes.
    """
    if kubectl() is None:
        return Played(plan, trouble="kubectl is not installed")
    return carry_out(files, plan, cache, program_of(_MODULES, "inside_cluster"), {}, [])
