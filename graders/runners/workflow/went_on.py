"""Why production begins although something before it failed: by what the record of that run says, then by the file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from graders.evidence.workflow.expression import ExpressionProblem
from graders.evidence.workflow.model import Step, Where
from graders.evidence.workflow.shells import run_settings
from graders.evidence.workflow.template import condition
from graders.runners.workflow.deployments import Deed, Deployments, Job, how_to_wait
from graders.runners.workflow.record import ActionCall, JobRun
from graders.runners.workflow.scenario import Outcome

_SHELL = "https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell"


@dataclass(frozen=True, slots=True)
class WentOn:
    """A cause: a short name, where the file has it, what it is (a sentence's middle), and what mends it."""

    mistake: str
    where: str
    found: str
    next: str


def why_it_went_on(outcome: Outcome, deployments: Deployments, failing: Iterable[Deed], production: Job) -> WentOn:
    """The cause in `outcome`, where the `failing` deeds of the good run fail; `production` is the job that begins."""
    deeds = tuple(failing)
    for deed in deeds:
        if found := _hidden(outcome, deed):
            return found
    for deed in deeds:
        if deed.job == production:
            return WentOn(
                "one job for both", production.where, f"`{production.id}` does both",
                "Give production a job of its own, with `needs:` on staging's.",
            )  # fmt: skip
        if not deployments.comes_after(production, deed.job):
            return WentOn(
                "production does not wait for it", production.where,
                f"`{production.id}` does not need `{deed.job.id}`, where that happens",
                how_to_wait(production, deed.job),
            )  # fmt: skip
    return _started_anyway(production)


def job_that_may_fail(deed: Deed) -> WentOn | None:
    """The job's own `continue-on-error`, by the file alone: act does not mind it. Other jobs start as after a success.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idcontinue-on-error
    """
    asked = deed.job.chain[-1].job.continue_on_error if deed.job.chain else None
    if asked is None or asked.boolean is False:
        return None
    return WentOn(
        "continue-on-error", str(asked.where),
        f"the job `{deed.job.id}` may fail, as its `continue-on-error` says, and those that need it start all the same",
        "Take `continue-on-error` out of that job.",
    )  # fmt: skip


def _hidden(outcome: Outcome, deed: Deed) -> WentOn | None:
    """How the failure stays unseen in its own job."""
    run, step = _run_of(outcome, deed.job), deed.step
    if run is None or not deed.job.chain:
        return None
    found = next((one for one in run.steps if step and one.number == step.number), None)
    if found and step and found.outcome == "success":
        return _swallowed(deed, step)
    if found and step and found.result == "success":
        return WentOn(
            "continue-on-error", str(step.continue_on_error.where if step.continue_on_error else step.where),
            f"the step “{step.title[:60]}” fails, and its `continue-on-error` makes that count as a success",
            "Take `continue-on-error` out of that step.",
        )  # fmt: skip
    return None


def _swallowed(deed: Deed, step: Step) -> WentOn:
    where, title = str(step.where), f"the step “{step.title[:60]}”"
    if isinstance(deed.made_by, ActionCall) or step.run is None:
        return WentOn("failure swallowed", where, f"{title} stays green", "Let the step fail where its command does.")
    if deed.made_by.tool == "curl" and "-f" not in deed.made_by.argv and "||" not in step.run.value:
        return WentOn(
            "curl without --fail", where, f"{title} calls `curl`, for which an answer of 503 is a success like any other",
            "Give `curl` the option `--fail`: then an answer of 400 or more is a failure.",
        )  # fmt: skip
    text, link = step.run.value, deed.job.chain[-1]
    settings = run_settings(link.workflow, link.job, step)
    cause = ""
    if re.search(r"\|\|", text):
        cause = "`||` takes the failure up"
    elif re.search(r"^\s*set \+e", text, re.MULTILINE) or settings.stops_at_failure is False:
        cause = "the shell does not stop at a failing command"
    elif "|" in text and not settings.pipefail:
        cause = f"in a pipe only the last command counts, unless `shell: bash` is set ({_SHELL})"
    elif re.search(r"exit 0", text):
        cause = "`exit 0` hides it"
    return WentOn(
        "failure swallowed", where, f"{title} ends green all the same" + (f": {cause}" if cause else ""),
        "Let the step fail where the command in it does.",
    )  # fmt: skip


def _started_anyway(production: Job) -> WentOn:
    for link in production.chain:
        if link.job.if_ is not None and _names_status(link.job.if_.value):
            return WentOn(
                "starts after a failure too", str(link.job.if_.where),
                f"`if: {link.job.if_.value[:80]}` lets `{production.id}` start whatever has failed before it",
                "Take the `if:` out: a job starts only where all that it needs is green.",
            )  # fmt: skip
    where = production.chain[-1].job.where if production.chain else Where(production.path, 1)
    return WentOn(
        "starts after a failure too", str(where), f"`{production.id}` starts all the same",
        "Let it `needs:` the job that deploys to staging and tests it, with no `if:` of its own.",
    )  # fmt: skip


def _names_status(text: str) -> bool:
    try:
        return condition(text).names_status
    except ExpressionProblem:
        return False


def _run_of(outcome: Outcome, job: Job) -> JobRun | None:
    return next((run for flow, run in outcome.jobs if (flow.path, run.id) == (job.path, job.id)), None)
