"""Which events start a workflow.

https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

from __future__ import annotations

import pytest

from graders.evidence.workflow.triggers import (
    Event,
    MergeGroup,
    Other,
    PullRequest,
    Push,
    Schedule,
    Skip,
    WorkflowRun,
    runs_on,
)
from tests.evidence.workflow.samples import JOB, triggered_by, workflow

BRANCH, TAG = Push(branch="feature/x", paths=("src/a.py",)), Push(tag="v1.0")
MAIN = Push(branch="main", paths=("src/a.py", "docs/b.md"))
DOCS = Push(branch="main", paths=("docs/b.md", "README.md"))
NOTHING = Push(branch="main", paths=())
TO_MAIN = PullRequest(base="main", head="feature/x", paths=("src/a.py",))
TO_DEV = PullRequest(base="dev", head="main", paths=("docs/b.md",))
EVENTS: dict[str, Event] = {
    "branch": BRANCH, "tag": TAG, "main": MAIN, "docs": DOCS, "nothing": NOTHING, "to main": TO_MAIN, "to dev": TO_DEV,
}  # fmt: skip


@pytest.mark.parametrize(
    ("on", "started_by"),
    [
        ("push:", "branch, tag, main, docs, nothing"),
        ("pull_request:", "to main, to dev"),
        ("push:\npull_request:", "branch, tag, main, docs, nothing, to main, to dev"),
        ("workflow_dispatch:", ""),
        ("push: {branches: [main]}", "main, docs, nothing"),
        ("push: {branches: main}", "main, docs, nothing"),
        ("push: {branches: ['**']}", "branch, main, docs, nothing"),
        ("push: {branches: ['*']}", "main, docs, nothing"),
        ("push: {branches: ['**', '!main']}", "branch"),
        ("push: {branches: ['!main', '**']}", "branch, main, docs, nothing"),
        ("push: {branches: ['!main']}", ""),
        ("push: {branches: ['refs/heads/main']}", ""),
        ("push: {branches: [Main]}", ""),
        ("push: {branches-ignore: ['feature/**']}", "main, docs, nothing"),
        ("push: {tags: ['v*']}", "tag"),
        ("push: {tags: ['x*']}", ""),
        ("push: {tags-ignore: ['x*']}", "tag"),
        ("push: {tags-ignore: ['v*']}", ""),
        ("push: {tags: ['v*'], branches: [main]}", "tag, main, docs, nothing"),
        ("push: {tags: ['v*'], branches-ignore: [main]}", "branch, tag"),
        ("push: {paths: ['src/**']}", "branch, tag, main"),
        ("push: {paths: ['**', '!docs/**', '!*.md']}", "branch, tag, main"),
        ("push: {paths-ignore: ['docs/**', '*.md']}", "branch, tag, main"),
        ("push: {paths-ignore: ['docs/**']}", "branch, tag, main, docs"),
        ("push: {branches: [main], paths: ['src/**']}", "main"),
        ("push: {branches: [main], tags: ['v*'], paths: ['src/**']}", "tag, main"),
        ("pull_request: {branches: [main]}", "to main"),
        ("pull_request: {branches-ignore: [main]}", "to dev"),
        ("pull_request: {branches: ['feature/**']}", ""),
        ("pull_request: {paths: ['src/**']}", "to main"),
        ("pull_request: {paths-ignore: ['docs/**']}", "to main"),
        ("pull_request: {types: [closed]}", ""),
        ("pull_request: {types: opened, branches: [dev]}", "to dev"),
        ("pull_request_target:", ""),
    ],
)
def test_pushes_and_pull_requests(on: str, started_by: str) -> None:
    found = triggered_by(on)
    assert not found.refused
    assert ", ".join(name for name, event in EVENTS.items() if runs_on(found, event)) == started_by


@pytest.mark.parametrize(
    ("on", "event", "runs"),
    [
        ("pull_request:", PullRequest("main", action="synchronize"), True),
        ("pull_request:", PullRequest("main", action="reopened"), True),
        ("pull_request:", PullRequest("main", action="closed"), False),
        ("pull_request:", PullRequest("main", action="labeled"), False),
        ("pull_request: {types: [labeled]}", PullRequest("main", action="opened"), False),
        ("pull_request: {types: [labeled]}", PullRequest("main", action="labeled"), True),
        ("pull_request_target:", PullRequest("main", target=True), True),
        ("pull_request:", PullRequest("main", target=True), False),
        ("push:", Push("main", message="Add a thing [skip ci]"), False),
        ("push:", Push("main", message="Add [CI SKIP]"), False),
        ("push:", Push("main", message="Add a thing\n\nskip-checks: true"), False),
        ("push:", Push("main", message="Say what skip ci does"), True),
        ("pull_request:", PullRequest("main", message="x [no ci]"), False),
        ("pull_request_target:", PullRequest("main", message="x [no ci]", target=True), True),
        ("push:", Push("main", deleted=True), False),
        ("merge_group:", MergeGroup("main"), True),
        ("merge_group: {branches: [dev]}", MergeGroup("main"), False),
        ("pull_request:", MergeGroup("main"), False),
        ("workflow_run: {workflows: [Tests]}", WorkflowRun("Tests", "main"), True),
        ("workflow_run: {workflows: [Tests]}", WorkflowRun("Other", "main"), False),
        ("workflow_run: {workflows: [Tests], types: [requested]}", WorkflowRun("Tests", "main"), False),
        ("workflow_run: {workflows: [Tests], branches: [main]}", WorkflowRun("Tests", "dev"), False),
        ("workflow_run: {workflows: [Tests], branches-ignore: [main]}", WorkflowRun("Tests", "dev"), True),
        ("schedule: [{cron: '0 6 * * 1'}]", Schedule(), True),
        ("schedule: [{cron: '0 6 * * 1'}]", Schedule("0 6 * * 1"), True),
        ("schedule: [{cron: '0 6 * * 1'}]", Schedule("0 7 * * 1"), False),
        ("workflow_dispatch:", Other("workflow_dispatch"), True),
        ("workflow_call:", Other("workflow_call"), True),
        ("workflow_call:", Other("workflow_dispatch"), False),
        ("release:", Other("release", "edited"), True),
        ("release: {types: [published]}", Other("release", "created"), False),
        ("release: {types: [published]}", Other("release", "published"), True),
        ("issues: {types: [opened]}", Other("issues", "opened"), True),
        ("create:", Other("create"), True),
    ],
)
def test_other_events_and_types(on: str, event: Event, runs: bool) -> None:
    assert bool(runs_on(triggered_by(on), event)) is runs


@pytest.mark.parametrize("on", ["push", "[push]", "{push: }", "{push: ~}", "{push: {}}", '"push"', "'push'"])
def test_every_spelling_of_one_event(on: str) -> None:
    assert runs_on(workflow(f"on: {on}\n{JOB}"), MAIN)


@pytest.mark.parametrize("key", ["on", '"on"', "'on'"])
def test_the_key_may_be_quoted(key: str) -> None:
    assert runs_on(workflow(f"{key}: push\n{JOB}"), MAIN)


@pytest.mark.parametrize(
    "text", [f"# on: push\n{JOB}", f"name: 'on: push'\n{JOB}", f"true: push\n{JOB}", f"On: push\n{JOB}"]
)
def test_what_only_looks_like_a_trigger(text: str) -> None:
    skip = runs_on(workflow(text), MAIN)
    assert isinstance(skip, Skip)
    assert "no `on:`" in skip.reason


@pytest.mark.parametrize(
    ("on", "event", "line", "said"),
    [
        ("push:\n  branches:\n    - main", BRANCH, 5, "`feature/x` is not among its `branches` (`main`)"),
        ("push:\n  branches-ignore: ['feature/**']", BRANCH, 4, "is among its `branches-ignore`"),
        ("push:\n  tags: ['v*']", BRANCH, 3, "filters tags and no branches"),
        ("push:\n  branches: [main]", TAG, 3, "filters branches and no tags"),
        ("push:\n  paths: ['src/**']", DOCS, 4, "No changed file is among its `paths` (`src/**`)"),
        ("push:\n  paths-ignore: ['**.md']", DOCS, 4, "Every changed file is among its `paths-ignore`"),
        ("pull_request:\n  branches: [main]", TO_DEV, 4, "base branch `dev`"),
        ("pull_request:", PullRequest("main", action="closed"), 3, "(the default), not for `closed`"),
        ("workflow_dispatch:", MAIN, 3, "names `workflow_dispatch`, not `push`"),
    ],
)
def test_a_skip_says_why_and_where(on: str, event: Event, line: int, said: str) -> None:
    skip = runs_on(triggered_by(on), event)
    assert isinstance(skip, Skip)
    assert said in skip.reason
    assert skip.where.line == line


def test_a_file_that_github_refuses_never_runs() -> None:
    skip = runs_on(workflow(f"on: push\nfoo: 1\n{JOB}"), MAIN)
    assert isinstance(skip, Skip)
    assert "GitHub refuses the file" in skip.reason
