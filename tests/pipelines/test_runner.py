"""The process behind it: it outlives the terminal, a moved forge and its own end, and keeps to the order of groups."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from graders.forge import inbox, runs
from graders.step import Place
from graders.workspace.reset import reset
from tests.pipelines.ci import FILE, Ci

SLOW = "name: Slow\non: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: sleep 600}]}}\n"
QUICK = SLOW.replace("sleep 600", "sleep 1; echo done")


def state(ci: Ci, number: int) -> str:
    return next((run.state for run in runs.read_all(ci.origin) if run.id == number), "")


def owner(ci: Ci, number: int) -> int:
    """The process that carries out a run, once it is at it."""
    ci.until(lambda: state(ci, number) == runs.IN_PROGRESS)
    return int((runs.folder_of(ci.origin, number) / "owner").read_text())


def test_a_push_is_over_before_ci_is_and_ci_outlives_the_terminal(ci: Ci) -> None:
    ci.lab.git("switch", "-q", "-c", "feature", "origin/main")
    ci.write(QUICK)
    with subprocess.Popen(
        ["git", "push", "-u", "origin", "feature"], cwd=ci.lab.repo, start_new_session=True, stderr=subprocess.PIPE
    ) as push:
        assert push.stderr
        assert b"What it starts" in push.stderr.read()
        push.wait()
        # What a closing terminal does to all that it has started.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(push.pid, signal.SIGHUP)
    assert ci.started() == ["Slow push success"]


def test_a_killed_run_is_cancelled_and_the_next_one_runs(ci: Ci) -> None:
    ci.push(SLOW)
    os.kill(owner(ci, 1), signal.SIGKILL)
    ci.until(lambda: runs.read(ci.origin, 1).state == runs.COMPLETED)
    assert ci.started() == ["Slow push cancelled"]
    assert "Its runner was ended before it had finished" in ci.say("run", "view")
    ci.push(QUICK)
    assert ci.started() == ["Slow push cancelled", "Slow push success"]


@pytest.mark.slow
def test_nothing_hangs_when_the_whole_runner_is_killed(ci: Ci) -> None:
    """What ran is cancelled, and what had not begun is taken up by the next command that looks."""
    for number in range(3):
        ci.push(SLOW.replace("Slow", f"Slow{number}"), path=f".github/workflows/w{number}.yml")
    running = {number: owner(ci, number) for number in (1, 2)}
    ci.until(lambda: len(runs.numbers(ci.origin)) == 6)  # 1 + 2 + 3 workflows
    parent = int(Path(f"/proc/{running[1]}/stat").read_text().split()[3])
    for pid in (parent, *running.values()):
        os.kill(pid, signal.SIGKILL)
    ci.until(lambda: runs.read(ci.origin, 1).word == runs.read(ci.origin, 2).word == "cancelled")
    ci.say("run", "list")
    assert owner(ci, 3)
    for number in range(3, 7):
        inbox.put(ci.origin, {"kind": "cancel", "run": number})
    assert {run.word for run in ci.settled()} == {"cancelled"}
    assert all(run.ended for run in ci.settled())


def test_a_queued_run_that_nobody_is_at_is_taken_up(ci: Ci) -> None:
    python = (ci.origin / "forge" / "runner").read_text()
    (ci.origin / "forge" / "runner").write_text("/nowhere/python\n")
    ci.lab.git("switch", "-q", "-c", "feature", "origin/main")
    ci.write(QUICK)
    said = subprocess.run(["git", "push", "origin", "feature"], cwd=ci.lab.repo, capture_output=True, text=True).stderr
    assert "CI can't start: the course's Python is no longer where it was." in said
    assert inbox.notes(ci.origin)
    assert "CI is looking at it: list again in a moment." in ci.say("run", "list")
    assert ci.started() == ["Slow push success"]
    assert (ci.origin / "forge" / "runner").read_text() == "/nowhere/python\n" != python


@pytest.mark.slow
def test_pushes_at_once_run_all_and_few_at_a_time(ci: Ci) -> None:
    ci.lab.git("switch", "-q", "-c", "feature", "origin/main")
    ci.write(QUICK)
    refs = [f"HEAD:refs/heads/b{number}" for number in range(4)]
    pushes = [subprocess.Popen(["git", "push", "-q", "origin", ref], cwd=ci.lab.repo) for ref in refs]
    assert [push.wait() for push in pushes] == [0] * 4
    most = 0
    while (
        not (found := runs.read_all(ci.origin)) or any(run.state != runs.COMPLETED for run in found) or len(found) < 4
    ):
        most = max(most, sum(run.state == runs.IN_PROGRESS for run in found))
        time.sleep(0.05)
    assert sorted(run.branch for run in ci.settled()) == ["b0", "b1", "b2", "b3"]
    assert {run.word for run in ci.settled()} == {"success"}
    assert 1 <= most <= 2


def test_one_of_a_group_at_a_time_and_the_newest_waits(ci: Ci) -> None:
    grouped = SLOW.replace("on: push", "on: push\nconcurrency: 'deploy-${{ github.ref_name }}'")
    ci.push(grouped)
    owner(ci, 1)
    ci.push("1\n", path="app.py")
    ci.push("2\n", path="app.py")
    ci.until(lambda: len(runs.numbers(ci.origin)) == 3 and runs.read(ci.origin, 2).state == runs.COMPLETED)
    assert [runs.read(ci.origin, number).word for number in (1, 2, 3)] == ["in_progress", "cancelled", "queued"]
    assert "A newer run of the group “deploy-feature” took its place" in runs.read(ci.origin, 2).why
    ci.say("run", "cancel", "1")
    assert owner(ci, 3)


@pytest.mark.slow
def test_a_group_may_end_the_older_run(ci: Ci) -> None:
    grouped = SLOW.replace("on: push", "on: push\nconcurrency: {group: one, cancel-in-progress: true}")
    ci.push(grouped)
    owner(ci, 1)
    ci.push(grouped.replace("sleep 600", "echo quick"))
    assert ci.started() == ["Slow push cancelled", "Slow push success"]
    assert "Run 2 of the same concurrency group ended it." in runs.read(ci.origin, 1).why


def test_a_reset_leaves_a_run_alone_and_gets_nothing_of_it(ci: Ci, tiny: Place) -> None:
    ci.push(QUICK)
    owner(ci, 1)
    workspace = ci.lab.repo.parent
    kept = reset(tiny, workspace)
    moved = kept / "origin.git"
    ci.until(lambda: runs.read(moved, 1).state == runs.COMPLETED)
    assert runs.read(moved, 1).word == "success"
    assert runs.numbers(ci.origin) == []


@pytest.mark.slow
def test_a_broken_note_keeps_nothing_from_running(ci: Ci) -> None:
    folder = ci.origin / "forge" / "inbox"
    (folder / "odd").write_bytes(b"\xff\x00 push nonsense\n{broken\n{}\npush 0 0 refs/heads/x -\n")
    (folder / "odd2").write_text('{"kind": "review", "run": 99, "jobs": {}, "state": "approved", "by": "x"}\n')
    ci.push(QUICK)
    assert ci.started() == ["Slow push success"]
    (runs.folder_of(ci.origin, 1) / "run.json").write_text("{")
    assert "The record of run 1 can't be read" in ci.say("run", "view", "1", fails=2)
    assert "There are no runs" in ci.say("run", "list")


@pytest.mark.slow
def test_a_run_that_is_no_end_is_stopped_and_said_to_be(ci: Ci, monkeypatch: pytest.MonkeyPatch) -> None:
    ci.push(SLOW.replace("sleep 600", "while true; do echo filling the log with a line that is long enough; done"))
    (run,) = ci.settled()
    assert run.word == "failure"
    assert run.why.startswith("It was stopped: it printed more than")
    assert run.path == FILE
