"""Judging in a process of its own: whatever goes wrong is a score of 0 and a card that says why."""

from __future__ import annotations

import os
import time

import pytest

from graders.classroom import judged_apart
from graders.classroom.judged_apart import judge_apart


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("NINESTEPS_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("step", "says"),
    [("git", "does not exist"), ("nothing", "no step called"), ("--help", "no step called"), ("", "no step called")],
)
def test_what_cannot_be_judged_is_a_zero_with_a_reason(tmp_path, step, says):
    grade = judge_apart(step, tmp_path / "not there", 120)
    assert grade.score == 0
    assert says in grade.card


def test_a_check_that_takes_too_long_is_ended_with_all_its_children(tmp_path, monkeypatch):
    slow = tmp_path / "slow"
    slow.write_text(f'#!/bin/sh\n(sleep 300; echo) &\necho $! > "{tmp_path}/child"\nwait\n')
    slow.chmod(0o755)
    monkeypatch.setattr(judged_apart.sys, "executable", str(slow))
    grade = judge_apart("git", tmp_path, 1)
    assert grade.score == 0
    assert "longer than 1 seconds" in grade.card
    child = int((tmp_path / "child").read_text())
    for _ in range(100):  # the kernel takes a moment to bury it
        if not _runs(child):
            return
        time.sleep(0.1)
    pytest.fail("its child still runs")


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{process}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.parametrize(
    "said",
    [
        "",
        "[]",
        "{}",
        '{"schema": 1, "score": "ten", "max_score": 10}',
        '{"schema": 1, "score": NaN, "max_score": 10}',
        '{"schema": 2, "score": 10, "max_score": 10}',
        '{"schema": 1, "score": 10, "max_score": 10}',  # but no card
        "[" * 100_000,
    ],
)
def test_no_full_score_by_silence_or_noise(tmp_path, monkeypatch, said):
    answer = tmp_path / "answer"
    answer.write_text(said)
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\ncat "{answer}"\n')
    program.chmod(0o755)
    monkeypatch.setattr(judged_apart.sys, "executable", str(program))
    grade = judge_apart("git", tmp_path, 60)
    assert grade.score == 0
    assert "ns-card" in grade.card


def test_a_grader_that_cannot_be_started_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(judged_apart.sys, "executable", str(tmp_path / "no_python"))
    assert "could not be started" in judge_apart("git", tmp_path, 60).card
