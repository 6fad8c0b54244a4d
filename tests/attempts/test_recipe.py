"""A recipe that is not well formed is refused with a sentence that says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.attempts.recipe import recipes, reference
from graders.criterion import Kind
from graders.problems import Problem
from graders.step import Place


def place_with(folder: Path, **files: str) -> Place:
    (folder / "attempts").mkdir()
    for name, text in files.items():
        (folder / "attempts" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return Place(1, "git", folder)


def test_a_good_one(tmp_path: Path) -> None:
    text = "about: Late.\nnear: linear\nrun: git status\nexpect:\n  linear: failed\nmistake:\n  linear: too late\nseed: 7\n"
    [recipe] = recipes(place_with(tmp_path, near_late=text))

    assert (recipe.name, recipe.kind, recipe.near, recipe.seed) == ("near_late", "near", "linear", 7)
    assert recipe.wants("linear") is Kind.FAILED
    assert recipe.wants("messages") is Kind.PASSED
    assert recipe.mistake == {"linear": "too late"}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("odd_name", "about: x\n", "the name must begin with one of"),
        ("right_x", "run: git status\n", "it needs `about`"),
        ("right_x", "- a list\n", "it needs `about`"),
        ("right_x", "about: [unclosed\n", "not YAML"),
        ("right_x", "about: x\nexpect:\n  no_such: failed\n", "no criterion is called no_such"),
        ("right_x", "about: x\nmistake:\n  no_such: y\n", "no criterion is called no_such"),
        ("right_x", "about: x\nexpect:\n  linear: maybe\n", "there is no verdict maybe"),
        ("right_x", "about: x\nexpect: all passed\n", "`expect` maps criteria"),
        ("near_x", "about: x\n", "says which criterion it misses"),
        ("near_x", "about: x\nnear: no_such\n", "no criterion is called no_such"),
    ],
)
def test_a_bad_one_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(Problem) as refused:
        recipes(place_with(tmp_path, **{name: text}))

    assert f"{name}.yaml" in refused.value.found
    assert said in refused.value.found


def test_a_step_without_a_reference_says_so(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="no reference answer"):
        reference(place_with(tmp_path, right_x="about: x\n"))
