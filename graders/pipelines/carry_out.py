"""Carry out one run, in the sandbox, and keep what it did. A run that waits is gone on with when it is called again."""

from __future__ import annotations

import os
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from graders.evidence.git_command import Git
from graders.forge import runs
from graders.forge.git_calls import forge_git
from graders.forge.pull import BASE
from graders.forge.run_record import caches_for, keep_caches, keep_record, read_record
from graders.forge.runs import WorkflowRun
from graders.forge.settings import SECRETS, VARIABLES, read_settings
from graders.pipelines.queueing import now
from graders.problems import Problem
from graders.runners.workflow.events import Event
from graders.runners.workflow.gated import Scope, Stage, run_approved, run_until_approval
from graders.runners.workflow.plan import plan_of, workflow_files
from graders.runners.workflow.record import JobRun
from graders.runners.workflow.run import Finished
from graders.workspace.home import cache_dir

_COPIED = ("refs/heads/*", "refs/tags/*", "refs/pull/*", "refs/runs/*")


class Cancelled(BaseException):
    """Somebody has ended this run."""


def carry_out(origin: Path, number: int, scratch: Path) -> None:
    """Run what is queued, or what was approved of what waited; `scratch` is an empty folder of ours.

    Whatever happens, the record says it in the end, unless this process itself is killed.
    """
    run = runs.read(origin, number)
    from filelock import FileLock

    with FileLock(runs.folder_of(origin, number) / "owner.lock", timeout=20):
        (runs.folder_of(origin, number) / "owner").write_text(str(os.getpid()), encoding="utf-8")
        run = replace(run, state=runs.IN_PROGRESS, started=run.started or now())
        runs.write(origin, run)
        try:
            ended = _ended(origin, run, scratch)
        except Cancelled:
            ended = run.ended_as(runs.CANCELLED, now())
        except Problem as problem:
            ended = run.ended_as(runs.NEUTRAL, now(), f"It could not be run here. {problem}")
        except Exception as defect:  # the course's own, which must not look like the learner's
            traceback.print_exc()
            what = f"{type(defect).__name__}: {str(defect)[:200]}"
            log = origin.resolve() / "forge" / "runner.log"
            why = f"The course itself broke ({what}): please report what {log} says."
            ended = run.ended_as(runs.NEUTRAL, now(), why)
        runs.write(origin, ended)


def _ended(origin: Path, run: WorkflowRun, scratch: Path) -> WorkflowRun:
    """The run after as much as can be done now."""
    git = Git(scratch)
    git.fetch(str(origin.resolve()), [f"+{ref}:{ref}" for ref in _COPIED])
    told = {name: run.event[name] for name in ("name", "ref", "commit", "payload")}
    event = Event(**told)
    if cannot := plan_of(workflow_files(git, event.commit), run.path).cannot:
        return run.ended_as(runs.NEUTRAL, now(), f"It can't be run here: {cannot}.")
    scopes = _cache_scopes(event)
    caches = caches_for(origin, scopes)
    secrets, variables = read_settings(origin, SECRETS), read_settings(origin, VARIABLES)
    environments = (secrets.keys() | variables.keys()) - {""}
    options: dict[str, Any] = {
        "cache": cache_dir(), "refs": _refs(origin), "secrets": secrets.get("", {}), "variables": variables.get("", {}),
        "caches": caches,
        "scopes": {name: Scope(secrets.get(name, {}), variables.get(name, {})) for name in environments},
    }  # fmt: skip
    if run.reviews or run.waiting:
        stage = _stage(origin, run)
        approved = [one.job for one in run.reviews if one.state == "approved" and one.job in stage.waiting]
        rejected = [one.job for one in run.reviews if one.state == "rejected" and one.job in stage.waiting]
        stage = run_approved(git, run.path, event, stage, approved=approved, rejected=rejected, **options)
    else:
        stage = run_until_approval(git, run.path, event, **options)
    keep_caches(origin, scopes[0], caches, stage.run.caches)
    finished = {job: asdict(one) for job, one in stage.finished.items()}
    artifacts = keep_record(origin, run.id, stage.run, {"finished": finished})
    run = replace(run, jobs=stage.run.jobs, artifacts=artifacts, waiting={})
    if stage.waiting:
        return replace(run, state=runs.WAITING, waiting=dict(stage.waiting))
    return _concluded(run, stage)


def _concluded(run: WorkflowRun, stage: Stage) -> WorkflowRun:
    results = {job.result for job in stage.run.jobs}
    if trouble := stage.run.trouble:
        # What the run brought about, by going on for ever, by filling the disk and the like, is told of as “it …”.
        if trouble.startswith("it "):
            return run.ended_as(runs.FAILURE, now(), f"It was stopped: {trouble}.")
        return run.ended_as(runs.NEUTRAL, now(), f"It can't be run here: {trouble}. {stage.run.mend}".strip())
    if "failure" in results:
        return run.ended_as(runs.FAILURE, now())
    return run.ended_as(runs.SUCCESS if "success" in results else runs.SKIPPED, now())


def _stage(origin: Path, run: WorkflowRun) -> Stage:
    record, more = read_record(origin, run)
    waiting = {job.id: _environment(run, job) for job in record.jobs if job.result == "waiting"}
    finished = {job: Finished(**one) for job, one in more.get("finished", {}).items()}
    return Stage(record, waiting, finished)


def _environment(run: WorkflowRun, job: JobRun) -> str:
    reviewed = {one.job: one.environment for one in run.reviews}
    return run.waiting.get(job.id) or reviewed.get(job.id, "")


def _cache_scopes(event: Event) -> Sequence[str]:
    """Whose caches a run sees: its own ref's, its base's, and those of the default branch."""
    request: Mapping[str, Any] = event.payload.get("pull_request") or {}
    base = (request.get("base") or {}).get("ref", BASE)
    return list(dict.fromkeys([event.ref, f"refs/heads/{base}", f"refs/heads/{BASE}"]))


def _refs(origin: Path) -> dict[str, str]:
    listed = str(forge_git(origin).for_each_ref("--format=%(refname) %(objectname)", "refs/heads/", "refs/tags/"))
    return dict(line.split(" ", 1) for line in listed.splitlines())
