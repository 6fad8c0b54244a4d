"""Make runs of what has happened: one for each workflow that it starts, queued; and say which did not start, and why."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graders.evidence.git_command import Git
from graders.evidence.workflow.model import Workflow
from graders.evidence.workflow.read import Unread, read_workflows
from graders.evidence.workflow.triggers import Skip, runs_on
from graders.forge import runs
from graders.forge.git_calls import forge_git
from graders.forge.looks import Look, NotStarted, add_look
from graders.forge.runs import WorkflowRun
from graders.forge.settings import read_variables
from graders.pipelines.concurrency import group_of
from graders.pipelines.happenings import Happening
from graders.runners.workflow.picture import planned, title_of
from graders.runners.workflow.plan import workflow_files

_MOST_TOLD = 3  # of what is wrong in a file


def now() -> str:
    """The time, as records have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def queue(origin: Path, happening: Happening) -> list[WorkflowRun]:
    """The runs that it starts, written down; those of files that GitHub refuses have failed already."""
    with reading(origin) as git:
        files = workflow_files(git, happening.commit)
    read, unread = read_workflows(files)
    started: list[WorkflowRun] = []
    skipped: list[NotStarted] = []
    for workflow in read:
        if happening.only not in ("", workflow.path):
            continue
        if workflow.refused:
            if happening.broken:
                found = " ".join(f"{one.where}: {one.what} {one.next}" for one in workflow.refused[:_MOST_TOLD])
                started.append(_refused(origin, happening, workflow.path, found))
            continue
        answer = runs_on(workflow, happening.asked)
        if isinstance(answer, Skip):
            skipped.append(NotStarted(workflow.path, answer.reason, str(answer.where)))
            continue
        started.append(_queued(origin, happening, workflow, {one.path: one for one in read}))
    for one in unread if happening.broken else ():
        started.append(_unread(origin, happening, one))
    if happening.event.name not in ("workflow_run", "pull_request_target") or started:
        ids = tuple(run.id for run in started)
        add_look(origin, Look(happening.about, happening.head, ids, tuple(skipped)))
    return started


def again(origin: Path, number: int) -> WorkflowRun:
    """A new run of what an earlier one was of."""
    with reading(origin) as git:
        earlier = runs.read(origin, number)
        read, _ = read_workflows(workflow_files(git, earlier.event["commit"]))
    workflow = next((one for one in read if one.path == earlier.path), None)
    happened = asdict(earlier) | {"id": _next(origin), "created": now(), "again": number}
    for name in ("state", "conclusion", "why", "started", "ended", "jobs", "waiting", "reviews", "artifacts"):
        del happened[name]
    run = WorkflowRun(**{**happened, "planned": planned(workflow) if workflow else earlier.planned})
    return _kept(origin, run)


@contextmanager
def reading(origin: Path) -> Iterator[Git]:
    """A repository of ours repository that borrows the forge's objects: commits that no branch holds any more are there, too."""
    with tempfile.TemporaryDirectory(prefix="ninesteps-", ignore_cleanup_errors=True) as scratch:
        git = Git(Path(scratch))
        borrowed = git.folder / "objects" / "info" / "alternates"
        borrowed.parent.mkdir(exist_ok=True)
        borrowed.write_text(f"{(origin / 'objects').resolve()}\n", encoding="utf-8", newline="\n")
        yield git


def _queued(origin: Path, happening: Happening, workflow: Workflow, called: dict[str, Workflow]) -> WorkflowRun:
    group, cancels = group_of(workflow, happening.event, read_variables(origin))
    run = _begun(origin, happening, workflow.path, title_of(workflow))
    jobs = planned(workflow, called)
    return _kept(origin, WorkflowRun(**{**run, "group": group, "cancels": cancels, "planned": jobs}))


def _refused(origin: Path, happening: Happening, path: str, why: str) -> WorkflowRun:
    run = WorkflowRun(**_begun(origin, happening, path, path))
    return _kept(origin, run.ended_as(runs.FAILURE, run.created, f"Invalid workflow file. {why}"))


def _unread(origin: Path, happening: Happening, unread: Unread) -> WorkflowRun:
    return _refused(origin, happening, unread.path, str(unread.problem))


def _begun(origin: Path, happening: Happening, path: str, title: str) -> dict[str, Any]:
    return {
        "id": _next(origin), "path": path, "title": title, "subject": happening.subject, "branch": happening.branch,
        "head": happening.head, "created": now(), "pull": happening.pull,
        "event": {**asdict(happening.event), "depth": happening.depth},
    }  # fmt: skip


def _next(origin: Path) -> int:
    return max(runs.numbers(origin), default=0) + 1


def _kept(origin: Path, run: WorkflowRun) -> WorkflowRun:
    forge_git(origin).update_ref(runs.ref_of(run.id), run.event["commit"])
    runs.write(origin, run)
    return run
