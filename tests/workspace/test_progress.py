from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from graders.criterion import Criterion, Verdict, failed, passed
from graders.problems import Problem
from graders.result import Judged, Result
from graders.workspace import progress
from graders.workspace.progress import load, next_rung, progress_file, record_check, record_start, told_once


def result(*verdicts: Verdict) -> Result:
    """Each criterion is worth two points: git.c0, git.c1, ..."""
    return Result("git", 1, "Git", tuple(judged(number, verdict) for number, verdict in enumerate(verdicts)))


def judged(number: int, verdict: Verdict) -> Judged:
    one = Criterion(f"c{number}", 2.0, "Title", "Because.", ("One.", "Two."), (), lambda work: verdict)
    return Judged(f"git.c{number}", one, verdict)


BAD = failed("Found", expected="Expected", next="Next")
GOOD = passed("Found")


def test_nothing_is_written_by_looking() -> None:
    assert load().steps == {}
    assert not progress_file().parent.exists()


def test_a_start_and_checks_are_remembered(tmp_path: Path) -> None:
    record_start("git", 7, tmp_path / "Übung")
    record_check(result(BAD, BAD))
    record_check(result(GOOD, GOOD))
    record_check(result(GOOD, BAD))
    one = load().step("git")
    assert (one.seed, one.workspace) == (7, str(tmp_path / "Übung"))
    assert (one.attempts, one.best, one.last, one.max_score) == (3, 4.0, 2.0, 4.0)
    assert one.passed_at is not None
    assert load().latest == "git"


def test_the_first_pass_is_the_one_that_counts() -> None:
    record_check(result(GOOD))
    first = load().step("git").passed_at
    stored = json.loads(progress_file().read_text(encoding="utf-8"))
    stored["steps"]["git"]["passed_at"] = "2020-01-01T00:00:00+00:00"
    progress_file().write_text(json.dumps(stored), encoding="utf-8")
    record_check(result(GOOD))
    assert first
    assert load().step("git").passed_at == "2020-01-01T00:00:00+00:00"


def test_a_partial_result_is_no_pass() -> None:
    record_check(result(GOOD, BAD))
    assert load().step("git").passed_at is None


def test_hints_go_up_rung_by_rung_stay_at_the_last_and_begin_again_after_a_pass() -> None:
    assert [next_rung("git.c0", 2) for _ in range(4)] == [0, 1, 1, 1]
    assert next_rung("git.c1", 2) == 0
    record_check(result(GOOD, BAD))
    assert next_rung("git.c0", 2) == 0
    assert next_rung("git.c1", 2) == 1


def test_a_ladder_that_became_shorter_still_has_a_rung() -> None:
    for _ in range(4):
        next_rung("git.c0", 4)
    assert next_rung("git.c0", 1) == 0


def test_a_notice_is_told_once() -> None:
    assert [told_once("no_sandbox"), told_once("no_sandbox"), told_once("other")] == [True, False, True]


def test_what_a_newer_version_wrote_is_kept() -> None:
    progress_file().parent.mkdir(parents=True)
    newer = {
        "schema": 2,
        "badges": ["x"],
        "steps": {"git": {"attempts": 4, "streak": {"days": 3}}, "moon": {"best": 1}},
    }
    progress_file().write_text(json.dumps(newer), encoding="utf-8")
    record_check(result(GOOD))
    stored = json.loads(progress_file().read_text(encoding="utf-8"))
    assert (stored["schema"], stored["badges"]) == (2, ["x"])
    assert stored["steps"]["git"]["streak"] == {"days": 3}
    assert stored["steps"]["git"]["attempts"] == 5
    assert stored["steps"]["moon"]["best"] == 1


BROKEN = [
    b"",
    b'{"steps": {"git": {"att',
    b"[]",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"steps": []}',
    b'{"steps": {"git": {"hints": {"git.c0": "one"}}}}',
    b'{"steps": {"git": {"best": NaN}}}',
    b'{"steps": {"git": {"seed": true}}}',
    b'{"told": "all"}',
    b'{"latest": 1}',
]


@pytest.mark.parametrize("content", BROKEN)
def test_a_file_that_cannot_be_read_is_kept_aside_and_said(content: bytes) -> None:
    progress_file().parent.mkdir(parents=True)
    progress_file().write_bytes(content)

    found = record_check(result(GOOD))

    (aside,) = found.kept_aside
    assert Path(aside).read_bytes() == content
    assert aside in found.notice
    assert load().notice == ""
    assert load().kept_aside == [aside]
    assert load().step("git").attempts == 1


def test_a_second_broken_file_does_not_replace_the_first() -> None:
    progress_file().parent.mkdir(parents=True)
    for content in (b"one", b"two"):
        progress_file().write_bytes(content)
        assert load().notice
    assert sorted(path.read_bytes() for path in progress_file().parent.glob("*unreadable*")) == [b"one", b"two"]


def test_looking_at_a_broken_file_keeps_it_aside_too() -> None:
    progress_file().parent.mkdir(parents=True)
    progress_file().write_bytes(b"broken")
    assert load().notice
    assert load().notice == ""


def test_a_folder_that_cannot_be_written_is_a_problem(home: Path) -> None:
    home.write_text("a file is in the way", encoding="utf-8")
    with pytest.raises(Problem) as caught:
        told_once("x")
    assert "NINESTEPS_HOME" in caught.value.next


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(monkeypatch: pytest.MonkeyPatch) -> None:
    record_check(result(GOOD))
    before = progress_file().read_bytes()
    with monkeypatch.context() as broken:

        def full(handle: int) -> None:
            raise OSError(28, "No space left on device")

        broken.setattr(progress.os, "fsync", full)
        with pytest.raises(Problem, match="No space left"):
            record_check(result(GOOD))
    assert progress_file().read_bytes() == before
    assert sorted(path.name for path in progress_file().parent.iterdir()) == ["progress.json", "progress.lock"]


WRITER = """
import sys
from graders.workspace.progress import next_rung, told_once
for round in range(5):
    next_rung(f"git.c{sys.argv[1]}", 100)
    next_rung("git.shared", 1000)
told_once(f"writer-{sys.argv[1]}")
"""


def test_twenty_processes_that_write_at_once_lose_nothing() -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(number)], env=os.environ) for number in range(20)]
    assert [writer.wait(timeout=120) for writer in writers] == [0] * 20
    hints = load().step("git").hints
    assert hints == {f"git.c{number}": 5 for number in range(20)} | {"git.shared": 100}
    assert sorted(load().told) == sorted(f"writer-{number}" for number in range(20))


def test_it_needs_no_git() -> None:
    code = "import sys, graders.workspace.progress, graders.workspace.locate; sys.exit('git' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
