"""The required check of a pull request: the learner's own workflows, run for its head.

https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches/about-protected-branches#require-status-checks-before-merging
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from graders.forge import inbox, looks, runs
from graders.forge.git_calls import ask, forge_git
from graders.forge.pull import Pull
from graders.forge.runs import WorkflowRun
from graders.problems import Problem
from graders.reports.safe_text import one_line

_EVENTS = ("push", "pull_request", "pull_request_target")
_PASSING = (runs.SUCCESS, runs.SKIPPED, runs.NEUTRAL)
_PAUSE = 0.2  # seconds


@dataclass(frozen=True, slots=True)
class Checks:
    """The newest run of each workflow for a pull request's head, for each event. `skip` says why none was started.

    `unread` says that something was pushed that the forge has not looked at yet.
    """

    runs: tuple[WorkflowRun, ...] = ()
    unread: bool = False
    skip: str = ""

    @property
    def pending(self) -> tuple[WorkflowRun, ...]:
        return tuple(run for run in self.runs if run.state != runs.COMPLETED)

    @property
    def failed(self) -> tuple[WorkflowRun, ...]:
        return tuple(run for run in self.runs if run.state == runs.COMPLETED and run.conclusion not in _PASSING)

    @property
    def neutral(self) -> tuple[WorkflowRun, ...]:
        """Those that could not be run here."""
        return tuple(run for run in self.runs if run.conclusion == runs.NEUTRAL)


def checks_of(origin: Path, pull: Pull) -> Checks:
    """How the checks of a pull request stand. Runs that nobody is at work on are taken up again."""
    unread = bool(inbox.notes(origin)) and pull.merge is None
    newest: dict[tuple[str, str], WorkflowRun] = {}
    for run in runs.read_all(origin):
        if run.head == pull.sha and run.event_name in _EVENTS and run.pull in (None, pull.number):
            newest.setdefault((run.path, run.event_name), run)
    found = tuple(sorted(newest.values(), key=lambda run: run.id))
    if unread or any(run.state == runs.QUEUED for run in found):
        inbox.start_runner(origin)
    return Checks(found, unread, "" if found else _skip(origin, pull.sha))


def wait_for_checks(origin: Path, pull: Pull, tell: Callable[[str], None] = lambda now: None) -> Checks:
    """The checks, when none of them runs any more: they have ended, or wait for an approval."""
    while True:
        checks = checks_of(origin, pull)
        going = [run for run in checks.pending if run.state != runs.WAITING]
        if not checks.unread and not going:
            return checks
        tell(f"Waiting for {', '.join(sorted({one_line(run.title, 40) for run in going})) or 'CI to look at it'}")
        time.sleep(_PAUSE)


def require_checks(origin: Path, pull: Pull, checks: Checks) -> tuple[str, ...]:
    """Sentences about checks that stand in nobody's way. Raises Problem where one has not passed, in GitHub's words."""
    if checks.unread:
        raise Problem(
            f"Pull request #{pull.number} is not mergeable yet: the forge has not looked at its workflows so far.",
            "Try again in a moment, or add --auto, and it waits for them.",
        )
    for run in checks.failed:
        raise Problem(
            f"Pull request #{pull.number} is not mergeable: the required status check “{check_name(run)}” "
            f"{_how_it_failed(run)}",
            _what_next(run),
        )
    for run in checks.pending:
        if run.state == runs.WAITING:
            names = ", ".join(dict.fromkeys(run.waiting.values()))
            raise Problem(
                f"Pull request #{pull.number} is not mergeable yet: its check “{check_name(run)}” waits for an approval "
                f"of {one_line(names, 100)}.",
                f"Give it, or not: ninesteps run approve {run.id}, ninesteps run reject {run.id}. A job that deploys "
                "belongs to pushes to main: `if: github.ref == 'refs/heads/main'`.",
            )
        raise Problem(
            f"Pull request #{pull.number} is not mergeable yet: the required status check “{check_name(run)}” is "
            f"{'in progress' if run.state == runs.IN_PROGRESS else 'queued'}.",
            f"Wait for it: ninesteps run watch {run.id}. Or let it merge by itself once it has passed: "
            f"ninesteps pr merge {pull.number} --auto, with the way to merge.",
        )
    if checks.skip:
        raise Problem(
            f"Pull request #{pull.number} is not mergeable: its check is expected and was never started. {checks.skip}",
            "Commit and push once more without these words: git commit --amend, git push --force-with-lease",
        )
    notes = [f"CI could not run {check_name(run)} here, so that says nothing: {run.why}" for run in checks.neutral]
    if not checks.runs and has_workflows(origin, pull.sha):
        notes.append("No workflow ran for this pull request: none of them listens to it, or to pushes of its branch.")
    return tuple(notes)


def check_name(run: WorkflowRun) -> str:
    """As GitHub lists it: `CI (pull_request)`."""
    return f"{one_line(run.title, 60)} ({run.event_name})"


def first_failure(run: WorkflowRun) -> tuple[str, str]:
    """The first job that failed, and the step in which it did, or why it failed without one (each may be empty)."""
    for job in run.jobs:
        if job.result == "failure":
            step = next(
                (f"the step “{one_line(step.name, 60)}” failed" for step in job.steps if step.result == "failure"), ""
            )
            return one_line(job.id, 60), step or one_line(job.why, 100)
    return "", ""


def failed_in_a_step(run: WorkflowRun) -> bool:
    """Whether a log says why it failed."""
    return any(step.outcome == "failure" for job in run.jobs for step in job.steps)


def has_workflows(origin: Path, commit: str) -> bool:
    """Whether a commit has a file that may be a workflow."""
    listed = ask(forge_git(origin), "ls-tree", "--name-only", commit, ".github/workflows/")
    return any(name.endswith((".yml", ".yaml")) for name in listed.splitlines())


def _how_it_failed(run: WorkflowRun) -> str:
    if run.conclusion == runs.CANCELLED:
        return f"was cancelled. {run.why}".strip()
    job, how = first_failure(run)
    if not job:
        return f"is failing. {run.why}".strip()
    return f"is failing: in the job `{job}`, {how}." if how else f"is failing: the job `{job}` failed."


def _what_next(run: WorkflowRun) -> str:
    if run.conclusion == runs.CANCELLED or (run.jobs and not failed_in_a_step(run)):
        return f"Run it again: ninesteps run rerun {run.id}. Or change it and push: the pull request moves along."
    if not run.jobs:
        return "Mend the file, commit and push: the pull request moves along."
    return (
        f"See what it said: ninesteps run view {run.id} --log-failed. Mend it and push: the pull request moves along."
    )


def _skip(origin: Path, head: str) -> str:
    """Why nothing was started, if it was the message that said so; GitHub's required check then waits for ever."""
    about = [look for look in looks.read_looks(origin) if look.head == head]
    reasons: Iterable[str] = (skip.reason for look in about for skip in look.skipped)
    return next((reason for reason in reasons if reason.startswith("The commit message says")), "")
