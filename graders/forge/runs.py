"""Runs of workflows, as the forge keeps them: a folder for each beside the repository, `forge/runs/N`.

`run.json` tells how it stands and is replaced as a whole at each change; `details.json` holds logs and what the record
of a run has besides, `artifacts/` an archive for each artifact. Words are those of GitHub's API:
https://docs.github.com/en/rest/actions/workflow-runs
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from graders.problems import Problem
from graders.runners.workflow.picture import Planned
from graders.runners.workflow.record import Annotation, JobRun, StepRun

QUEUED, IN_PROGRESS, WAITING, COMPLETED = "queued", "in_progress", "waiting", "completed"
# GitHub's conclusions; a run that can't be run here is neutral: it says nothing about the work.
SUCCESS, FAILURE, CANCELLED, SKIPPED, NEUTRAL = "success", "failure", "cancelled", "skipped", "neutral"
_OPEN = ("waiting", "not run")  # of a job
_MOST_KEPT = 100


@dataclass(frozen=True, slots=True)
class Review:
    """What was said about a job that waited: `state` is approved or rejected, `at` in ISO 8601."""

    job: str
    environment: str
    state: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class StoredArtifact:
    """An artifact of a run: how many files, and their size together in bytes."""

    name: str
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """One run of one workflow.

    `title` is the workflow's name, `subject` what it is about (a commit's or a pull request's title). `branch` is the
    branch or tag it is for and `head` the commit that was pushed there; the run's own ref and commit (a pull request's
    merge) are in `event`, as GitHub tells them to the workflow. `why` says in a sentence what there is to say about
    the conclusion. `waiting` maps jobs to the environments that they wait for. Times are ISO 8601.
    """

    id: int
    path: str
    title: str
    subject: str
    branch: str
    head: str
    created: str
    event: Mapping[str, Any]
    pull: int | None = None
    state: str = QUEUED
    conclusion: str = ""
    why: str = ""
    started: str = ""
    ended: str = ""
    group: str = ""
    cancels: bool = False
    again: int | None = None
    planned: tuple[Planned, ...] = ()
    jobs: tuple[JobRun, ...] = ()
    waiting: Mapping[str, str] = field(default_factory=dict)
    reviews: tuple[Review, ...] = ()
    artifacts: tuple[StoredArtifact, ...] = ()

    @property
    def event_name(self) -> str:
        """`push`, `pull_request`, …"""
        return str(self.event.get("name", ""))

    @property
    def word(self) -> str:
        """How it stands, in one word: the conclusion once it has ended, else the state."""
        return self.conclusion if self.state == COMPLETED else self.state

    def ended_as(self, conclusion: str, at: str, why: str = "") -> WorkflowRun:
        """The run, completed at `at`; where it was cancelled, so were the jobs that had not ended."""
        jobs = self.jobs
        if conclusion == CANCELLED:
            jobs = tuple(replace(job, result=CANCELLED, why="") if job.result in _OPEN else job for job in jobs)
        return replace(self, state=COMPLETED, conclusion=conclusion, why=why, ended=at, waiting={}, jobs=jobs)


def ref_of(number: int) -> str:
    """The ref that keeps a run's commit, whatever becomes of its branch."""
    return f"refs/runs/{number}"


def folder_of(origin: Path, number: int) -> Path:
    """Where a run is kept."""
    return origin / "forge" / "runs" / str(number)


def write(origin: Path, run: WorkflowRun) -> None:
    """Keep how a run stands, without its logs, in one step: who reads sees it before or after, never between."""
    bare = replace(run, jobs=tuple(without_logs(job) for job in run.jobs))
    folder = folder_of(origin, run.id)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "run.json", asdict(bare))


def read(origin: Path, number: int) -> WorkflowRun:
    """One run; one whose runner is gone counts as cancelled. Raises Problem where there is none, or it is damaged."""
    file = folder_of(origin, number) / "run.json"
    try:
        run = _run(json.loads(file.read_bytes()))
    except FileNotFoundError:
        raise Problem(f"There is no run {number} here.", "`ninesteps run list` shows those there are.") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise Problem(
            f"The record of run {number} can't be read ({file}).", "Remove its folder, and push again."
        ) from None
    if run.state == IN_PROGRESS and not has_owner(origin, number):
        again = _run(json.loads(file.read_bytes()))  # it may have ended just now
        return abandoned(again) if again.state == IN_PROGRESS else again
    return run


def abandoned(run: WorkflowRun) -> WorkflowRun:
    """A run whose runner was ended."""
    why = f"Its runner was ended before it had finished; `ninesteps run rerun {run.id}` runs it again."
    return run.ended_as(CANCELLED, "", why)


def read_all(origin: Path) -> list[WorkflowRun]:
    """Every run that can be read, newest first."""
    found = []
    for number in sorted(numbers(origin), reverse=True):
        try:
            found.append(read(origin, number))
        except Problem:
            continue
    return found


def numbers(origin: Path) -> list[int]:
    """The ids of all runs, in no order."""
    try:
        names = os.listdir(origin / "forge" / "runs")
    except FileNotFoundError:
        return []
    return [int(name) for name in names if re.fullmatch(r"[0-9]{1,9}", name)]


def has_owner(origin: Path, number: int) -> bool:
    """Whether the process that runs it is alive: it holds a lock for as long as it lives."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(folder_of(origin, number) / "owner.lock", timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False


def forget_oldest(origin: Path) -> list[int]:
    """Remove the oldest runs that have ended, beyond the newest hundred; returns their ids."""
    gone = []
    for number in sorted(numbers(origin), reverse=True)[_MOST_KEPT:]:
        try:
            ended = read(origin, number).state == COMPLETED
        except Problem:
            ended = True
        if ended:
            shutil.rmtree(folder_of(origin, number), ignore_errors=True)
            gone.append(number)
    return gone


def write_json(file: Path, content: Any, mode: int = 0o644) -> None:
    """Replace a file as a whole."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
        json.dump(content, stream, ensure_ascii=False)
    os.replace(temporary, file)


def without_logs(job: JobRun) -> JobRun:
    """A job with no more than how each of its steps ended, and what it pointed out."""
    return replace(job, steps=tuple(replace(step, log=(), outputs={}) for step in job.steps))


def job_of(found: Mapping[str, Any]) -> JobRun:
    """A job, from what `asdict` made of it."""
    return JobRun(**{**found, "steps": tuple(_step(step) for step in found["steps"])})


def _step(found: Mapping[str, Any]) -> StepRun:
    annotations = tuple(Annotation(**one) for one in found["annotations"])
    return StepRun(**{**found, "log": tuple(found["log"]), "annotations": annotations})


def _run(found: Mapping[str, Any]) -> WorkflowRun:
    return WorkflowRun(**{
        **found,
        "planned": tuple(Planned(**{**one, "needs": tuple(one["needs"])}) for one in found["planned"]),
        "jobs": tuple(job_of(job) for job in found["jobs"]),
        "reviews": tuple(Review(**one) for one in found["reviews"]),
        "artifacts": tuple(StoredArtifact(**one) for one in found["artifacts"]),
    })  # fmt: skip
