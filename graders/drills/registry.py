"""Finds drills by their files alone: `exercises/NN_name/drills/DRILL.py` is the drill `name.DRILL`."""

from __future__ import annotations

from functools import cache

from graders.drills.question import Drill
from graders.problems import Problem
from graders.starter import exercise_module
from graders.step import places


@cache
def drills() -> dict[str, Drill]:
    """Every drill there is, by its id such as `git.merge_base`."""
    found: dict[str, Drill] = {}
    for place in places():
        for file in sorted((place.folder / "drills").glob("[a-z]*.py")):
            found[f"{place.name}.{file.stem}"] = exercise_module(place, f"drills/{file.stem}").DRILL
    return found


def find(drill_id: object) -> Drill:
    """The drill of that id. Raises Problem, naming the drills there are."""
    known = drills()
    if isinstance(drill_id, str) and drill_id in known:
        return known[drill_id]
    raise Problem(f"There is no drill called {drill_id!r:.60}.", f"Drills here: {', '.join(known)}.")
