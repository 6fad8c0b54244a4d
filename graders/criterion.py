"""A criterion is one thing in one place: title, points, reason, hints and code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The four verdicts. `PASSED` earns all points; `FAILED` earns the share of them that the verdict names, most often none."""

    PASSED = "passed"
    FAILED = "failed"
    CANNOT_CHECK = "cannot_check"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one criterion concluded.

    `found` is the evidence, `expected` what would have passed, `where` a place to look (commit, `file:line`, job,
    layer), `next` the next thing to try, `ran` the commands a learner can run to see the same, `mistake` the short name of a
    known wrong answer, and `marks` the ids of the picture's nodes that the verdict complains about. `share` is the part of the
    points, 0 to below 1, that a failed verdict still earns.
    """

    kind: Kind
    found: str = ""
    expected: str = ""
    where: str = ""
    next: str = ""
    mistake: str = ""
    ran: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    share: float = 0.0


def passed(found: str, *, where: str = "", ran: Iterable[str] = ()) -> Verdict:
    """The criterion holds; `found` is the evidence that shows it."""
    return Verdict(Kind.PASSED, found=found, where=where, ran=tuple(ran))


def failed(
    found: str,
    *,
    expected: str,
    next: str,
    where: str = "",
    mistake: str = "",
    ran: Iterable[str] = (),
    marks: Iterable[str] = (),
    share: float = 0.0,
) -> Verdict:
    """The criterion does not hold."""
    return Verdict(Kind.FAILED, found, expected, where, next, mistake, tuple(ran), tuple(marks), share)


def cannot_check(found: str, *, next: str, where: str = "", ran: Iterable[str] = ()) -> Verdict:
    """Something that the verdict needs is missing; earns nothing and blames nobody."""
    return Verdict(Kind.CANNOT_CHECK, found=found, where=where, next=next, ran=tuple(ran))


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that is judged. `judge` takes the step's evidence and returns a `Verdict`."""

    name: str
    points: float
    title: str
    why: str
    hints: tuple[str, ...]
    after: tuple[Criterion, ...]
    judge: Callable[[Any], Verdict]


_LABEL = re.compile(r"^(Why|Hint):\s*(.*)$")


def criterion(*, points: float, after: Sequence[Criterion] = ()) -> Callable[[Callable[[Any], Verdict]], Criterion]:
    """Make a criterion of a function; its docstring holds the title, `Why:` and one `Hint:` a rung.

    Raises ValueError where a part of the docstring is missing, so that a half-written criterion never ships.
    """

    def make(function: Callable[[Any], Verdict]) -> Criterion:
        title, why, hints = _read_docstring(function)
        return Criterion(function.__name__, float(points), title, why, hints, tuple(after), function)

    return make


def _read_docstring(function: Callable[..., Any]) -> tuple[str, str, tuple[str, ...]]:
    lines = (inspect.getdoc(function) or "").splitlines()
    title = lines[0].rstrip(".") if lines else ""
    parts: list[tuple[str, str]] = []
    for line in lines[1:]:
        if label := _LABEL.match(line):
            parts.append((label[1], label[2]))
        elif line.strip() and parts:
            parts[-1] = (parts[-1][0], f"{parts[-1][1]} {line.strip()}")
    whys = [text for label, text in parts if label == "Why"]
    hints = tuple(text for label, text in parts if label == "Hint")
    if not title or len(whys) != 1 or not hints or not all([*whys, *hints]):
        raise ValueError(f"{function.__name__}: the docstring needs a title, one `Why:` and at least one `Hint:`")
    return title, whys[0], hints
