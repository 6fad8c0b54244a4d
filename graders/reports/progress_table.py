"""A learner's path so far, as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from graders.step import Place
from graders.workspace.progress import Progress


def progress_table(places: Sequence[Place], progress: Progress) -> tuple[Table, str]:
    """The table, and a sentence on what comes next."""
    table = Table("Step", "Title", "Subskill", "Points", "State", box=None, pad_edge=False)
    upcoming = ""
    for place in places:
        one = progress.steps.get(place.name)
        most = sum(criterion.points for criterion in place.step.criteria)
        if one is None or one.seed is None:
            state, command = "not started", f"ninesteps start {place.name}"
        elif one.passed_at:
            state, command = "passed", ""
        elif one.attempts:
            state, command = f"under way, {one.attempts} checked", f"ninesteps check {place.name}"
        else:
            state, command = "started", f"ninesteps check {place.name}"
        points = f"{one.best if one else 0:g} of {most:g}"
        table.add_row(f"{place.number} {place.name}", place.step.title, place.step.subskill, points, state)
        upcoming = upcoming or command
    return table, f"Next: {upcoming}" if upcoming else "All steps here are passed. Well done."
