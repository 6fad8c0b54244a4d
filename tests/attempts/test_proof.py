"""The proof itself: it complains where an attempt does not get what it must, and where attempts leave a gap."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graders.attempts import proof
from graders.attempts.proof import Proof, gaps, golden_file, prove
from graders.attempts.recipe import Recipe, recipes
from graders.criterion import Kind
from graders.step import Place, find

GIT = find("git")
UNTOUCHED = "expect:\n  feature_branch: failed\n" + "".join(
    f"  {one.name}: cannot_check\n" for one in GIT.step.criteria if one.name != "feature_branch"
)


def step_with(folder: Path, text: str, name: str = "right_x") -> tuple[Place, Recipe]:
    place = Place(1, "git", folder / "01_git")
    (place.folder / "attempts").mkdir(parents=True)
    shutil.copy(GIT.folder / "starter.py", place.folder)
    (place.folder / "attempts" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return place, recipes(place)[0]


def test_an_attempt_that_gets_what_it_must_and_says_what_it_said(tmp_path: Path) -> None:
    place, recipe = step_with(tmp_path, f"about: Nothing was done.\n{UNTOUCHED}mistake:\n  feature_branch: no branch\n")
    [complaint] = prove(place, recipe).complaints
    assert "differs from its golden file" in complaint

    written = prove(place, recipe, update=True)

    assert written.complaints == ()
    assert golden_file(place, recipe).read_text(encoding="utf-8") == written.feedback
    assert prove(place, recipe) == written
    golden_file(place, recipe).write_text(written.feedback.replace("no branch", "no tree"), encoding="utf-8")
    assert "+  found" in "".join(prove(place, recipe).complaints)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("about: x\n", "feature_branch: failed, expected passed (There is no branch"),
        (
            f"about: x\n{UNTOUCHED}mistake:\n  feature_branch: other\n",
            "the mistake is called 'no branch', expected 'other'",
        ),
        ("about: x\nproblem: anything\n", "it was judged, and should not be"),
        ("about: x\nrun: rm -rf .git\n", "it could not be judged: "),
        ("about: x\nrun: rm -rf .git\nproblem: another one\n", "it could not be judged: "),
        ("about: x\nrun: |\n  echo on the way\n  false\n", "failed with exit code 1:\non the way"),
    ],
)
def test_an_attempt_that_gets_something_else(tmp_path: Path, text: str, complaint: str) -> None:
    place, recipe = step_with(tmp_path, text)

    assert complaint in "\n".join(prove(place, recipe, update=True).complaints)


def test_what_runs_outside_and_what_changes_the_submission_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, recipe = step_with(tmp_path, f"about: x\n{UNTOUCHED}")
    honest = proof.judge

    def touching(where: str) -> Any:
        def judge(place: Place, path: Path) -> Any:
            (path.parent.parent / where).touch()
            return honest(place, path)

        return judge

    for where, complaint in (("canary", "ran outside the sandbox"), ("work/repo/new", "changed the submission")):
        monkeypatch.setattr(proof, "judge", touching(where))
        assert complaint in "\n".join(prove(place, recipe, update=True).complaints)


def test_two_different_answers_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, recipe = step_with(tmp_path, f"about: x\n{UNTOUCHED}")
    honest, count = proof.judge, iter(range(10))

    def changing(place: Place, path: Path) -> Any:
        return replace(honest(place, path), notes=(f"Note {next(count)}",))

    monkeypatch.setattr(proof, "judge", changing)

    assert "judged twice, it got two different answers" in prove(place, recipe, update=True).complaints


def a_proof(kind: str, near: str = "", **verdicts: Kind) -> Proof:
    recipe = Recipe(f"{kind}_x", kind, "x", "", near, {}, {}, "", 3)
    names = [one.name for one in GIT.step.criteria]
    return Proof(recipe, "", dict.fromkeys(names, Kind.PASSED) | verdicts, ())


def whole() -> list[Proof]:
    misses = [a_proof("near", one.name, **{one.name: Kind.FAILED}) for one in GIT.step.criteria for _ in range(3)]
    return [a_proof(kind) for kind in ("reference", "starter", "right", "right", "attack")] + misses


def test_no_gap() -> None:
    assert gaps(GIT, whole()) == []


def test_gaps_are_named() -> None:
    without_linear = [one for one in whole() if one.recipe.near != "linear"]
    assert gaps(GIT, without_linear) == ["no attempt fails linear", "linear has 0 near misses, 3 wanted"]
    for kind, wanted in (("reference", 1), ("starter", 1), ("right", 2), ("attack", 1)):
        left = [one for one in whole() if one.recipe.kind != kind]
        assert f"{wanted} {kind} attempt(s) wanted, 0 there" in gaps(GIT, left)
    never_passed = [replace(one, verdicts=one.verdicts | {"linear": Kind.FAILED}) for one in whole()]
    assert "no attempt passes linear" in gaps(GIT, never_passed)
    assert "near_x should miss linear, and passes it" in gaps(GIT, [*whole(), a_proof("near", "linear")])
