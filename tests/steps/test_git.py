"""Step 1's grader: every attempt gets the verdicts and the feedback that it must get, and together they prove it."""

from __future__ import annotations

import pytest

from graders.attempts.proof import Proof, gaps, prove
from graders.attempts.recipe import Recipe, recipes
from graders.runners.sandbox import isolates
from graders.step import find

GIT = find("git")
RECIPES = recipes(GIT)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_attempt(recipe: Recipe) -> None:
    if recipe.kind == "attack" and not isolates():
        pytest.skip("attacks on step 1's grader: they need bubblewrap")
    proof = prove(GIT, recipe)

    assert not proof.complaints, "\n".join(proof.complaints)


def test_the_attempts_leave_no_gap() -> None:
    """As each gets what it wants, what they want is what they prove."""
    names = [criterion.name for criterion in GIT.step.criteria]
    proofs = [
        Proof(recipe, "", {} if recipe.problem else {name: recipe.wants(name) for name in names}, ())
        for recipe in RECIPES
    ]

    assert gaps(GIT, proofs) == []
    without_near_misses = [proof for proof in proofs if proof.recipe.near != "linear"]
    assert gaps(GIT, without_near_misses) == [
        "linear has 0 near misses, 3 wanted"
    ] or "no attempt fails linear" in gaps(GIT, without_near_misses)


def test_every_right_answer_earns_all_and_every_near_miss_names_its_mistake() -> None:
    for recipe in RECIPES:
        if recipe.kind in ("reference", "right"):
            assert not recipe.expect, recipe.name
        if recipe.kind == "near":
            assert recipe.wants(recipe.near) == "failed", recipe.name
            assert recipe.near in recipe.mistake, recipe.name
