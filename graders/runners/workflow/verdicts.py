"""Verdicts that every step about workflows gives in the same words: no workflow, one that GitHub refuses, a run not green."""

from __future__ import annotations

import re

from graders.criterion import Verdict, cannot_check, failed
from graders.evidence.workflow.read import FOLDER
from graders.runners.workflow.record import StepRun
from graders.runners.workflow.scenario import Failing, Outcome
from graders.runners.workflow.work import PipelineWork

_MOST_SAID = 160
_PACKAGE = re.compile(
    r"(?:No matching distribution found for|Because there (?:is|are) no versions? of|Because only) (\S+)"
    r"|Because (\S+) was not found in the (?:cache|provided package locations)"
)
_NETWORK = re.compile(
    r"Could not resolve host|Network is unreachable|Temporary failure in name resolution|Name or service not known|EAI_AGAIN"
    r"|Failed to establish a new connection|network connectivity is disabled"
)
_EXIT = re.compile(r"exit status \d+")  # act's own last word, which tells nothing


def unreadable(work: PipelineWork) -> Verdict | None:
    """Why nothing can start here: there is no workflow, or a file that is none, or one that GitHub refuses. Else None."""
    expected = f"a workflow in `{FOLDER}/` that GitHub would run"
    ran = [f"git ls-tree -r --name-only {work.commit.short} -- .github"]
    if work.unread:
        file = work.unread[0]
        return failed(
            f"{file.problem.found}", expected=expected, where=_place(file.path, file.problem), ran=ran,
            mistake="unreadable workflow", next=file.problem.next or "Mend the file, and check again.",
        )  # fmt: skip
    if work.workflows:
        refused = [finding for workflow in work.workflows for finding in workflow.refused]
        if not refused:
            return None
        first = refused[0]
        return failed(
            f"GitHub would refuse this file: {first.what}", expected=expected, where=str(first.where), next=first.next,
            mistake="refused workflow", ran=["actionlint"],
        )  # fmt: skip
    elsewhere = sorted(
        path for path in work.files
        if path.endswith((".yml", ".yaml")) and (path.startswith((".github/", "workflows/")) or ".github" in path)
    )  # fmt: skip
    if elsewhere and not work.untouched:
        return failed(
            f"`{elsewhere[0]}` is not where GitHub looks: it reads `.yml` and `.yaml` files right in `{FOLDER}/`.",
            expected=expected, where=elsewhere[0], mistake="workflow in another folder", ran=ran,
            next=f"Move it: `git mv {elsewhere[0]} {FOLDER}/`, and commit.",
        )  # fmt: skip
    seen = "no commit of yours yet" if work.untouched else f"no workflow in your commit {work.commit.short}"
    return failed(
        f"There is {seen}: what is only in your folder counts for nobody but you.", expected=expected, ran=ran,
        where=work.branch, mistake="no workflow",
        next=f"Write `{FOLDER}/ci.yml`, then `git add .github` and `git commit`.",
    )  # fmt: skip


def _place(path: str, problem: Exception) -> str:
    line = getattr(problem, "line", 0)
    return f"{path}:{line}" if line else path


def not_green(outcome: Outcome, *, expected: str) -> Verdict | None:
    """Why an outcome that should be green is not; None where it is. `cannot_check` where it proves nothing either way."""
    if outcome.green:
        return None
    if not any(one.run.trouble for one in outcome.started) and outcome.unserved:
        return _unserved(outcome, expected=expected)
    if outcome.trouble:
        return cannot_play(outcome)
    event = outcome.scenario.named
    if not outcome.started:
        return not_started(outcome, expected=expected)
    failing = outcome.failing
    if not failing:
        return failed(
            f"On {event}, no job ran: all of them were skipped.", expected=expected, mistake="all skipped", ran=ran(outcome),
            where=outcome.started[0].workflow.path, next="Look at the `if:` of the jobs: what does it ask for?",
        )  # fmt: skip
    first = next((one for one in failing if one.step_run), failing[0])  # a job that calls a workflow has no steps
    if missing := not_here(first.step_run):
        return cannot_check(
            f"On {event}, {first.named} asks for {missing}, which can't be had here: runs have no network.",
            next="With what the service's lock files name, and the usual linters, it can be run here.", where=first.where,
        )  # fmt: skip
    said = last_words(first.step_run)
    return failed(
        f"On {event}, {first.named} fails with your code as it is" + (f": {said}" if said else "."),
        expected=expected, where=first.where, ran=ran(outcome), mistake="red on good code",
        next=_mend(first), marks=[first.job_run.id],
    )  # fmt: skip


def _unserved(outcome: Outcome, *, expected: str) -> Verdict:
    """That a job ends before its steps, as a service of its does not start."""
    first = next(one for one in outcome.failing if one.job_run.unserved)
    why = first.job_run.why.rstrip(".")
    services = first.job.services.items() if first.job else ()
    where = next((str(service.where) for name, service in services if f"service `{name}`" in why), first.where)
    return failed(
        f"On {outcome.scenario.named}, {first.named} ends before its steps: {why}.", expected=expected, where=where,
        ran=ran(outcome), mistake="service does not start", marks=[first.job_run.id],
        next="Start the image yourself with the same `env` and `options` (`docker run`): what does it say, and what its check?",
    )  # fmt: skip


def not_started(outcome: Outcome, *, expected: str, next: str = "") -> Verdict:
    """That the event starts nothing, with the reason that each workflow gives."""
    event = outcome.scenario.named
    if not outcome.skipped:
        return failed(f"There is no workflow for {event}.", expected=expected, where=FOLDER, ran=["actionlint"],
                      mistake="no workflow", next=next or "Add one with `on: [push, pull_request]`.")  # fmt: skip
    _, skip = outcome.skipped[0]
    return failed(
        f"{event[0].upper()}{event[1:]} starts nothing. {skip.reason}", expected=expected, where=str(skip.where),
        mistake="not started", next=next or "Change what stands under `on:`.", ran=[f"git show HEAD:{skip.where.path}"],
    )  # fmt: skip


def cannot_play(outcome: Outcome) -> Verdict:
    """That a run proves nothing: something that it needs is not here."""
    next = "`ninesteps doctor` says what is missing; a job on `ubuntu-latest` without containers can be run anywhere."
    if outcome.mend:
        next = outcome.mend
    elif "did not end" in outcome.trouble:
        next = "Does a step wait for something that never comes? Where the machine was only busy, check again."
    return cannot_check(
        f"This workflow can't be run here: {outcome.trouble}.",
        next=next,
        where=outcome.started[0].workflow.path if outcome.started else "",
    )


def ran(outcome: Outcome) -> list[str]:
    """What a learner can run to see the same."""
    return [f"act {outcome.scenario.event.replace('tag', 'push')} -W {one.workflow.path}" for one in outcome.started]


def not_here(step: StepRun | None) -> str:
    """What a failed step wanted from the network and could not get, as the end of a sentence; else empty."""
    said = " ".join(" ".join(step.log).split()) if step else ""
    if package := _PACKAGE.search(said):
        name = re.split(r"[=<>~!\[ ;]", package[1] or package[2])[0]
        return f"the package `{name[:60]}`"
    return "the network" if _NETWORK.search(said) else ""


def last_words(step: StepRun | None) -> str:
    """The line of a step's log that says most, in one line; it may be cut, so that no verdict rests on it."""
    if step and (errors := [one.message for one in step.annotations if one.level == "error" and one.message.strip()]):
        return " ".join(errors[-1].split())[:_MOST_SAID]
    lines = [line.strip() for line in (step.log if step else ()) if line.strip() and not _EXIT.fullmatch(line.strip())]
    telling = [line for line in lines if line.lower().startswith(("e ", "error", "failed", "fatal"))] or lines
    return telling[-1][:_MOST_SAID] if telling else ""


def _mend(failing: Failing) -> str:
    if failing.step and failing.step.run:
        first = next((line.strip() for line in failing.step.run.value.splitlines() if line.strip()), "")
        return f"Run it in a fresh clone and mend what it says: `{first[:80]}`."
    if failing.step and failing.step.uses:
        return f"Look at what `{failing.step.uses.text[:80]}` is given under `with:`."
    return "See the job's log: `ninesteps run view --log-failed` after a push."
