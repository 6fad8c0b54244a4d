"""A learner's path so far, for the terminal: two lines a step, each of them whole, so that they read well aloud too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from graders.step import Place
from graders.workspace.progress import Progress, StepProgress

_WIDEST = 100
_MARGIN = 14


def progress_table(places: Sequence[Place], progress: Progress, width: int = _WIDEST) -> str:
    """Each step with its points and where it stands, the sum, and what comes next; at most `width` columns wide."""
    lines: list[str] = []
    earned = most = 0.0
    upcoming: tuple[str, ...] = ()
    for place in places:
        one = progress.steps.get(place.name, StepProgress())
        points = sum(criterion.points for criterion in place.step.criteria)
        best = min(one.best, points)
        earned, most = earned + best, most + points
        name = f"{place.number:>2} {place.name}".ljust(_MARGIN)
        lines += _both_ends(name + place.step.title, f"{best:g} of {points:g} points", width)
        lines += _both_ends(" " * _MARGIN + place.step.subskill, _state(one), width)
        upcoming = upcoming or _next(place, one)
    lines += ["", f"{earned:g} of {most:g} points."]
    return "\n".join([*lines, *(upcoming or ["All steps here are passed. Well done!"])])


def _state(one: StepProgress) -> str:
    if one.passed_at:
        return "passed"
    if one.attempts:
        return f"under way, checked {'once' if one.attempts == 1 else f'{one.attempts} times'}"
    return "not started" if one.seed is None else "started"


def _next(place: Place, one: StepProgress) -> tuple[str, ...]:
    if one.passed_at:
        return ()
    if one.workspace is None:
        return (f"Next: ninesteps {'check' if one.attempts else 'start'} {place.name}",)
    return (f"Next: ninesteps check {place.name}", f"Your clone: {Path(one.workspace) / 'repo'}")


def _both_ends(left: str, right: str, width: int) -> list[str]:
    room = min(width, _WIDEST) - len(left) - len(right)
    return [left + " " * room + right] if room > 1 else [left, " " * _MARGIN + right]
