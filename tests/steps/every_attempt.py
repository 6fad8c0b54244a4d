"""What the tests of every step's grader share: its attempts, made and judged, and what they prove together."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from graders.attempts.proof import Proof, gaps, prove
from graders.attempts.recipe import Recipe, recipes
from graders.runners.sandbox import isolates
from graders.step import Place


def attempts_of(place: Place, quick: Collection[str] | None = None) -> pytest.MarkDecorator:
    """Parametrize a test's `recipe` with every attempt of the step.

    Where `quick` names some of them, the others are slow: `make test-all` runs all but further near misses of a
    criterion that has one there already, `make test-every` runs those as well.
    """
    every = recipes(place)
    if unknown := set(quick or ()) - {recipe.name for recipe in every}:
        raise ValueError(f"step {place.name} has no attempt called {', '.join(sorted(unknown))}")
    telling = {recipe.near: recipe.name for recipe in reversed(every) if recipe.near}
    telling |= {recipe.near: recipe.name for recipe in every if recipe.near and recipe.name in (quick or ())}

    def marks(recipe: Recipe) -> list[pytest.MarkDecorator]:
        if quick is None or recipe.name in quick:
            return []
        return [pytest.mark.thorough if recipe.near and telling[recipe.near] != recipe.name else pytest.mark.slow]

    marked = [pytest.param(recipe, id=recipe.name, marks=marks(recipe)) for recipe in every]
    return pytest.mark.parametrize("recipe", marked)


def gets_what_it_must(place: Place, recipe: Recipe) -> None:
    """The attempt gets the verdicts and the feedback that are written down for it, twice the same."""
    if recipe.kind == "attack" and not isolates():
        pytest.skip(f"attacks on step {place.number}'s grader: they need bubblewrap")
    proof = prove(place, recipe)

    assert not proof.complaints, "\n".join(proof.complaints)


def leave_no_gap(place: Place, without: str) -> None:
    """The attempts prove each criterion, as each gets what it wants; less the near misses of `without`, they don't."""
    names = [criterion.name for criterion in place.step.criteria]
    proofs = [
        Proof(recipe, "", {} if recipe.problem else {name: recipe.wants(name) for name in names}, ())
        for recipe in recipes(place)
    ]
    fewer = gaps(place, [proof for proof in proofs if proof.recipe.near != without])

    assert not gaps(place, proofs), gaps(place, proofs)
    assert any(f"{without} has 0 near misses" in gap for gap in fewer), fewer


def say_what_they_are(place: Place) -> None:
    """Every right answer earns all, and every near miss fails its criterion and names the mistake."""
    for recipe in recipes(place):
        if recipe.kind in ("reference", "right"):
            assert not recipe.expect, recipe.name
        if recipe.kind == "near":
            assert recipe.wants(recipe.near) == "failed", recipe.name
            assert recipe.near in recipe.mistake, recipe.name
