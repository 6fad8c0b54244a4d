"""Why a delivery happened although a check failed: the reason by its name, for the feedback."""

from __future__ import annotations

from collections.abc import Iterator

from graders.evidence.workflow.expression import ExpressionProblem, calls
from graders.evidence.workflow.model import Job, Text, Workflow
from graders.evidence.workflow.template import condition
from graders.runners.workflow.delivery import Delivery
from graders.runners.workflow.scenario import Failing, Outcome
from graders.runners.workflow.unnoticed import Reason

_WHATEVER = frozenset(("always", "failure", "cancelled"))


def why_delivered(delivery: Delivery, outcome: Outcome) -> Reason:
    """The reason, the likeliest first; `outcome` is red."""
    start, job = delivery.job.start, delivery.job.in_start
    failing = [one for one in outcome.failing if one.workflow.path == start.path]
    named, where, id = delivery.named, str(delivery.where), delivery.job.run.id
    if not failing:
        return _in_another_workflow(delivery, outcome)
    for text in _conditions(delivery):
        if _asks(text, _WHATEVER):
            return Reason(
                "delivers always", f"{_upper(named)} runs whatever came before: `if: {text.value.strip()[:60]}`.",
                "Take that `if:` out, or let it ask for `success()` too.", str(text.where), id,
            )  # fmt: skip
    same = next((one for one in failing if one.job_run.id == delivery.job.run.id), None)
    if same is not None and same.step_run and delivery.played and delivery.played.run.number < same.step_run.number:
        return Reason(
            "tests after the delivery", f"{_upper(named)} stands before “{same.step_run.name[:60]}”: it has delivered by then.",
            "Put the step behind the checks, or into a job that `needs` theirs.", where, id,
        )  # fmt: skip
    if same is not None:
        return Reason("delivers all the same", f"{_upper(named)} delivers, and its job fails.",
                      "Let the delivery be the last step, in a job of its own.", where, id)  # fmt: skip
    return _without_needs(delivery, start, job, failing)


def _without_needs(delivery: Delivery, start: Workflow, job: Job, failing: list[Failing]) -> Reason:
    named, id = _upper(delivery.named), delivery.job.run.id
    checks = sorted({one.job.id for one in failing if one.job and one.job.id != job.id})
    waiting = {one.lower() for one in _waits_for(start, job)}
    missing = [one for one in checks if one.lower() not in waiting] or checks
    listed = ", ".join(f"`{one}`" for one in missing)
    if job.needs:
        what = f"{named} waits for {_list(job)}, and not for {listed}, which fails."
        return Reason("needs the wrong job", what, f"Name it too: `needs: [{', '.join([*_names(job), *missing])}]`.",
                      str(job.needs[0].where), id)  # fmt: skip
    return Reason(
        "needs missing", f"{named} waits for no other job, and so runs beside {listed}, which fails.",
        f"Let its job wait: `needs: [{', '.join(missing)}]`.", str(job.where), id,
    )  # fmt: skip


def _in_another_workflow(delivery: Delivery, outcome: Outcome) -> Reason:
    start, named, id = delivery.job.start, _upper(delivery.named), delivery.job.run.id
    trigger = start.trigger("workflow_run")
    if trigger is not None:
        return Reason(
            "workflow_run without asking", f"{named} starts when the checks have ended, whether or not they passed.",
            "Ask for it: `if: github.event.workflow_run.conclusion == 'success'`.", str(trigger.where), id,
        )  # fmt: skip
    other = outcome.failing[0].workflow.path
    return Reason(
        "delivery in another workflow", f"{named} is in a workflow of its own, which does not wait for `{other}`.",
        "Put it into the same workflow, in a job that `needs` the checks.", str(delivery.where), id,
    )  # fmt: skip


def _conditions(delivery: Delivery) -> Iterator[Text]:
    step = delivery.played.step if delivery.played else None
    for text in (step.if_ if step else None, delivery.job.job.if_, delivery.job.in_start.if_):
        if text is not None:
            yield text


def _asks(text: Text, functions: frozenset[str]) -> bool:
    try:
        return calls(condition(text.value).expression, functions)
    except ExpressionProblem:
        return False


def _waits_for(workflow: Workflow, job: Job) -> set[str]:
    found: set[str] = set()
    waiting = _names(job)
    while waiting:
        name = waiting.pop()
        other = workflow.job(name)
        if other is not None and other.id not in found:
            found.add(other.id)
            waiting += _names(other)
    return found


def _names(job: Job) -> list[str]:
    return [one.value for one in job.needs]


def _list(job: Job) -> str:
    return ", ".join(f"`{name}`" for name in _names(job))


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]
