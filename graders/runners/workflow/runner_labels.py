"""Which runner a job asks for, and whether it is one of GitHub's Linux runners, all that is played here.

act takes the labels of a matrix's first leg for all its legs, so each leg's own are worked out here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from graders.evidence.workflow.evaluate import Unknown, evaluate
from graders.evidence.workflow.expression import ExpressionProblem
from graders.evidence.workflow.matrix import expand
from graders.evidence.workflow.model import Job
from graders.evidence.workflow.template import whole

# https://docs.github.com/en/actions/reference/runners/github-hosted-runners
LINUX = (
    "ubuntu-latest", "ubuntu-26.04", "ubuntu-24.04", "ubuntu-22.04", "ubuntu-slim", "ubuntu-26.04-arm",
    "ubuntu-24.04-arm", "ubuntu-22.04-arm",
)  # fmt: skip
# Also given to act where an expression chooses the runner, so that it runs every leg; which count is decided here.
OTHERS = ("windows-latest", "windows-2025", "windows-2022", "macos-latest", "macos-15", "macos-14", "macos-13")


def labels_of(job: Job, matrix: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The labels that a leg of the job asks for; None where that can't be known from its matrix alone."""
    found: list[str] = []
    for label in job.runs_on.labels if job.runs_on else ():
        values: Any = label.value
        if label.dynamic:
            try:
                expression = whole(label.value)
                values = evaluate(expression, {"matrix": matrix}) if expression else Unknown()
            except ExpressionProblem:
                values = Unknown()
        for value in values if isinstance(values, list) else [values]:
            if not isinstance(value, str):
                return None
            found.append(value)
    return tuple(found)


def labels_for_act(jobs: Sequence[Job]) -> tuple[str, ...]:
    """Every label that act must have a runner for."""
    labels = dict.fromkeys(LINUX)
    for job in jobs:
        chosen = bool(job.runs_on and any(label.dynamic for label in job.runs_on.labels))
        legs = expand(job.strategy.matrix).legs if chosen and job.strategy and job.strategy.matrix else ({},)
        for leg in legs or ({},):
            # act has images of its own for old ones, and would ask Docker for them
            labels |= dict.fromkeys(
                label for label in labels_of(job, leg) or () if chosen or label.startswith("ubuntu-")
            )
        labels |= dict.fromkeys(OTHERS if chosen else ())
    return tuple(labels)


def why_not_here(labels: tuple[str, ...] | None) -> str:
    """Why a job with these labels can't run here, or empty."""
    if not labels or all(label.lower() in LINUX for label in labels):
        return ""
    near = [get_close_matches(label.lower(), LINUX, n=1, cutoff=0.8) for label in labels if label not in LINUX]
    if len(labels) == 1 and near[0]:
        return f"`{labels[0]}` is none of GitHub's own runners (`{near[0][0]}` is one)"
    return f"it runs on {', '.join(labels)}, and only GitHub's Linux runners are played here"
