"""Let jobs wait for the approvals of their environments, and give these one after another.

So each part of a run shows what one approval lets happen, and what waits for which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from graders.evidence.git_command import Git
from graders.runners.workflow.events import Event
from graders.runners.workflow.gated import Stage, has_reviewer, run_approved, run_until_approval


def run_in_stages(
    git: Git, path: str, event: Event, gates: Sequence[str], approvals: Sequence[str], *, cache: Path, **options: Any
) -> tuple[Stage, ...]:
    """How a run stands before each approval, and at the end.

    Jobs wait for the environments in `gates`, in any case of letters, and for those that have a reviewer in the forge.
    Of the jobs that wait at a time, those of the gate that comes first in `gates` are approved, if `approvals` has it.
    `options` are those of `run_workflow`. Raises Problem as it does.
    """

    def waits(environment: str) -> bool:
        return _plain(environment) in gates or has_reviewer(environment)

    stages = [run_until_approval(git, path, event, cache=cache, reviewed=waits, **options)]
    while approved := _next(stages[-1].waiting, gates, approvals):
        stages.append(
            run_approved(git, path, event, stages[-1], approved=approved, cache=cache, reviewed=waits, **options)
        )
    return tuple(stages)


def is_reviewed(waiting: str) -> bool:
    """Whether a job that waits so (see `Stage.waiting`) waits for an environment with a reviewer."""
    return any(map(has_reviewer, waiting.split(", ")))


def _next(waiting: Mapping[str, str], gates: Sequence[str], approvals: Sequence[str]) -> list[str]:
    """The jobs of one gate. A matrix that waits for several environments waits until the last of them is due."""
    for gate in gates:
        jobs = [job for job, names in waiting.items() if _last(names, gates) == gate]
        if jobs and gate in approvals:
            return jobs
    return []


def _last(names: str, gates: Sequence[str]) -> str:
    found = [_plain(name) for name in names.split(", ")]
    return max((name for name in found if name in gates), key=gates.index, default=gates[-1])


def _plain(environment: str) -> str:
    return environment.strip().lower()
