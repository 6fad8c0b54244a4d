"""The score in nbgrader's gradebook is what `ninesteps check` gives, whatever a learner did to the notebook."""

from __future__ import annotations

import json
import shutil
import sqlite3

import pytest
from bs4 import BeautifulSoup

from tests.classroom.conftest import ASSIGNMENT, HAND_IN, LEARNERS, nbgrader, ninesteps


@pytest.mark.parametrize(
    "command",
    [
        "generate_assignment",
        "release_assignment",
        "fetch_assignment",
        "submit",
        "collect",
        "autograde",
        "generate_feedback",
        "export",
    ],
)
def test_every_command_of_nbgrader_runs(graded, command):
    code, said = graded.said[command]
    assert code == 0, said
    assert "Traceback" not in said


@pytest.mark.parametrize("learner", LEARNERS)
def test_the_gradebook_holds_the_score_that_check_gives(graded, learner):
    done = ninesteps("check", "git", str(graded.submitted(learner)), "--json", "-", home=graded.root / "checker")
    score = json.loads(done.stdout)["score"]
    assert graded.exported[learner] == score
    assert score == {"full": 10.0, "noisy": 10.0}.get(learner, 7.0 if LEARNERS[learner][0] else 0.0)


def test_what_the_gradebook_says_each_cell_is_worth(graded):
    with sqlite3.connect(graded.course / "gradebook.db") as book:
        (most,) = book.execute("select max_score from grade_cells").fetchall()
        manual = book.execute("select count(*) from grade where needs_manual_grade").fetchall()
    assert most == (10.0,)
    assert manual == [(0,)]


@pytest.mark.parametrize("learner", LEARNERS)
def test_the_feedback_holds_the_card_and_nothing_else_is_handed_back(graded, learner):
    assert len(BeautifulSoup(graded.feedback(learner), "html.parser").select("section.ns-card")) == 1
    folder = graded.course / "feedback" / learner / ASSIGNMENT
    assert {path.name for path in folder.rglob("*")} <= {f"{ASSIGNMENT}.html", "timestamp.txt", "submission_secret.txt"}


@pytest.mark.parametrize(
    ("learner", "says"),
    [
        ("full", "10 of 10 points"),
        ("partial", "changes no file"),
        ("forged", "changes no file"),
        ("dot_git", "a .git folder where the file git.ninesteps belongs"),
        ("empty_handed", "nothing was handed in"),
        ("garbage", "cannot be read as a hand-in"),
        ("linked", "not a regular file"),
        ("broken", "This notebook cannot be read"),
    ],
)
def test_the_feedback_says_why(graded, learner, says):
    assert says in graded.feedback(learner)


def test_a_link_brings_nothing_of_the_instructors_into_the_feedback(graded):
    for kind in ("autograded", "feedback"):
        for path in (graded.course / kind / "linked").rglob("*"):
            assert not path.is_file() or "secret" not in path.read_text(errors="replace"), path


def test_what_was_submitted_is_left_as_it_was(graded):
    assert (graded.submitted("dot_git") / ".git" / "HEAD").exists()
    assert (graded.submitted("linked") / HAND_IN).is_symlink()
    assert (graded.submitted("full") / HAND_IN).read_bytes() == (graded.root / "full" / HAND_IN).read_bytes()


def test_grading_again_gives_the_same(graded, tmp_path):
    course = shutil.copytree(graded.course, tmp_path / "course", symlinks=True)
    ((code, said),) = nbgrader(
        tmp_path, [course, "autograde", ASSIGNMENT, "--force", "--CourseDirectory.student_id=f*"]
    )
    assert code == 0, said
    for learner in ("full", "forged"):
        once, again = (
            folder / "autograded" / learner / ASSIGNMENT / f"{ASSIGNMENT}.ipynb" for folder in (graded.course, course)
        )
        assert once.read_bytes() == again.read_bytes()


def test_nbgrader_without_our_settings_finds_the_same_score_by_running_the_notebook(graded, tmp_path):
    course = tmp_path / "course"
    for learner in ("full", "partial"):
        shutil.copytree(graded.submitted(learner), course / "submitted" / learner / ASSIGNMENT)
    shutil.copytree(graded.course / "source", course / "source")
    # The instructor has a workspace of their own, with nothing done in it. It must not be graded, nor handed in by the
    # `submit` that stands in the learners' notebooks.
    (tmp_path / "ninesteps").mkdir()
    assert ninesteps("start", "git", home=tmp_path / "ninesteps").returncode == 0
    calls = [[course, command, ASSIGNMENT] for command in ("generate_assignment", "autograde", "generate_feedback")]
    for code, said in nbgrader(tmp_path, *calls, activated=True):
        assert code == 0, said
    with sqlite3.connect(course / "gradebook.db") as book:
        scores = sorted(book.execute("select auto_score from grade").fetchall())
    assert scores == [(7.0,), (10.0,)]
    page = (course / "feedback" / "partial" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()
    assert "changes no file" in page
