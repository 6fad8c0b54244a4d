"""Step 1's grader: every attempt gets the verdicts and the feedback that it must get, and together they prove it."""

from __future__ import annotations

import pytest

from graders.attempts.proof import prove
from graders.attempts.recipe import Recipe, recipes
from graders.step import find

GIT = find("git")


@pytest.mark.parametrize("recipe", recipes(GIT), ids=lambda recipe: recipe.name)
def test_attempt(recipe: Recipe) -> None:
    proof = prove(GIT, recipe)

    assert not proof.complaints, "\n".join(proof.complaints)
