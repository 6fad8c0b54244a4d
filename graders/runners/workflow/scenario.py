"""What an event sets off in a repository: which workflows start, what each of them does, and what those set off in turn.

A scenario is the learner's commit with a change of ours, and an event on it. `on:` decides which workflows start; a
workflow that waits for others (`workflow_run`) starts when they have ended.
https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graders.evidence.git_command import Git
from graders.evidence.workflow import triggers
from graders.evidence.workflow.model import Job, Step, Workflow
from graders.evidence.workflow.read import read_workflows
from graders.evidence.workflow.triggers import Skip, runs_on
from graders.runners.workflow import events
from graders.runners.workflow.approvals import run_in_stages
from graders.runners.workflow.gated import Stage, run_to_the_end
from graders.runners.workflow.plan import workflow_files
from graders.runners.workflow.played import may_fail
from graders.runners.workflow.record import ActionCall, Artifact, CacheEntry, Call, JobRun, Run, StepRun
from graders.runners.workflow.repository import merge_commit, with_changes
from graders.runners.workflow.run import Answer, Limits

MAIN = "main"
_MOST_IN_TURN = (
    3  # https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#workflow_run
)


@dataclass(frozen=True)
class Scenario:
    """An event: `push` (to `branch`), `pull_request` (from `branch` into main) or `tag` (called `branch`).

    `changes` is what we change in the learner's commit before (path to content, None deletes); `paths` are the changed
    files that path filters see, by default those of `changes`, else every file of the commit. `message` is the newest
    commit's. `secrets`, `variables`, `caches`, `answers` and `damaged` are `run_workflow`'s.

    With `beside_main`, main stays at the learner's commit, and does not have the changed one. With `gates`, the jobs of
    these environments wait, and those in `approvals` are approved, see `approvals.run_in_stages`. Workflows in
    `known_green` (paths) are not run, and count as green for those that wait for them.
    """

    event: str = "push"
    branch: str = MAIN
    changes: Mapping[str, bytes | None] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    message: str = "A change"
    beside_main: bool = False
    gates: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()
    known_green: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    caches: tuple[CacheEntry, ...] = ()
    answers: tuple[Answer, ...] = ()
    damaged: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def named(self) -> str:
        """How a sentence calls it: `a push to main`, `a pull request into main`."""
        return {"push": f"a push to {self.branch}", "tag": f"a push of the tag {self.branch}"}.get(
            self.event, f"a pull request into {MAIN}"
        )


@dataclass(frozen=True, slots=True)
class Started:
    """A workflow that the event started, with what it did, and where jobs wait for approvals, how that grew."""

    workflow: Workflow
    run: Run
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True)
class Failing:
    """A step that ended a job red, or a job that ended so without one; `job` is None where it is a called workflow's."""

    workflow: Workflow
    job_run: JobRun
    job: Job | None = None
    step_run: StepRun | None = None
    step: Step | None = None

    @property
    def where(self) -> str:
        """`file:line` of the step, else of the job, else the file."""
        place = self.step.where if self.step else self.job.where if self.job else self.workflow.path
        return str(place)

    @property
    def named(self) -> str:
        """`the step “Test” of the job test`."""
        job = f"the job `{self.job_run.id}`"
        return f"the step “{self.step_run.name[:60]}” of {job}" if self.step_run else job


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a scenario. `skipped` are the workflows that the event did not start, and why not."""

    scenario: Scenario
    commit: str
    started: tuple[Started, ...] = ()
    skipped: tuple[tuple[Workflow, Skip], ...] = ()

    @property
    def trouble(self) -> str:
        """Why nothing can be said of it (the middle of a sentence), or empty."""
        run = next((one.run.trouble for one in self.started if one.run.trouble), "")
        return run or next((f"in its job `{one.id}`, {one.why}" for one in self.unserved), "")

    @property
    def unserved(self) -> tuple[JobRun, ...]:
        """The jobs that failed before their steps since a service did not start: so none of their checks has run."""
        return tuple(one.job_run for one in self.failing if one.job_run.unserved)

    @property
    def mend(self) -> str:
        """What to do about the trouble, where that is known."""
        return next((one.run.mend for one in self.started if one.run.trouble), "")

    @property
    def green(self) -> bool:
        """Something succeeded, nothing waits, and nothing failed but what may (`continue-on-error`)."""
        results = {job.result for _, job in self.jobs}
        return "success" in results and not results & {"waiting", "not run"} and not self.trouble and not self.failing

    @property
    def red(self) -> bool:
        """Something started and failed, with nothing that can't be relied on: what a required check would refuse."""
        return not self.trouble and bool(self.failing)

    @property
    def failing(self) -> tuple[Failing, ...]:
        """Where it failed, in the order of the runs."""
        return tuple(found for one in self.started for found in _failing(one))

    @property
    def jobs(self) -> Iterator[tuple[Workflow, JobRun]]:
        """Every job's run, with its workflow."""
        return ((one.workflow, job) for one in self.started for job in one.run.jobs)

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call of a played command."""
        return tuple(call for one in self.started for call in one.run.calls)

    @property
    def actions(self) -> tuple[ActionCall, ...]:
        """Every use of an action."""
        return tuple(call for one in self.started for call in one.run.actions)

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """Every uploaded artifact."""
        return tuple(artifact for one in self.started for artifact in one.run.artifacts)

    @property
    def caches(self) -> tuple[CacheEntry, ...]:
        """The cache as it stands after it: for `caches` of the next scenario."""
        return tuple({entry.key: entry for one in self.started for entry in one.run.caches}.values())


def _failing(started: Started) -> Iterator[Failing]:
    workflow = started.workflow
    for job_run in started.run.jobs:
        if job_run.result in ("success", "skipped", "waiting", "not run"):
            continue
        job = workflow.job(job_run.id)
        if job and may_fail(job, job_run):
            continue
        failed = (step for step in job_run.steps if step.result == "failure")
        step_run = None if job_run.unserved else next(failed, None)
        step = None
        if job and step_run and 0 < step_run.number <= len(job.steps):
            step = job.steps[step_run.number - 1]
        yield Failing(workflow, job_run, job, step_run, step)


def play(git: Git, commit: str, base: str, scenario: Scenario, cache: Path) -> Outcome:
    """Let `scenario` happen to the learner's `commit`; `base` is main's tip before it. `cache` is our folder.

    Raises Problem where what is needed to run a workflow is not there.
    """
    changed = with_changes(git, commit, scenario.changes, scenario.message) if scenario.changes else commit
    main = base if scenario.event == "pull_request" else commit if scenario.beside_main else changed
    workflows, _ = read_workflows(workflow_files(git, changed))
    event, asked = _event(git, changed, base, scenario)
    started: list[Started] = []
    skipped: list[tuple[Workflow, Skip]] = []

    def run(workflow: Workflow, happened: events.Event) -> None:
        if workflow.path in scenario.known_green:
            started.append(Started(workflow, Run()))
            return
        refs = {f"refs/heads/{MAIN}": main}
        if scenario.event == "pull_request":
            refs[f"refs/heads/{scenario.branch}"] = changed
        options: dict[str, Any] = {
            "cache": cache, "refs": refs, "secrets": scenario.secrets, "variables": scenario.variables,
            "caches": scenario.caches, "answers": scenario.answers, "damaged": scenario.damaged,
            "limits": scenario.limits, "remember": True,
        }  # fmt: skip
        if scenario.gates:
            stages = run_in_stages(git, workflow.path, happened, scenario.gates, scenario.approvals, **options)
            started.append(Started(workflow, stages[-1].run, stages))
        else:
            started.append(Started(workflow, run_to_the_end(git, workflow.path, happened, **options)))

    for workflow in workflows:
        answer = runs_on(workflow, asked)
        if isinstance(answer, Skip):
            skipped.append((workflow, answer))
        else:
            run(workflow, event)
    _in_turn(workflows, started, run, changed, scenario)
    started = [one for one in started if one.workflow.path not in scenario.known_green]
    names = {one.workflow.path for one in started} | set(scenario.known_green)
    skipped = [(workflow, why) for workflow, why in skipped if workflow.path not in names]
    return Outcome(scenario, changed, tuple(started), tuple(skipped))


def _event(git: Git, commit: str, base: str, scenario: Scenario) -> tuple[events.Event, triggers.Event]:
    paths = scenario.paths or tuple(scenario.changes) or _every_path(git, commit)
    if scenario.event == "pull_request":
        merge = merge_commit(git, base, commit) or commit
        happened = events.pull_request(
            7, head=(scenario.branch, commit), base=(MAIN, base), merge=merge, title=scenario.message
        )
        return happened, triggers.PullRequest(
            MAIN, scenario.branch, action="synchronize", paths=paths, message=scenario.message
        )
    if scenario.event == "tag":
        base_ref = None if scenario.beside_main else f"refs/heads/{MAIN}"
        happened = events.push_tag(scenario.branch, commit, base_ref=base_ref, message=scenario.message)
        return happened, triggers.Push(tag=scenario.branch, message=scenario.message)
    happened = events.push(scenario.branch, commit, before=base, message=scenario.message)
    return happened, triggers.Push(scenario.branch, paths=paths, message=scenario.message)


def _every_path(git: Git, commit: str) -> tuple[str, ...]:
    return tuple(path for path in git.text("ls-tree", "-r", "--name-only", "-z", commit).split("\0") if path)


def _in_turn(
    workflows: Iterable[Workflow], started: list[Started], run: Callable[[Workflow, events.Event], None], commit: str,
    scenario: Scenario,
) -> None:  # fmt: skip
    """Let the workflows that wait for others have their turn; GitHub runs them for main, from main's own file."""
    told = 0
    branch = scenario.branch if scenario.event != "tag" else ""
    for _ in range(_MOST_IN_TURN):
        ended, told = started[told:], len(started)
        for before in ended:
            if any(job.result == "waiting" for job in before.run.jobs):
                continue
            name = before.workflow.name.value if before.workflow.name else before.workflow.path
            green = before.run.green or before.workflow.path in scenario.known_green
            conclusion = "success" if green else "failure"
            for workflow in workflows:
                if runs_on(workflow, triggers.WorkflowRun(name, branch)):
                    run(workflow, events.workflow_run(name, commit, branch, scenario.event, conclusion))
