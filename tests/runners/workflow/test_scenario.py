"""An event on a changed commit: what starts, what it does, what that sets off in turn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graders.runners.workflow.record import CacheEntry
from graders.runners.workflow.scenario import Outcome, Scenario, play
from graders.runners.workflow.verdicts import last_words, not_green

CHECK = """
name: Check
on: {push: {branches: [main], paths-ignore: ["docs/**"]}, pull_request: }
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - {name: Look, run: grep -q good answer.txt}
      - run: echo $GITHUB_EVENT_NAME $GITHUB_REF_NAME $(git rev-parse HEAD)
"""
AFTER = """
on: {workflow_run: {workflows: [Check], types: [completed]}}
jobs:
  tell:
    runs-on: ubuntu-latest
    if: github.event.workflow_run.conclusion == 'success'
    steps: [{run: 'echo after ${{ github.event.workflow_run.head_branch }} ${{ github.event.workflow_run.event }}'}]
"""
TAGGED = "on: {push: {tags: ['v*']}}\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'echo $GITHUB_REF_NAME'}]}}\n"
FILES = {
    ".github/workflows/check.yml": CHECK, ".github/workflows/after.yml": AFTER, ".github/workflows/tag.yml": TAGGED,
    "answer.txt": "good\n", "docs/a.md": "a\n",
}  # fmt: skip


@pytest.fixture
def happens(repository: Callable[..., Any]) -> Callable[[Scenario], Outcome]:
    made = repository(FILES)
    main = made.git.text("rev-parse", f"{made.commit}^").strip()

    def happen(scenario: Scenario) -> Outcome:
        return play(made.git, made.commit, main, scenario, made.cache)

    return happen


def started(outcome: Outcome) -> list[str]:
    return [one.workflow.path.rpartition("/")[2] for one in outcome.started]


def test_a_push_starts_what_waits_for_it_and_what_waits_for_that(happens: Callable[[Scenario], Outcome]) -> None:
    outcome = happens(Scenario())

    assert started(outcome) == ["check.yml", "after.yml"]
    assert outcome.green
    assert not outcome.failing
    log = [step.log[0] for _, job in outcome.jobs for step in job.steps if step.log]
    assert f"push main {outcome.commit}" in log
    assert "after main push" in log
    assert [(workflow.path.rpartition("/")[2], why.reason) for workflow, why in outcome.skipped] == [
        ("tag.yml", "It filters tags and no branches, so a pushed branch does not start it.")
    ]


def test_a_change_that_breaks_it_is_seen_where_it_fails(happens: Callable[[Scenario], Outcome]) -> None:
    outcome = happens(Scenario("pull_request", "feature", {"answer.txt": b"bad\n"}))

    assert outcome.red
    assert not outcome.green
    [failing] = outcome.failing
    assert failing.where == ".github/workflows/check.yml:9"
    assert failing.named == "the step “Look” of the job `test`"
    verdict = not_green(outcome, expected="a green run")
    assert verdict
    assert verdict.mistake == "red on good code"
    assert started(outcome) == ["check.yml", "after.yml"]  # which is told that it failed, and does nothing
    assert [job.result for _, job in outcome.jobs] == ["failure", "skipped"]


def test_filters_see_the_changed_files(happens: Callable[[Scenario], Outcome]) -> None:
    outcome = happens(Scenario(changes={"docs/a.md": b"b\n"}))

    assert started(outcome) == []
    assert not outcome.green
    assert not outcome.red
    verdict = not_green(outcome, expected="a green run")
    assert verdict
    assert verdict.found.startswith("A push to main starts nothing.")
    assert happens(Scenario(changes={"docs/a.md": b"b\n"}, paths=("answer.txt",))).green


def test_a_tag_and_another_branch(happens: Callable[[Scenario], Outcome]) -> None:
    assert started(happens(Scenario("tag", "v1"))) == ["tag.yml"]
    assert started(happens(Scenario(branch="feature"))) == []
    assert started(happens(Scenario(message="Mend it [skip ci]"))) == []


def test_what_can_not_be_played_is_neither_green_nor_red(repository: Callable[..., Any]) -> None:
    text = "on: push\njobs: {a: {runs-on: ubuntu-latest, container: debian, steps: [{run: 'false'}]}}\n"
    made = repository({".github/workflows/ci.yml": text})

    outcome = play(made.git, made.commit, made.commit, Scenario(), made.cache)

    assert not outcome.green
    assert not outcome.red
    verdict = not_green(outcome, expected="a green run")
    assert verdict
    assert verdict.kind == "cannot_check"
    assert "container" in verdict.found


def test_scenarios_with_other_caches_are_other_scenarios(tmp_path: Path) -> None:
    one, other = (Scenario(caches=(CacheEntry("key", ("x",), content),)) for content in (b"1", b"2"))
    assert one != other
    assert last_words(None) == ""
