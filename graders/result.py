"""A judged submission: verdicts, points, and the one place where a score is computed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from graders.criterion import Criterion, Kind, Verdict
from graders.picture import Picture
from graders.problems import Problem
from graders.step import Place

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Judged:
    """One criterion with its verdict."""

    id: str
    criterion: Criterion
    verdict: Verdict

    @property
    def points(self) -> float:
        if self.verdict.kind is Kind.FAILED:
            return round(_clamped(self.criterion.points * self.verdict.share, self.criterion.points), 2)
        return self.criterion.points if self.verdict.kind is Kind.PASSED else 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """All verdicts on one submission of one step, in the step's order."""

    step: str
    number: int
    title: str
    criteria: tuple[Judged, ...]
    picture: Picture | None = None
    notes: tuple[str, ...] = ()

    @property
    def max_score(self) -> float:
        return _clamped(sum(judged.criterion.points for judged in self.criteria), float("inf"))

    @property
    def score(self) -> float:
        return _clamped(sum(judged.points for judged in self.criteria), self.max_score)

    @property
    def first_open(self) -> Judged | None:
        """The first criterion that has not passed, or None when all have."""
        return next((judged for judged in self.criteria if judged.verdict.kind is not Kind.PASSED), None)

    @property
    def exit_code(self) -> int:
        """0 all passed, 1 something failed (or our grader broke), 3 something could not be checked."""
        kinds = {judged.verdict.kind for judged in self.criteria}
        if kinds & {Kind.FAILED, Kind.ERROR}:
            return 1
        return 3 if Kind.CANNOT_CHECK in kinds else 0

    def as_json(self) -> dict[str, Any]:
        """The stable, versioned form that `check --json` prints."""
        return {
            "schema": SCHEMA,
            "step": self.step,
            "score": self.score,
            "max_score": self.max_score,
            "criteria": [_criterion_json(judged) for judged in self.criteria],
            "notes": list(self.notes),
            "picture": {"kind": self.picture.kind, **asdict(self.picture)} if self.picture else None,
        }


def _criterion_json(judged: Judged) -> dict[str, Any]:
    verdict = judged.verdict
    return {
        "id": judged.id,
        "title": judged.criterion.title,
        "verdict": verdict.kind.value,
        "points": judged.points,
        "max_points": judged.criterion.points,
        "found": verdict.found,
        "expected": verdict.expected,
        "where": verdict.where,
        "next": verdict.next,
        "ran": list(verdict.ran),
        "mistake": verdict.mistake,
        "marks": list(verdict.marks),
        "why": judged.criterion.why,
    }


def _clamped(points: float, most: float) -> float:
    if not isfinite(points):
        return 0.0
    return round(min(max(points, 0.0), most), 2)


def problem_json(place: Place, problem: Problem) -> dict[str, Any]:
    """What `check --json` prints for input that can't be judged: no points, and why."""
    most = _clamped(sum(criterion.points for criterion in place.step.criteria), float("inf"))
    found = {"found": problem.found, "next": problem.next}
    return {"schema": SCHEMA, "step": place.name, "score": 0.0, "max_score": most, "criteria": [], "problem": found}
