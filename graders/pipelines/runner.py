"""The process behind the forge: reads what has happened, queues runs, and carries out a few at a time.

One for each forge, for as long as there is something to do. Each run has a process of its own, so that it can be ended
and takes nothing else with it. All paths are relative to the forge's folder, which may be moved meanwhile (`reset`).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any

from filelock import FileLock, Timeout

from graders.forge import inbox, runs
from graders.forge.git_calls import ask, forge_git, holds, without_caller_variables
from graders.forge.pull import BASE
from graders.forge.runs import Review, WorkflowRun
from graders.pipelines import happenings
from graders.pipelines.carry_out import Cancelled, carry_out
from graders.pipelines.queueing import again, now, queue
from graders.problems import Problem
from graders.reports.safe_text import one_line

_AT_ONCE = max(1, min(2, os.cpu_count() or 1))
_DEEPEST_CHAIN = (
    3  # https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#workflow_run
)
_HERE = Path()
_PAUSE = 0.1  # seconds
_PATIENCE = 5  # seconds from asking a run to end to ending it


def serve(origin: Path) -> None:
    """Do all that is to be done in the forge at `origin`, unless another process is at it already."""
    os.chdir(origin)
    if hasattr(os, "nice"):
        os.nice(5)
    with without_caller_variables():
        while True:
            try:
                with FileLock("forge/runner.lock", timeout=3):
                    _work()
            except Timeout:
                return
            except FileNotFoundError:  # the forge was removed
                return
            if not inbox.notes(_HERE):  # one that came while nobody held the lock any more
                return


@dataclass
class _Child:
    """A process that carries out a run; `scratch` is its folder."""

    pid: int
    scratch: Path
    cancelled_at: float = 0.0
    why: str = ""


@dataclass
class _Work:
    """What is under way."""

    children: dict[int, _Child] = field(default_factory=dict)


def _work() -> None:
    work = _Work()
    for run in runs.read_all(_HERE):
        if run.state == runs.COMPLETED and not run.ended:  # its process was killed, with the one before this
            runs.write(_HERE, replace(run, ended=now()))
    while True:
        for note in inbox.notes(_HERE):
            _read_note(note, work)
        _reap(work)
        _start(work)
        if not work.children and not inbox.notes(_HERE):
            for number in runs.forget_oldest(_HERE):
                holds(forge_git(_HERE), "update-ref", "-d", runs.ref_of(number))
            return
        time.sleep(_PAUSE)


def _read_note(note: Path, work: _Work) -> None:
    """Do what a note asks for, then remove it: as long as it is there, everybody knows that more may come of it."""
    try:
        for line in note.read_text(encoding="utf-8", errors="replace").splitlines():
            _read_line(line, work)
    finally:
        note.unlink(missing_ok=True)


def _read_line(line: str, work: _Work) -> None:
    try:
        if line.startswith("{"):
            _obey(json.loads(line), work)
        else:
            for happening in happenings.of_line(_HERE, line):
                queue(_HERE, happening)
    except Exception:  # one that can't be understood must not keep the others from being read
        traceback.print_exc()


def _obey(note: dict[str, Any], work: _Work) -> None:
    match note:
        case {"kind": "review", "run": int(number), "jobs": dict(jobs), "state": str(state), "by": str(by)}:
            _review(number, jobs, state, by)
        case {"kind": "cancel", "run": int(number)}:
            _cancel(number, work)
        case {"kind": "rerun", "run": int(number)}:
            again(_HERE, number)
        case _:
            for happening in happenings.of_note(_HERE, note):
                queue(_HERE, happening)


def _review(number: int, jobs: dict[str, str], state: str, by: str) -> None:
    run = runs.read(_HERE, number)
    if run.state == runs.WAITING:
        said = tuple(Review(job, run.waiting[job], state, by, now()) for job in jobs if job in run.waiting)
        left = {job: name for job, name in run.waiting.items() if job not in jobs}
        runs.write(_HERE, replace(run, state=runs.QUEUED, waiting=left, reviews=(*run.reviews, *said)))


def _cancel(number: int, work: _Work, why: str = "") -> None:
    run = runs.read(_HERE, number)
    if run.state in (runs.QUEUED, runs.WAITING) and number not in work.children:
        runs.write(_HERE, run.ended_as(runs.CANCELLED, now(), why))
    elif number in work.children and not work.children[number].cancelled_at:
        work.children[number].cancelled_at, work.children[number].why = time.monotonic(), why
        _end(work.children[number].pid, signal.SIGTERM)
    elif run.state == runs.IN_PROGRESS:  # of an earlier process of this kind
        with contextlib.suppress(OSError, ValueError):
            _end(int((runs.folder_of(_HERE, number) / "owner").read_text()), signal.SIGTERM)


def _start(work: _Work) -> None:
    """Start what may start: a few at a time, and one of each concurrency group."""
    unfinished = [run for run in reversed(runs.read_all(_HERE)) if run.state != runs.COMPLETED]
    held = {run.group: run.id for run in unfinished if run.id in work.children or run.state == runs.WAITING}
    queued = [run for run in unfinished if run.state == runs.QUEUED and run.id not in work.children]
    for run in queued:
        if run.group and not run.reviews:
            if any(one.group == run.group and one.id > run.id for one in queued):
                why = f"A newer run of the group “{one_line(run.group, 60)}” took its place in the queue."
                runs.write(_HERE, run.ended_as(runs.CANCELLED, now(), why))
                continue
            if holder := held.get(run.group):
                if run.cancels:
                    _cancel(holder, work, f"Run {run.id} of the same concurrency group ended it.")
                continue
        if len(work.children) < _AT_ONCE:
            work.children[run.id] = _fork(run.id)
            held[run.group] = run.id


def _fork(number: int) -> _Child:
    scratch = Path(tempfile.mkdtemp(prefix="ninesteps-run-"))
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return _Child(pid, scratch)
    try:
        os.setsid()
        os.closerange(3, 1024)  # the lock of the process above stays its own
        signal.signal(signal.SIGTERM, _cancelled)
        carry_out(_HERE, number, scratch)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(1)


def _cancelled(signal: int, frame: FrameType | None) -> None:
    raise Cancelled


def _end(pid: int, how: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, how)


def _reap(work: _Work) -> None:
    for number, child in list(work.children.items()):
        if child.cancelled_at and time.monotonic() - child.cancelled_at > _PATIENCE:
            _end(child.pid, signal.SIGKILL)
        pid, status = os.waitpid(child.pid, os.WNOHANG)
        if pid:
            del work.children[number]
            shutil.rmtree(child.scratch, ignore_errors=True)
            with contextlib.suppress(Problem):  # its record was removed
                _after(_told_the_end(runs.read(_HERE, number), child, status))


def _told_the_end(run: WorkflowRun, child: _Child, status: int) -> WorkflowRun:
    """The run, with what its own process could not write any more."""
    if child.cancelled_at and run.conclusion in ("", runs.CANCELLED):
        run = run.ended_as(runs.CANCELLED, now(), child.why)
    elif status and run.state != runs.COMPLETED:
        run = run.ended_as(runs.NEUTRAL, now(), "The course itself broke before it could begin: see forge/runner.log.")
    elif run.ended or run.state != runs.COMPLETED:
        return run
    else:
        run = replace(run, ended=now())
    runs.write(_HERE, run)
    return run


def _after(run: WorkflowRun) -> None:
    """What follows from the end of a run: other workflows may wait for it."""
    depth = int(run.event.get("depth", 0))
    main = ask(forge_git(_HERE), "rev-parse", "--verify", "--quiet", f"refs/heads/{BASE}")
    if run.state == runs.COMPLETED and main and depth < _DEEPEST_CHAIN:
        told = {
            "title": run.title, "branch": run.branch, "event": run.event_name, "conclusion": run.conclusion,
            "subject": run.subject, "depth": depth,
        }  # fmt: skip
        queue(_HERE, happenings.of_completed(told, main))
