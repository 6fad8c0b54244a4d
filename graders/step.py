"""A step of the path, and the registry that finds them by their folders alone."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from graders.criterion import Criterion
from graders.picture import Picture
from graders.problems import Problem

ROOT = Path(__file__).resolve().parent.parent
EXERCISES = ROOT / "exercises"
_FOLDER = re.compile(r"^(\d\d)_([a-z]+)$")


@dataclass(frozen=True, slots=True)
class Step:
    """What `graders/steps/NAME.py` exports as `STEP`.

    `open` turns a path (a repository or a hand-in) into the step's evidence, as a context manager; it raises `Problem`
    where the path can't be judged at all. `picture` draws that evidence, or is None; `remarks` are sentences that stand beside
    the verdicts and decide nothing, such as what a scanner knows today.
    """

    title: str
    subskill: str
    minutes: int
    open: Callable[[Path], Any]
    criteria: tuple[Criterion, ...]
    picture: Callable[[Any], Picture | None] | None = None
    remarks: Callable[[Any], Iterable[str]] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step lives: its number and name come from its folder in `exercises/`."""

    number: int
    name: str
    folder: Path

    @property
    def step(self) -> Step:
        """The step's criteria; imported only when asked for."""
        step: Step = importlib.import_module(f"graders.steps.{self.name}").STEP
        return step


@cache
def places() -> tuple[Place, ...]:
    """Every step there is, in order of number."""
    found = []
    for folder in sorted(EXERCISES.iterdir()):
        if folder.is_dir() and (match := _FOLDER.match(folder.name)):
            found.append(Place(int(match[1]), match[2], folder))
    return tuple(found)


def find(name_or_number: str) -> Place:
    """The step called `git`, `1`, `01` or `01_git`. Raises Problem, naming the steps there are."""
    wanted = name_or_number.strip().lower()
    for place in places():
        if wanted in (place.name, str(place.number), place.folder.name) or wanted.lstrip("0") == str(place.number):
            return place
    known = ", ".join(f"{place.number} or {place.name}" for place in places())
    raise Problem(f"There is no step called {name_or_number!r}.", f"Steps here: {known}.")
