"""Whether an event starts a workflow. act does not look at the filters under `on:`, so they are evaluated here.

https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#on
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from graders.evidence.workflow.events import EVENTS
from graders.evidence.workflow.filter_pattern import PatternProblem, selected
from graders.evidence.workflow.model import Text, Trigger, Where, Workflow


@dataclass(frozen=True, slots=True)
class Push:
    """A push of one branch or one tag. `paths` are the files that it changes, `message` the newest commit's."""

    branch: str = ""
    tag: str = ""
    paths: tuple[str, ...] = ()
    message: str = ""
    deleted: bool = False
    name: ClassVar[str] = "push"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """Something happens to a pull request from `head` to `base`. `target` makes it a pull_request_target."""

    base: str
    head: str = ""
    action: str = "opened"
    paths: tuple[str, ...] = ()
    message: str = ""
    target: bool = False

    @property
    def name(self) -> str:
        """The event's name."""
        return "pull_request_target" if self.target else "pull_request"


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """Another workflow, called `workflow`, was requested, is in progress or has completed on `branch`."""

    workflow: str
    branch: str
    action: str = "completed"
    name: ClassVar[str] = "workflow_run"


@dataclass(frozen=True, slots=True)
class MergeGroup:
    """A merge queue for `base` asks for checks."""

    base: str
    action: str = "checks_requested"
    name: ClassVar[str] = "merge_group"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A time has come; `cron` is the one that it came for, or empty for any."""

    cron: str = ""
    name: ClassVar[str] = "schedule"


@dataclass(frozen=True, slots=True)
class Other:
    """Any other event (workflow_dispatch, workflow_call, release, …), with its activity type where it has one."""

    name: str
    action: str = ""


Event: TypeAlias = Push | PullRequest | WorkflowRun | MergeGroup | Schedule | Other


@dataclass(frozen=True, slots=True)
class Runs:
    """The event starts the workflow; `where` is the trigger that says so."""

    where: Where

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Skip:
    """The event does not start the workflow: why, as a sentence, and where the file says so."""

    reason: str
    where: Where

    def __bool__(self) -> bool:
        return False


# https://docs.github.com/en/actions/how-tos/manage-workflow-runs/skip-workflow-runs
_SKIP_WORDS = ("[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]")
_SKIP_TRAILER = "skip-checks:true"


def runs_on(workflow: Workflow, event: Event) -> Runs | Skip:
    """Whether `event` starts `workflow`, by its `on:` alone; what GitHub refuses as a whole never runs."""
    if workflow.refused:
        first = workflow.refused[0]
        return Skip(f"GitHub refuses the file: {first.what}", first.where)
    trigger = workflow.trigger(event.name)
    if trigger is None:
        listed = ", ".join(f"`{one.event}`" for one in workflow.triggers) or "nothing"
        where = workflow.triggers[0].where if workflow.triggers else workflow.where
        return Skip(f"`on:` names {listed}, not `{event.name}`.", where)
    skip = next((skip for skip in _checks(trigger, event) if skip is not None), None)
    return Runs(trigger.where) if skip is None else skip


def _checks(trigger: Trigger, event: Event) -> Iterator[Skip | None]:
    """What each filter says, in turn."""
    match event:
        case Push():
            yield from _push(trigger, event)
        case PullRequest():
            yield _message(trigger, "" if event.target else event.message)
            yield _type(trigger, event.action)
            yield _branch(trigger, event.base, "The pull request's base branch")
            yield _paths(trigger, event.paths)
        case WorkflowRun():
            if event.workflow not in [text.value for text in trigger.workflows or ()]:
                where = trigger.workflows[0].where if trigger.workflows else trigger.where
                yield Skip(f"It waits for {_listed(trigger.workflows)}, not for “{event.workflow}”.", where)
            yield _type(trigger, event.action)
            yield _branch(trigger, event.branch, "The other run's branch")
        case MergeGroup():
            yield _type(trigger, event.action)
            yield _branch(trigger, event.base, "The merge queue's branch")
        case Schedule():
            if event.cron and event.cron not in [cron.value for cron in trigger.crons]:
                yield Skip(f"Its times are {_listed(trigger.crons)}, not `{event.cron}`.", trigger.where)
        case Other():
            yield _type(trigger, event.action)


def _push(trigger: Trigger, event: Push) -> Iterator[Skip | None]:
    if event.deleted:
        yield Skip("Deleting a branch or a tag starts nothing.", trigger.where)
    yield _message(trigger, event.message)
    of_branches = trigger.branches is not None or trigger.branches_ignore is not None
    of_tags = trigger.tags is not None or trigger.tags_ignore is not None
    if event.tag:
        if of_branches and not of_tags:
            yield Skip("It filters branches and no tags, so a pushed tag does not start it.", trigger.where)
        yield _name(trigger.tags, trigger.tags_ignore, event.tag, "The tag", "tags")
        return
    if of_tags and not of_branches:
        yield Skip("It filters tags and no branches, so a pushed branch does not start it.", trigger.where)
    yield _branch(trigger, event.branch, "The branch")
    yield _paths(trigger, event.paths)


def _message(trigger: Trigger, message: str) -> Skip | None:
    lower = message.lower()
    word = next((word for word in _SKIP_WORDS if word in lower), "")
    trailers = [line.replace(" ", "") for line in lower.rstrip().split("\n\n")[-1].splitlines()]
    if word or _SKIP_TRAILER in trailers:
        return Skip(f"The commit message says `{word or 'skip-checks: true'}`.", trigger.where)
    return None


def _type(trigger: Trigger, action: str) -> Skip | None:
    kind = EVENTS[trigger.event]
    if trigger.types is not None:  # noqa: SIM108 - the two cases read better apart
        wanted = [text.value for text in trigger.types]
    else:
        wanted = sorted(kind.default_types or kind.types)
    if not wanted or not action or action in wanted:
        return None
    where = trigger.types[0].where if trigger.types else trigger.where
    usual = "" if trigger.types is not None else " (the default)"
    return Skip(f"It runs for {_quoted(wanted)}{usual}, not for `{action}`.", where)


def _branch(trigger: Trigger, branch: str, what: str) -> Skip | None:
    return _name(trigger.branches, trigger.branches_ignore, branch, what, "branches")


def _name(
    patterns: Sequence[Text] | None, ignored: Sequence[Text] | None, name: str, what: str, key: str
) -> Skip | None:
    try:
        if patterns and not selected([text.value for text in patterns], name):
            return Skip(f"{what} `{name}` is not among its `{key}` ({_listed(patterns)}).", patterns[0].where)
        if ignored and selected([text.value for text in ignored], name):
            return Skip(f"{what} `{name}` is among its `{key}-ignore` ({_listed(ignored)}).", ignored[0].where)
    except PatternProblem as trouble:
        return Skip(f"A pattern in `{key}` is no good: {trouble}.", (patterns or ignored or ())[0].where)
    return None


def _paths(trigger: Trigger, paths: Sequence[str]) -> Skip | None:
    """`paths` asks for one changed file that is picked, `paths-ignore` for one that is not; no change runs neither."""
    patterns, ignored = trigger.paths, trigger.paths_ignore
    try:
        if patterns and not any(selected([text.value for text in patterns], path) for path in paths):
            return Skip(f"No changed file is among its `paths` ({_listed(patterns)}).", patterns[0].where)
        if ignored and all(selected([text.value for text in ignored], path) for path in paths):
            return Skip(f"Every changed file is among its `paths-ignore` ({_listed(ignored)}).", ignored[0].where)
    except PatternProblem as trouble:
        return Skip(f"A path pattern is no good: {trouble}.", (patterns or ignored or ())[0].where)
    return None


def _listed(texts: Sequence[Text] | None) -> str:
    return _quoted([text.value for text in texts or ()])


def _quoted(words: Sequence[str]) -> str:
    return ", ".join(f"`{word[:80]}`" for word in words[:8]) + (", …" if len(words) > 8 else "")
