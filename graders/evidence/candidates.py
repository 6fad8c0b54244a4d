"""Which commits of a learner's could be the answer: the tips that nothing of theirs builds on, best candidates first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from graders.criterion import Criterion, Kind
from graders.evidence.history import Commit
from graders.evidence.snapshot import Snapshot
from graders.evidence.starting_point import StartingPoint

MOST_CANDIDATES = 3
_HEADS = ("refs/local/", "refs/origin/heads/")
_PREFIXES = ("refs/local/", "refs/origin/heads/", "refs/origin/pull/")
_Work = TypeVar("_Work")


def candidates(snapshot: Snapshot, start: StartingPoint, beside: str = "") -> list[Commit]:
    """Tips of branches and pull requests, the clone's and origin's, that hold work of the learner's; main's start if none.

    `beside` is the name of a branch that holds the answer to another question. It counts for none of these; where it is
    the only branch, the commits below its tip do.

    Tips that another one builds on are left out, and of those with the same files all but one. What holds most commits
    comes first, so that neither the clock nor the branch that is checked out decides.
    """
    history = snapshot.history
    given = history.ancestors(start.commits.base, start.commits.moved)
    tips = set(_tips(snapshot, beside).values()) - given
    if not tips and beside:
        tips = {parent for id in branch(snapshot, beside) for parent in history[id].parents} - given
    inner = {id for tip in tips for parent in history[tip].parents for id in history.ancestors(parent)}
    tops = history.in_order(tips - inner)
    tops.sort(key=lambda commit: (-len(history.ancestors(commit.id) - given), commit.id))
    trees = {history[start.commits.base].tree, history[start.commits.moved].tree}
    found = []
    for commit in tops:
        if commit.tree not in trees:
            trees.add(commit.tree)
            found.append(commit)
    return found[:MOST_CANDIDATES] or [history[start.commits.moved]]


def branch(snapshot: Snapshot, name: str) -> list[str]:
    """The commits that a branch of that name is at: the clone's first, then origin's."""
    return list(
        dict.fromkeys(snapshot.refs[f"{prefix}{name}"] for prefix in _HEADS if f"{prefix}{name}" in snapshot.refs)
    )


def _tips(snapshot: Snapshot, beside: str) -> dict[str, str]:
    """Ref to commit id, without the branch `beside` and the pull requests that are at its commit alone."""
    refs = {name: id for name, id in snapshot.refs.items() if name.startswith(_PREFIXES)}
    left_out = branch(snapshot, beside) if beside else []
    heads = {
        name: id for name, id in refs.items() if name.startswith(_HEADS) and name not in [h + beside for h in _HEADS]
    }
    others = {name: id for name, id in refs.items() if not name.startswith(_HEADS) and id not in left_out}
    return heads | others


def names_of(snapshot: Snapshot, commit: Commit) -> tuple[str, ...]:
    """The branches and pull requests (`#3`) that stand at the commit, the clone's own first."""
    named: dict[str, None] = {}
    for prefix in _PREFIXES:
        sign = "#" if prefix.endswith("pull/") else ""
        named |= {f"{sign}{name}": None for name, id in snapshot.under(prefix).items() if id == commit.id}
    return tuple(named)


def best(works: Sequence[_Work], criteria: Sequence[Criterion], give_up: Callable[[_Work], None]) -> _Work:
    """The one that earns most by `criteria`, the first of equals; `give_up` is told of each of the others."""
    if len(works) == 1:
        return works[0]
    chosen, most = works[0], -1.0
    full = sum(one.points for one in criteria)
    for work in works:
        points = earned(work, criteria)
        if points > most:
            chosen, most = work, points
        if most >= full:
            break
    for work in works:
        if work is not chosen:
            give_up(work)
    return chosen


def earned(work: object, criteria: Sequence[Criterion]) -> float:
    """The points that `criteria` give, shares of those that fail included, each after those that it needs."""
    passed: set[str] = set()
    points = 0.0
    for one in criteria:
        if all(needed.name in passed for needed in one.after):
            try:
                verdict = one.judge(work)
            except Exception:  # noqa: S112 - a defect of ours, which judging shows as one
                continue
            if verdict.kind is Kind.PASSED:
                passed.add(one.name)
                points += one.points
            elif verdict.kind is Kind.FAILED:
                points += one.points * verdict.share
    return points
