"""Tables in a page that are made from the criteria, so that no page repeats them by hand."""

from __future__ import annotations

from graders.step import Place


def criteria_table(place: Place) -> str:
    """The step's criteria as a Markdown table: what is judged, its points, and why it matters."""
    criteria = place.step.criteria
    rows = [f"| {_cell(one.title)} | {_points(one.points)} | {_cell(one.why)} |" for one in criteria]
    total = f"| **All of it** | **{_points(points_of(place))}** | |"
    return "\n".join(["| What is judged | Points | Why it matters |", "| :-- | --: | :-- |", *rows, total])


def points_of(place: Place) -> float:
    """What a full score of the step is worth."""
    return sum(one.points for one in place.step.criteria)


def _cell(text: str) -> str:
    # GitHub's tables end a cell at a bare pipe, even inside backticks: https://github.github.com/gfm/#tables-extension-
    return " ".join(text.split()).replace("|", "\\|")


def _points(points: float) -> str:
    return f"{points:g}"
