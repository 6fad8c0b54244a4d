"""Step NUMBER, TITLE."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graders.criterion import Verdict, criterion, passed
from graders.runners.workflow.verdicts import unreadable
from graders.runners.workflow.work import PipelineWork, open_pipeline
from graders.step import Step


@criterion(points=1)
def readable(work: PipelineWork) -> Verdict:
    """GitHub would run your workflow.

    Why: a file that GitHub refuses, or never looks at, checks nothing, and on your pull request nothing shows it.
    Hint: Where does GitHub look? `.github/workflows/`, files that end in `.yml` or `.yaml`.
    Hint: `actionlint` reads the file as GitHub does, and names line and column.
    """
    return unreadable(work) or passed(f"{len(work.workflows)} of {len(work.workflows)} workflows can be read.")


@contextmanager
def open_work(path: Path) -> Iterator[PipelineWork]:
    """The evidence at `path`. Raises Problem where it is no repository or hand-in of this step."""
    with open_pipeline(path, "ci", CRITERIA, PipelineWork) as work:
        yield work


CRITERIA = (readable,)

STEP = Step(title="TITLE", subskill="SUBSKILL", minutes=45, open=open_work, criteria=CRITERIA)
