from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from graders.drills.play import Answered, Asked, Trouble, answer, drill
from graders.drills.question import Drill, Feedback, Outcome, Question, right, unclear
from graders.drills.record import Event, append, events, events_file
from graders.drills.registry import drills
from graders.workspace import progress

MERGE_BASE = "git.merge_base"


def asked(drill_id: str = MERGE_BASE) -> Asked:
    shown = drill(drill_id)
    assert isinstance(shown, Asked), shown
    return shown


def said(given: object, drill_id: str = MERGE_BASE) -> Feedback:
    answered = answer(drill_id, given)
    assert isinstance(answered, Answered), answered
    return answered.feedback


def test_the_question_stays_until_another_is_asked_for() -> None:
    first = asked()

    assert asked() == first
    assert repr(asked()) == repr(first)


def test_another_becomes_the_current_one() -> None:
    first = asked()
    second = first.another()

    assert isinstance(second, Asked)
    assert (second.seed, second.variant) == (first.seed, 2)
    assert asked() == second
    assert said(second.question.right).outcome is Outcome.RIGHT


def test_a_started_steps_seed_is_the_drills_seed(home: Path) -> None:
    progress.record_start("git", 4321, home / "01_git")

    assert asked().seed == 4321


def test_starting_the_step_later_does_not_change_the_question(home: Path) -> None:
    before = asked()
    progress.record_start("git", (before.seed + 1) % 10_000, home / "01_git")

    assert asked() == before


def test_two_learners_have_seeds_of_their_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = set()
    for name in ("ann", "bob", "cem"):
        monkeypatch.setenv("NINESTEPS_HOME", str(home / name))
        seeds.add(asked().seed)

    assert len(seeds) > 1


@pytest.mark.parametrize("given", [None, [], ["c1"], {}, 2.5, True, b"c1", object()])
def test_what_is_no_text_gets_a_sentence_with_the_form(given: object) -> None:
    feedback = said(given)

    assert feedback.outcome is Outcome.UNCLEAR
    assert feedback.next == 'Write it like this: `answer("git.merge_base", "c1")`.'


@pytest.mark.parametrize("given", ["", "   ", "\n\n\t"])
def test_an_empty_answer_gets_a_sentence(given: str) -> None:
    assert said(given).text == "The answer is still empty."


def test_a_number_counts_as_text() -> None:
    shown = asked("git.ahead_of_main")

    assert said(int(shown.question.right), "git.ahead_of_main").outcome is Outcome.RIGHT


def test_a_flood_is_refused() -> None:
    assert "characters long" in said("c1" * 50_000).text


@pytest.mark.parametrize("name", ["git.merge_bas", "", "merge_base", None, 3, ["git.merge_base"]])
def test_an_unknown_drill_is_a_sentence_that_names_the_others(name: str) -> None:
    trouble = drill(name)

    assert isinstance(trouble, Trouble)
    assert "There is no drill called" in repr(trouble)
    assert MERGE_BASE in repr(trouble)
    assert trouble.answer("c1") == trouble.another() == trouble.give_up() == trouble
    assert "There is no drill called" in trouble._repr_html_()


def test_giving_up_shows_the_answer_and_why() -> None:
    answered = asked().give_up()

    assert repr(answered).startswith(f"The answer is: {asked().question.right}\n")
    assert "no commit after it" in repr(answered)


def test_a_learners_markup_and_escapes_stay_text() -> None:
    for attack in (
        "<script>alert(1)</script>",
        "`<img src=x onerror=alert(1)>`",
        "\x1b[31mred\x1b]0;title\x07",
        "\ud800",
    ):
        answered = answer(MERGE_BASE, attack)
        html, text = answered._repr_html_(), repr(answered)
        html.encode()
        text.encode()
        assert "<script" not in html
        assert "<img" not in html
        assert "\x1b" not in html + text


def test_every_outcome_is_recorded_once(home: Path) -> None:
    shown = asked()
    wrong = next(iter(shown.question.wrong))
    for given in (wrong, None, shown.question.right):
        shown.answer(given)
    shown.give_up()

    outcomes = [event.outcome for event in events(MERGE_BASE)]

    assert outcomes == ["asked", "wrong", "unclear", "right", "gave_up"]
    assert events_file().is_relative_to(home)
    assert all(json.loads(line)["at"].endswith("+00:00") for line in events_file().read_text().splitlines())


def test_a_line_cut_short_by_a_crash_spoils_no_other() -> None:
    append(Event(MERGE_BASE, 5, 1, "asked"))
    with events_file().open("a") as file:
        file.write('{"drill": "git.merge_base", "se')
    append(Event(MERGE_BASE, 5, 2, "asked"))

    assert [event.variant for event in events(MERGE_BASE)] == [1, 2]
    assert asked().variant == 2


@pytest.mark.parametrize(
    "line",
    [
        "[]",
        "null",
        '{"drill": "git.merge_base"}',
        '{"drill": "git.merge_base", "seed": "x", "variant": 1, "outcome": "asked"}',
        '{"drill": "git.merge_base", "seed": 1, "variant": -2, "outcome": "asked"}',
        "\xff\xfe",
        "[" * 100_000,
    ],
)
def test_a_foreign_line_is_passed_over(line: str) -> None:
    append(Event(MERGE_BASE, 5, 3, "asked"))
    with events_file().open("a", encoding="latin-1") as file:
        file.write(line + "\n")

    assert (asked().seed, asked().variant) == (5, 3)


def test_a_newer_versions_line_counts() -> None:
    append(Event(MERGE_BASE, 5, 3, "asked"))
    line = events_file().read_text().replace("}", ', "grade": 4}').replace('"variant": 3', '"variant": 4')
    with events_file().open("a") as file:
        file.write(line)

    assert asked().variant == 4


def test_processes_that_write_at_once_lose_nothing() -> None:
    code = (
        "from graders.drills.record import Event, append\n"
        "for number in range(50): append(Event('git.merge_base', 1, number + 1, 'asked'))"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]

    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert len(list(events(MERGE_BASE))) == 150


def test_a_home_that_cannot_be_written_still_gives_feedback(home: Path) -> None:
    home.write_text("a file where the folder should be")
    shown = asked()

    answered = shown.answer(shown.question.right)

    assert answered.feedback.outcome is Outcome.RIGHT
    assert "could not be recorded" in repr(answered)
    trouble = drill("git.broken_build")
    assert isinstance(trouble, Trouble)
    assert "files can't be made" in repr(trouble)


def test_a_defect_of_ours_is_no_fault_of_the_learners(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(given: str) -> Feedback:
        raise ZeroDivisionError

    question = Question("?", broken, "x", (), '"x"')
    monkeypatch.setitem(drills(), "git.defect", Drill("a defect", lambda random: question))

    assert said("x", "git.defect") == unclear(
        "The drill itself broke here (ZeroDivisionError). This is our defect, not yours.",
        f"Please report it with the values {asked('git.defect').seed} and 1, and go on with `another()`.",
    )


def test_the_folder_is_named_in_the_question_and_made_once() -> None:
    made = []
    question = Question(
        "Look into `{folder}`.", right, "x", (), '"x"', prepare=lambda folder: made.append(folder.mkdir())
    )
    drills()["git.folder"] = Drill("a folder", lambda random: question)
    try:
        shown = asked("git.folder")
        asked("git.folder")
    finally:
        del drills()["git.folder"]

    assert shown.folder.is_dir()
    assert len(made) == 1
    assert [one.name for one in shown.folder.parent.iterdir()] == [shown.folder.name]


def test_nothing_is_asked_while_nbgrader_grades(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")

    assert isinstance(drill(MERGE_BASE), Trouble)
    assert not home.exists()
