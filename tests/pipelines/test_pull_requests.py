"""What a pull request starts, and that it merges only when its checks are green."""

from __future__ import annotations

import pytest

from graders.forge import runs
from tests.pipelines.ci import Ci

RED = (
    "name: CI\non: pull_request\njobs: {test: {runs-on: ubuntu-latest, steps: [{name: Run the tests, run: exit 1}]}}\n"
)
GREEN = RED.replace("exit 1", "echo fine")


def test_a_red_check_stands_against_a_merge_until_it_is_green(ci: Ci) -> None:
    ci.push(RED)
    assert "CI looks at it. What it starts: ninesteps run list" in ci.say("pr", "create", "--fill")
    assert ci.started() == ["CI pull_request failure"]
    assert "checks:    ✘ failure CI (pull_request)" in ci.say("pr", "view")
    main = ci.lab.forge("rev-parse", "main")
    said = ci.say("pr", "merge", "--squash", fails=2)
    assert said == (
        "Pull request #2 is not mergeable: the required status check “CI (pull_request)” is failing: in the job `test`, the "
        "step “Run the tests” failed. See what it said: ninesteps run view 1 --log-failed. Mend it and push: the pull "
        "request moves along."
    )
    assert ci.lab.forge("rev-parse", "main") == main
    assert "✘ failure" in ci.say("pr", "checks", fails=1)
    ci.push(GREEN)
    # Whatever has become of the check by now, it waits until it has ended.
    assert "Squashed and merged pull request #2" in ci.say("pr", "merge", "--squash", "--auto", "--delete-branch")
    assert "✔ success" in ci.say("pr", "checks", "2")
    assert ci.started() == ["CI pull_request failure", "CI pull_request success"]


def test_a_check_that_has_not_ended_is_named_and_can_be_waited_for(ci: Ci) -> None:
    ci.push(GREEN.replace("echo fine", "sleep 600"))
    ci.say("pr", "create", "--fill")
    ci.until(lambda: any(run.state == runs.IN_PROGRESS for run in runs.read_all(ci.origin)))
    said = ci.say("pr", "merge", "--squash", fails=2)
    assert "is not mergeable yet: the required status check “CI (pull_request)” is in progress." in said
    assert "ninesteps run watch 1" in said
    assert "▸ running" in ci.say("pr", "checks", fails=8)
    ci.say("run", "cancel", "1")
    assert ci.started() == ["CI pull_request cancelled"]
    said = ci.say("pr", "merge", "--squash", fails=2)
    assert "“CI (pull_request)” was cancelled. Run it again: ninesteps run rerun 1." in said


def test_it_runs_what_both_branches_make_together(ci: Ci) -> None:
    """The commit is the merge, which holds what main has got meanwhile."""
    ci.lab.git("switch", "-q", "-c", "feature", "origin/main~1")
    ci.write(GREEN.replace("echo fine", "cat app.py").replace("steps: [", "steps: [{uses: actions/checkout@v4}, "))
    ci.lab.git("push", "-q", "-u", "origin", "feature")
    ci.say("pr", "create", "--title", "Look at it")
    (run,) = ci.settled()
    assert "limit = 20" in ci.log(run, "test")
    assert run.event["ref"] == "refs/pull/2/merge"
    parents = ci.lab.forge("rev-list", "--parents", "-1", "refs/runs/1").split()[1:]
    assert parents == [ci.lab.forge("rev-parse", "main"), ci.lab.git("rev-parse", "feature")]


@pytest.mark.slow
def test_a_push_of_the_branch_counts_too_and_main_runs_after_the_merge(ci: Ci) -> None:
    ci.push(GREEN.replace("on: pull_request", "on: push"))
    ci.settled()
    ci.say("pr", "create", "--fill")
    ci.settled()
    assert "CI (push)" in ci.say("pr", "view")
    ci.say("pr", "merge", "--rebase", "--auto")
    assert ci.started() == ["CI push success", "CI push success"]
    assert ci.settled()[0].branch == "main"


def test_without_workflows_it_merges_as_ever(ci: Ci) -> None:
    ci.lab.push_branch()
    assert "CI" not in ci.say("pr", "create", "--fill")
    assert "checks:    none ran" in ci.say("pr", "view")
    assert "CI" not in ci.say("pr", "merge", "--squash")
    assert ci.settled() == []


@pytest.mark.slow
def test_a_workflow_that_does_not_listen_is_no_check_but_a_skipped_one_is_expected(ci: Ci) -> None:
    ci.push(GREEN.replace("pull_request", "workflow_dispatch"))
    ci.say("pr", "create", "--fill")
    assert "No workflow ran for this pull request" in ci.say("pr", "merge", "--squash", "--auto")
    ci.push(GREEN, branch="other", message="Quick [skip ci]")
    ci.say("pr", "create", "--title", "Quick")
    ci.settled()
    said = ci.say("pr", "merge", "--squash", fails=2)
    assert "its check is expected and was never started. The commit message says `[skip ci]`." in said


@pytest.mark.slow
def test_what_could_not_run_here_stands_in_nobodys_way(ci: Ci) -> None:
    ci.push(GREEN.replace("ubuntu-latest", "macos-latest"))
    ci.say("pr", "create", "--fill")
    said = ci.say("pr", "merge", "--squash", "--auto")
    assert "CI could not run CI (pull_request) here, so that says nothing: It can't be run here: its job `test`" in said
    assert "Squashed and merged" in said


@pytest.mark.slow
def test_an_invalid_file_stands_against_a_merge(ci: Ci) -> None:
    ci.push("on: pull_request\njobs: {}\n")
    ci.say("pr", "create", "--fill")
    ci.settled()
    said = ci.say("pr", "merge", "--squash", fails=2)
    assert "is failing. Invalid workflow file. .github/workflows/ci.yml:2: " in said
    assert "Mend the file, commit and push" in said
