"""The reference answer: shown, or carried out in a fresh workspace."""

from __future__ import annotations

import os
from pathlib import Path

from graders.attempts.make import carry_out
from graders.attempts.recipe import reference
from graders.problems import Problem
from graders.starter import starter_for
from graders.step import Place
from graders.workspace.locate import folder_of
from graders.workspace.progress import load
from graders.workspace.reset import reset


def solution_text(place: Place, *, force: bool) -> str:
    """The reference answer as a script, with the files it uses. Raises Problem before a pass, unless `force`."""
    _earned(place, force)
    recipe = reference(place)
    seed = load().step(place.name).seed
    variant = starter_for(place, seed or 0).variant
    used = {name: text for name, text in variant.items() if "\n" in text and f"$GIVEN/{name}" in recipe.run}
    values = [f"{name.upper()}={value}" for name, value in variant.items() if f"${name.upper()}" in recipe.run]
    files = [f"# {name}\n{text}" for name, text in used.items()]
    return "\n".join([f"# {recipe.about}", *values, "", recipe.run, *files])


def apply_solution(place: Place, *, force: bool) -> tuple[Path, Path]:
    """Put the reference answer into the step's workspace; returns that folder, and where the earlier work is kept.

    It is carried out elsewhere first, so that a failure leaves the workspace as it was.
    """
    _earned(place, force)
    recipe = reference(place)
    folder = folder_of(place)
    kept = reset(place, folder)
    seed = load().step(place.name).seed
    carry_out(place, recipe, seed or 0, folder / "repo", dict(os.environ))
    return folder, kept


def _earned(place: Place, force: bool) -> None:
    one = load().steps.get(place.name)
    if one is None or one.seed is None:
        raise Problem(f"Step {place.number} ({place.name}) was not started yet.", f"Start it: `ninesteps start {place.name}`")
    if not force and one.passed_at is None:
        raise Problem(
            "The reference answer is shown once you have passed: it helps most then.",
            f"Try `ninesteps hint {place.name}` first; `--force` shows it all the same.",
        )
