"""What `ninesteps run` shows: lists of runs, one run with its jobs and steps, logs. All of it is safe to print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from graders.forge import runs
from graders.forge.checks import failed_in_a_step
from graders.forge.run_words import age, look, look_of, took
from graders.picture import Pipelines, State
from graders.reports.pipeline_graph import as_text
from graders.reports.safe_text import cut, one_line
from graders.runners.workflow.picture import drawn
from graders.runners.workflow.record import JobRun

if TYPE_CHECKING:
    from graders.forge.looks import Look
    from graders.forge.runs import WorkflowRun

_MOST_STEPS = 60
_SUBJECT, _NAME = 40, 30
_REST = {runs.IN_PROGRESS: State.RUNNING, runs.QUEUED: State.QUEUED, runs.WAITING: State.QUEUED}


def list_lines(found: Sequence[WorkflowRun]) -> Iterator[str]:
    """A line for each run: how it stands, its id, what it is about, its workflow, branch and event, its age."""
    rows = [
        (
            look(run), f"run {run.id}", one_line(run.subject, _SUBJECT), one_line(run.title, _NAME),
            one_line(run.branch, _NAME), one_line(run.event_name), took(run), age(run.created),
        )
        for run in found
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def look_lines(look: Look) -> Iterator[str]:
    """Why an event started nothing."""
    yield f"{one_line(look.about, 120)} started nothing:"
    for skip in look.skipped[:10]:
        yield f"  {one_line(skip.where, 120)}: {one_line(skip.reason, 300)}"


def view_lines(run: WorkflowRun, width: int, encoding: str) -> Iterator[str]:
    """One run: what it is of, its jobs as a picture in text, their steps, and what to do next."""
    yield f"{look(run)}  {one_line(run.subject, 100)}"
    about = f"Run {run.id} of {one_line(run.title, 60)}, for {_for(run)}, commit {run.head[:7]}, {age(run.created)}"
    yield about + (f", took {took(run)}" if run.ended and run.started else "")
    if run.why:
        yield one_line(run.why, 600)
    if run.planned:
        rest = State.CANCELLED if run.conclusion == runs.CANCELLED else _REST.get(run.state, State.NOT_RUN)
        jobs = [*run.jobs, *_behind(run)] if rest is State.RUNNING else run.jobs
        picture = Pipelines(f"Run {run.id}", (drawn(run.title, run.planned, jobs, rest=rest),))
        yield ""
        yield from as_text(picture, width=width, encoding=encoding).splitlines()
    yield from _steps(run.jobs)
    yield from _annotations(run.jobs)
    if run.artifacts:
        yield ""
        yield "Artifacts"
        for one in run.artifacts:
            yield f"  {one_line(one.name, 60)}: {_counted(one.files, 'file')}, {_size(one.size)}"
    yield ""
    yield from _next(run)


def log_lines(run: WorkflowRun, jobs: Sequence[JobRun], *, failed: bool) -> Iterator[str]:
    """What the steps printed, each line after its job and step, as in gh; with `failed` those of failed steps alone."""
    for job in jobs:
        for step in job.steps:
            if not failed or step.outcome == "failure":
                for line in step.log:
                    yield f"{one_line(_title(job), 60)}\t{one_line(step.name, 60)}\t{_log_line(line)}"


def named_jobs(jobs: Sequence[JobRun], name: str) -> list[JobRun]:
    """The jobs that `name` may mean: by id or name, a leg of a matrix by `test (3.12)`."""
    wanted = name.strip().lower()
    return [job for job in jobs if wanted in (job.id.lower(), job.name.lower(), _title(job).lower())]


def _for(run: WorkflowRun) -> str:
    if run.pull is not None:
        return f"pull request #{run.pull} ({one_line(run.branch, 60)})"
    if run.event_name == "push":
        return f"a push to {one_line(run.branch, 60)}"
    return f"{one_line(run.event_name)} on {one_line(run.branch, 60)}"


def _behind(run: WorkflowRun) -> Iterator[JobRun]:
    """The jobs of a run under way that can't have begun, since nothing is known yet of what they need."""
    told = {job.id for job in run.jobs}
    return (
        JobRun(one.id, one.text, {}, runs.QUEUED) for one in run.planned if set(one.needs) - told and one.id not in told
    )


def _steps(jobs: Sequence[JobRun]) -> Iterator[str]:
    """The steps of each job; where there are very many, only those of jobs that failed."""
    many = sum(len(job.steps) for job in jobs) > _MOST_STEPS
    for job in jobs:
        if job.steps and (not many or job.result == "failure"):
            yield ""
            yield one_line(_title(job), 80)
            for step in job.steps[:_MOST_STEPS]:
                after = ", but the job goes on" if step.outcome != step.result else ""
                yield f"  {look_of(step.outcome):<12} {one_line(step.name, 80)}{after}"


def _annotations(jobs: Sequence[JobRun]) -> Iterator[str]:
    found = [(job, step, one) for job in jobs for step in job.steps for one in step.annotations]
    if found:
        yield ""
        yield "Annotations"
    for job, step, one in found[:20]:
        place = f"{one.file}:{one.line}".strip(":")
        stood = f"{one_line(_title(job), 60)}, {one_line(step.name, 60)}"
        yield f"  {one_line(f'{one.level} {place}', 100)}: {one_line(one.message, 300)} ({stood})"


def _next(run: WorkflowRun) -> Iterator[str]:
    if run.state == runs.WAITING:
        names = one_line(", ".join(dict.fromkeys(run.waiting.values())), 80)
        yield f"To let it go on to {names}: ninesteps run approve {run.id}. To refuse: ninesteps run reject {run.id}"
    elif run.state != runs.COMPLETED:
        yield f"To wait for its end: ninesteps run watch {run.id}"
    elif not run.planned:
        yield "Mend the file, commit, and push again."
    elif run.conclusion in (runs.NEUTRAL, runs.CANCELLED) or (
        not failed_in_a_step(run) and run.conclusion == runs.FAILURE
    ):
        yield f"To run it again: ninesteps run rerun {run.id}"
    elif run.conclusion == runs.FAILURE:
        yield f"What the failed steps said: ninesteps run view {run.id} --log-failed"
    else:
        yield f"What the steps said: ninesteps run view {run.id} --log"
    if run.artifacts:
        yield f"To have the artifacts: ninesteps run download {run.id}"


def _title(job: JobRun) -> str:
    values = ", ".join("…" if isinstance(value, dict | list) else str(value) for value in job.matrix.values())
    return f"{job.id} ({values})" if values else job.id


def _log_line(line: str) -> str:
    """A line with its indentation, since programs' output leans on it."""
    return line[: len(line) - len(line.lstrip(" "))][:80] + one_line(line, 4_000)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _size(size: int) -> str:
    return f"{size / 1024:.0f} KB" if size >= 10_240 else cut(f"{size} bytes", 20)
