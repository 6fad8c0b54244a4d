"""Read a recipe: what it is, the shell commands that make the submission, and the verdicts it must get.

A recipe is `exercises/NN_name/attempts/KIND_name.yaml`, where KIND is one of `KINDS`:

    about: The branch was never rebased.
    near: rebased_on_main          # of a near miss: the criterion that it narrowly misses
    run: |
      feature; push_and_open
    expect:                        # what is not named here must be `passed`
      rebased_on_main: failed
      conflict_resolved: cannot_check
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graders.criterion import Kind
from graders.problems import Problem
from graders.step import Place

KINDS = ("reference", "starter", "right", "near", "attack", "bad")
DEFAULT_SEED = 3


@dataclass(frozen=True, slots=True)
class Recipe:
    """One attempt. `expect` maps a criterion's name to its verdict; `problem` is set where it can't be judged at all.

    `mistake` maps a criterion's name to the named mistake that its verdict must carry.
    """

    name: str
    kind: str
    about: str
    run: str
    near: str
    expect: Mapping[str, Kind]
    mistake: Mapping[str, str]
    problem: str
    seed: int

    def wants(self, criterion: str) -> Kind:
        return self.expect.get(criterion, Kind.PASSED)


def folder_of(place: Place) -> Path:
    """Where the recipes of a step are."""
    return place.folder / "attempts"


def recipes(place: Place) -> list[Recipe]:
    """All attempts of a step, by name. Raises Problem for a recipe that is not well formed."""
    return [_read(file, place) for file in sorted(folder_of(place).glob("*.yaml"))]


def reference(place: Place) -> Recipe:
    """The reference answer. Raises Problem where the step has none."""
    for recipe in recipes(place):
        if recipe.kind == "reference":
            return recipe
    raise Problem(f"Step {place.name} has no reference answer.", "Write exercises/…/attempts/reference.yaml.")


def _read(file: Path, place: Place) -> Recipe:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    def wrong(what: str) -> Problem:
        return Problem(f"{file.name}: {what}.", "See graders/attempts/recipe.py for what a recipe holds.")

    try:
        data: Any = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    except YAMLError as trouble:
        raise wrong(f"not YAML ({str(trouble).splitlines()[0]})") from None
    kind = file.stem.split("_")[0]
    known = {one.name for one in place.step.criteria}
    if kind not in KINDS:
        raise wrong(f"the name must begin with one of {', '.join(KINDS)}")
    if not isinstance(data, dict) or not data.get("about"):
        raise wrong("it needs `about` and `run`")
    if wordy := [name for name in ("expect", "mistake") if not isinstance(data.get(name) or {}, dict)]:
        raise wrong(f"`{wordy[0]}` maps criteria to what they must get")
    expect, mistake = dict(data.get("expect") or {}), dict(data.get("mistake") or {})
    named = {*expect, *mistake, *([data["near"]] if "near" in data else [])}
    if unknown := named - known:
        raise wrong(f"no criterion is called {', '.join(sorted(unknown))}")
    if kind == "near" and "near" not in data:
        raise wrong("a near miss says which criterion it misses: `near`")
    if strange := set(expect.values()) - {one.value for one in Kind}:
        raise wrong(f"there is no verdict {', '.join(map(str, strange))}")
    return Recipe(
        name=file.stem,
        kind=kind,
        about=str(data["about"]),
        run=str(data.get("run") or ""),
        near=str(data.get("near", "")),
        expect={name: Kind(value) for name, value in expect.items()},
        mistake={name: str(value) for name, value in mistake.items()},
        problem=str(data.get("problem", "")),
        seed=int(data.get("seed", DEFAULT_SEED)),
    )
