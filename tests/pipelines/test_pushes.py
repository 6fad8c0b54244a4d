"""What a push starts, and what it does not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from graders.forge import runs
from graders.forge.run_record import read_record
from tests.pipelines.ci import Ci

HELLO = "jobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'echo hello from ${{ github.ref }}'}]}}\n"


def test_a_push_runs_the_workflow_of_its_commit(ci: Ci) -> None:
    said = ci.lab.git("switch", "-q", "-c", "feature", "origin/main")
    commit = ci.write(f"name: Hello\non: push\n{HELLO}", message="Say hello")
    # The words come with the push, which waits for nothing.
    said = ci.lab.git("push", "-u", "origin", "feature", "-v", fails=False)
    assert ci.started() == ["Hello push success"]
    (run,) = ci.settled()
    assert (run.id, run.head, run.branch, run.subject) == (1, commit, "feature", "Say hello")
    assert [job.result for job in run.jobs] == ["success"]
    assert "hello from refs/heads/feature" in ci.log(run, "a")
    assert run.started
    assert run.ended
    assert not said or "feature" in said
    record, _ = read_record(ci.origin, run)
    assert record.green
    listed = ci.say("run", "list")
    for part in ("success", "run 1", "Say hello", "Hello", "feature", "push"):
        assert part in listed


def test_the_hook_says_that_ci_looks_and_is_silent_where_there_is_none(ci: Ci) -> None:
    ci.lab.push_branch("plain")
    ci.lab.git("tag", "plain-tag")
    assert "CI" not in ci.lab.git(
        "push", "origin", "plain-tag", "HEAD:refs/heads/more", "HEAD:refs/heads/main", fails=True
    )
    ci.write(f"on: push\n{HELLO}")
    ci.lab.git("tag", "with-ci")
    assert "What it starts: ninesteps run list" in ci.lab.git("push", "origin", "with-ci", "HEAD:main", fails=True)
    assert ci.started() == [".github/workflows/ci.yml push success"]
    assert ci.settled()[0].branch == "with-ci"


@pytest.mark.parametrize(
    ("on", "reason"),
    [
        ("{push: {branches: [main, 'release/**']}}", "The branch `feature` is not among its `branches`"),
        ("{push: {tags: ['v*']}}", "It filters tags and no branches"),
        ("{push: {paths: ['docs/**']}}", "No changed file is among its `paths`"),
        ("[pull_request, workflow_dispatch]", "`on:` names `pull_request`, `workflow_dispatch`, not `push`."),
    ],
)
def test_what_on_rules_out_does_not_start_and_says_why(ci: Ci, on: str, reason: str) -> None:
    ci.push(f"on: {on}\n{HELLO}")
    assert ci.settled() == []
    said = ci.say("run", "list")
    assert "The push of feature" in said
    assert "started nothing" in said
    assert ".github/workflows/ci.yml:1: " in said
    assert reason in said


def test_path_filters_see_what_the_push_changed(ci: Ci) -> None:
    ci.push(f"on: {{push: {{paths: [notes.md]}}}}\n{HELLO}")
    ci.push("one\n", path="app.py")
    ci.push("one\n", path="notes.md", message="The one that counts")
    (run,) = ci.settled()
    assert run.subject == "The one that counts"


def test_a_commit_can_ask_for_no_ci_and_a_deletion_starts_none(ci: Ci) -> None:
    ci.push(f"on: push\n{HELLO}", message="Work [skip ci]")
    assert ci.settled() == []
    assert "The commit message says `[skip ci]`" in ci.say("run", "list")
    ci.push("two\n", path="app.py")
    (run,) = ci.settled()
    assert "CI" not in ci.lab.git("push", "origin", "--delete", "feature")
    assert ci.settled() == [run]
    # What a branch left behind can still be run.
    ci.say("run", "rerun", "1")
    assert ci.started() == [".github/workflows/ci.yml push success"] * 2
    assert ci.settled()[0].again == 1


def test_a_file_that_github_refuses_is_a_failed_run(ci: Ci) -> None:
    ci.push("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    step: []\n")
    ci.push(f"on: push\n{HELLO}\tbroken", path=".github/workflows/tabs.yml")
    newest = ci.settled()
    assert {(run.path.rpartition("/")[2], run.word) for run in newest} == {
        ("ci.yml", "failure"),
        ("tabs.yml", "failure"),
    }
    said = ci.say("run", "view", str(next(run.id for run in newest if run.path.endswith("/ci.yml"))))
    assert "Invalid workflow file. .github/workflows/ci.yml:3" in said
    assert "Did you mean `steps`?" in said


@pytest.mark.slow
def test_tags_and_workflows_that_wait_for_others(ci: Ci) -> None:
    """`workflow_run` takes its workflow from main, so it has to get there first."""
    ci.lab.git("switch", "-q", "-c", "feature", "origin/main")
    ci.write(f"name: Then\non: {{workflow_run: {{workflows: [First]}}}}\n{HELLO}", ".github/workflows/then.yml")
    ci.push(f"name: First\non: {{push: {{tags: ['v*']}}}}\n{HELLO}")
    ci.say("pr", "create", "--fill")
    ci.say("pr", "merge", "2", "--squash", "--auto")
    ci.lab.git("tag", "-a", "v1", "-m", "One", "HEAD")
    ci.lab.git("push", "-q", "origin", "v1")
    assert ci.started() == ["First push success", "Then workflow_run success"]
    tagged = runs.read(ci.origin, 1)
    assert (tagged.branch, tagged.event["ref"]) == ("v1", "refs/tags/v1")


@pytest.mark.slow
def test_what_cannot_run_here_is_nobodys_fault(ci: Ci) -> None:
    ci.push("on: push\njobs: {a: {runs-on: windows-latest, steps: [{run: echo}]}}\n")
    ci.push("on: push\njobs: {a: {runs-on: ubuntu-latest, container: postgres, steps: [{run: echo}]}}\n")
    for run in ci.settled():
        assert run.word == "neutral"
        assert "It can't be run here: " in run.why
    assert "could not run" in ci.say("run", "list")


@pytest.mark.slow
def test_caches_go_from_run_to_run_within_their_branch(ci: Ci) -> None:
    cached = """
    on: push
    jobs:
      a:
        runs-on: ubuntu-latest
        steps:
          - {uses: actions/cache@v4, id: it, with: {path: kept, key: the-key}}
          - run: echo "hit=[${{ steps.it.outputs.cache-hit }}]"; date +%N > kept
    """
    ci.push(cached)
    ci.settled()
    ci.push("1\n", path="app.py")
    ci.settled()
    ci.push(cached, branch="other")
    other, second, first = ci.settled()
    assert ["hit=[true]" in ci.log(run, "a") for run in (first, second, other)] == [False, True, False]


def test_what_starting_a_step_does_starts_no_run(ci: Ci) -> None:
    assert ci.settled() == []
    assert "There are no runs. Push a commit with a workflow" in ci.say("run", "list")
    assert "There are no runs yet." in ci.say("run", "view", fails=2)


def test_ci_can_be_switched_off(ci: Ci, monkeypatch: pytest.MonkeyPatch) -> None:
    """As attempts need it: what they push is judged, and runs nowhere else."""
    monkeypatch.setenv("NINESTEPS_CI", "off")
    ci.push(f"on: [push, pull_request]\n{HELLO}")
    assert "CI" not in ci.say("pr", "create", "--fill")
    ci.say("pr", "merge", "--squash")
    assert ci.settled() == []


@pytest.mark.slow
def test_without_a_sandbox_it_runs_after_saying_so_once(
    ci: Ci, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for folder in ("/usr/bin", "/bin"):
        for program in Path(folder).iterdir():
            if program.name != "bwrap" and not (programs / program.name).exists():
                (programs / program.name).symlink_to(program)
    monkeypatch.setenv("PATH", str(programs))
    ci.lab.git("switch", "-q", "-c", "feature", "origin/main")
    ci.write(f"on: push\n{HELLO}")
    said = [
        subprocess.run(
            ["git", "push", "origin", f"HEAD:refs/heads/{name}"], cwd=ci.lab.repo, capture_output=True, text=True
        ).stderr
        for name in ("one", "two")
    ]
    assert ["without a sandbox" in one for one in said] == [True, False]
    assert {run.word for run in ci.settled()} == {"success"}
