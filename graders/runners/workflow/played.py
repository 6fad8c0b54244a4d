"""What ran beside what the file says: each job's run with its job, each step's run with its step, called workflows' too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graders.evidence.workflow.data_flow import Library
from graders.evidence.workflow.evaluate import evaluate, truthy
from graders.evidence.workflow.expression import ExpressionProblem
from graders.evidence.workflow.model import Job, Step, Text, Where, Workflow
from graders.evidence.workflow.template import whole
from graders.runners.workflow.record import JobRun, StepRun


@dataclass(frozen=True, slots=True)
class PlayedStep:
    """A step's run, and the step where the file has it."""

    run: StepRun
    step: Step | None

    @property
    def ran(self) -> bool:
        """Whether it began: it was not skipped."""
        return self.run.outcome != "skipped"


@dataclass(frozen=True, slots=True)
class PlayedJob:
    """A job's run (one leg of a matrix), the job, and the workflow whose file has it.

    `caller` is the job that calls that workflow, and `start` the workflow that the event started.
    """

    start: Workflow
    workflow: Workflow
    run: JobRun
    job: Job
    caller: Job | None = None

    @property
    def steps(self) -> Iterator[PlayedStep]:
        steps = self.job.steps
        for run in self.run.steps:
            yield PlayedStep(run, steps[run.number - 1] if 0 < run.number <= len(steps) else None)

    @property
    def in_start(self) -> Job:
        """The job of the started workflow that it belongs to: its caller, else itself."""
        return self.caller or self.job

    @property
    def where(self) -> Where:
        return self.job.where


def played_job(start: Workflow, run: JobRun, library: Library) -> PlayedJob | None:
    """The job of a run; `library` holds the workflows that may be called. None where no file has it."""
    caller_id, _, inner_id = run.id.partition(" / ")
    job = start.job(caller_id)
    if job is None or not inner_id:
        return PlayedJob(start, start, run, job) if job else None
    called = library.get(job.uses.path) if job.uses else None
    inner = called.job(inner_id) if called else None
    return PlayedJob(start, called, run, inner, job) if called and inner else None


def may_fail(job: Job, run: JobRun) -> bool:
    """Whether the workflow stays green when this leg of the job fails; act does not mind the job's setting.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idcontinue-on-error
    """
    return _is_true(job.continue_on_error, run)


def _is_true(text: Text | None, run: JobRun) -> bool:
    if text is None or not text.dynamic:
        return bool(text and text.boolean)
    try:
        expression = whole(text.value)
        return bool(expression and truthy(evaluate(expression, {"matrix": dict(run.matrix)})))
    except ExpressionProblem:
        return False
