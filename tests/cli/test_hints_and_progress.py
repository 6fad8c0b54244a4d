"""The ladder of hints, and what `ninesteps progress` says on the way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from learners_terminal import Terminal

from graders.step import find, places

FIRST, SECOND = find("git").step.criteria[:2]


def unwrapped(text: str) -> str:
    return " ".join(text.split())


def test_each_call_goes_one_rung_up_and_the_last_says_so(fresh: Terminal) -> None:
    for number, text in enumerate(FIRST.hints, start=1):
        done = fresh("hint", "git")
        assert done.code == 0
        assert done.out.startswith(f"{FIRST.title}: hint {number} of {len(FIRST.hints)}\n")
        assert text in unwrapped(done.out)
        last = number == len(FIRST.hints)
        assert ("That was the last one." in done.out) is last
        assert ("One more: ninesteps hint git" in done.out) is not last
    assert fresh("hint", "git").out == done.out
    assert "ninesteps solution git --force" in done.out


def test_a_criterion_that_passes_gives_its_ladder_back(fresh: Terminal) -> None:
    for _ in FIRST.hints:
        fresh("hint", "git")
    fresh.git("switch", "-q", "-c", "list-few")
    fresh.commit("notes.md", "Notes\n", "Note what to do")
    assert fresh("hint", "git").out.startswith(f"{SECOND.title}: hint 1 of ")
    assert fresh("check", "git").code == 1
    fresh.git("switch", "-q", "main")
    fresh.git("branch", "-q", "-D", "list-few")
    assert fresh("hint", "git").out.startswith(f"{FIRST.title}: hint 1 of ")
    fresh.git("switch", "-q", "-c", "list-few")
    fresh.commit("notes.md", "Notes\n", "Note what to do")
    assert fresh("hint", "git").out.startswith(f"{SECOND.title}: hint 2 of ")


def test_asking_for_hints_is_no_attempt(fresh: Terminal) -> None:
    fresh("hint", "git")
    assert "started" in fresh("progress").out
    fresh("check", "git")
    fresh("hint", "git")
    assert "checked once" in fresh("progress").out


def test_nothing_is_left_to_hint_at_after_a_pass(solved: Terminal) -> None:
    done = solved("hint", "git")
    assert (done.code, done.out) == (0, "Nothing is left to hint at: all 9 criteria pass.\n")


def test_what_could_not_be_checked_has_no_hint_but_says_how_to_go_on(solved: Terminal) -> None:
    solved.git("remote", "remove", "origin")
    done = solved("hint", "git")
    assert done.code == 0
    assert "git remote add origin" in unwrapped(done.out)
    assert "hint 1 of" not in done.out


def test_hints_fit_the_terminal(fresh: Terminal) -> None:
    for _ in range(3):
        assert all(len(line) <= 60 for line in fresh("hint", "git", COLUMNS="60").out.splitlines()[1:-1])


def every_point() -> float:
    return sum(criterion.points for place in places() for criterion in place.step.criteria)


def test_progress_of_somebody_new_says_how_to_begin(newcomer: Terminal) -> None:
    done = newcomer("progress")
    assert (done.code, done.err) == (0, "")
    first, second, *_, total, todo = done.out.splitlines()
    assert re.fullmatch(r" 1 git +Git and branching +0 of 10 points", first)
    assert second.endswith(" not started")
    assert (total, todo) == (f"0 of {every_point():g} points.", "Next: ninesteps start git")
    assert not Path(newcomer.env["NINESTEPS_HOME"]).exists()


def test_progress_on_the_way_says_where_the_work_is(fresh: Terminal) -> None:
    assert fresh("progress").out.splitlines()[-2:] == ["Next: ninesteps check git", f"Your clone: {fresh.clone}"]
    fresh.git("switch", "-q", "-c", "list-few")
    fresh.commit("notes.md", "Notes\n", "Note what to do")
    fresh("check", "git")
    shown = fresh("progress").out
    assert "1 of 10 points" in shown
    assert "under way, checked once" in shown


def test_progress_after_a_pass_stays_one_even_if_the_work_gets_worse(solved: Terminal) -> None:
    shown = solved("progress").out
    assert "10 of 10 points" in shown
    assert shown.splitlines()[-2:] == [f"10 of {every_point():g} points.", "Next: ninesteps start ci"]
    solved("reset", "git")
    assert solved("check", "git").code == 1
    assert solved("progress").out == shown


def test_a_progress_file_that_cannot_be_read_is_kept_aside_and_said(fresh: Terminal) -> None:
    state = Path(fresh.env["NINESTEPS_HOME"]) / ".state"
    (state / "progress.json").write_text("{", encoding="utf-8")
    done = fresh("progress")
    assert done.code == 0
    assert str(state / "progress.unreadable-1.json") in done.err
    assert "started" in done.out
    assert fresh("progress").err == ""
    assert fresh("check", "git").code == 1


@pytest.mark.parametrize("width", [40, 80, 200])
def test_progress_fits_the_terminal(solved: Terminal, width: int) -> None:
    for line in solved("progress", COLUMNS=str(width)).out.splitlines():
        assert len(line) <= min(max(width, 60), 100)
        assert line == line.rstrip()
