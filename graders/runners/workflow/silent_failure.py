"""Steps of which a failure says nothing about the workflow: it is ours, or act's, and playing it again tells.

Seen about once in two thousand runs on a busy machine: a checkout of the commit itself fails, with nothing said.
"""

from __future__ import annotations

from graders.evidence.workflow.model import Job, Step, UsesKind
from graders.runners.workflow.plan import Plan
from graders.runners.workflow.record import Run, StepRun


def failed_by_itself(run: Run, plan: Plan) -> bool:
    """Whether an action's stand-in failed that gave no reason, or one that can't fail: each of them says why it fails."""
    return any(
        step_run.outcome == "failure" and step is not None and _has_no_reason(step_run, step)
        for job_run in run.jobs
        for step_run in job_run.steps
        for step in [_step(plan.jobs.get(job_run.id), step_run.number)]
    )


def _step(job: Job | None, number: int) -> Step | None:
    return job.steps[number - 1] if job and 0 < number <= len(job.steps) else None


def _has_no_reason(step_run: StepRun, step: Step) -> bool:
    if step.uses is None or step.uses.kind is not UsesKind.ACTION:
        return False
    of_the_commit = step.uses.repository.lower() == "actions/checkout" and not step.with_
    return of_the_commit or not any(note.level == "error" for note in step_run.annotations)
