"""How a run stands, in a word and a shape; when it was, and how long it took."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from graders.forge import runs
from graders.forge.runs import WorkflowRun
from graders.picture import State
from graders.reports.safe_text import encodable
from graders.reports.wording import JOB_LOOKS, Look

_LOOKS = {
    runs.SUCCESS: JOB_LOOKS[State.SUCCESS],
    runs.FAILURE: JOB_LOOKS[State.FAILURE],
    runs.SKIPPED: JOB_LOOKS[State.SKIPPED],
    runs.CANCELLED: JOB_LOOKS[State.CANCELLED],
    runs.IN_PROGRESS: JOB_LOOKS[State.RUNNING],
    runs.WAITING: JOB_LOOKS[State.WAITING],
    runs.QUEUED: JOB_LOOKS[State.QUEUED],
    runs.NEUTRAL: Look("could not run", "◌", "?"),
}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def look(run: WorkflowRun) -> str:
    """For example `✔ success`."""
    return shown(_LOOKS.get(run.word, JOB_LOOKS[State.NOT_RUN]))


def look_of(result: str) -> str:
    """The same for a job or a step."""
    return shown(_LOOKS.get(result, JOB_LOOKS[State.NOT_RUN]))


def shown(look: Look) -> str:
    """Shape and word, with the stand-in for a shape that standard output has no character for."""
    whole = encodable(look.shape, sys.stdout.encoding or "utf-8") == look.shape
    return f"{look.shape if whole else look.ascii} {look.word}"


def age(at: str) -> str:
    """How long ago an ISO 8601 time was."""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds()
    for size, unit in _UNITS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def took(run: WorkflowRun) -> str:
    """How long a run took, or has taken so far; empty where it has not begun."""
    if not run.started:
        return ""
    end = datetime.fromisoformat(run.ended) if run.ended else datetime.now(UTC)
    seconds = max(0, int((end - datetime.fromisoformat(run.started)).total_seconds()))
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"
