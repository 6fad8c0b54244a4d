"""How main came to be what it is: each move is explained by a pull request's head, from the objects alone.

A merge commit has the head as its second parent; a squash or a rebase ends with the tree that merging the head gives.
https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from graders.evidence.git_command import GitFailed
from graders.evidence.history import Commit
from graders.evidence.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Move:
    """Main went from `old` to `new` by merging pull request `number`, whose head is `head`."""

    number: str
    head: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Moves:
    """Main's moves since `start`, oldest first; `unexplained` is the newest commit that no pull request explains."""

    moves: tuple[Move, ...]
    unexplained: Commit | None = None
    lost_start: bool = False


def explain(snapshot: Snapshot, start: str, main: str, pulls: Mapping[str, str]) -> Moves:
    """Walk main's first parents from its tip back to `start`; `pulls` maps number to head."""
    chain = snapshot.history.first_parents(main)
    ids = [commit.id for commit in chain]
    if start not in ids:
        return Moves((), None, lost_start=True)
    chain = chain[: ids.index(start) + 1]
    found: list[Move] = []
    position = 0
    while position < len(chain) - 1:
        move, length = _explain_tip(snapshot, chain[position:], pulls)
        if move is None:
            return Moves(tuple(reversed(found)), chain[position])
        found.append(move)
        position += length
    return Moves(tuple(reversed(found)))


def _explain_tip(snapshot: Snapshot, chain: list[Commit], pulls: Mapping[str, str]) -> tuple[Move | None, int]:
    tip = chain[0]
    history = snapshot.history
    for number, head in pulls.items():
        if tip.parents[1:] == (head,):
            return Move(number, head, chain[1].id, tip.id), 1
    for number, head in pulls.items():
        if head not in history:
            continue
        for length in range(1, len(chain)):
            old = chain[length].id
            commits = len(history.between(old, head))
            if commits and length in (1, commits) and _merged_tree(snapshot, old, head) == tip.tree:
                return Move(number, head, old, tip.id), length
    return None, 0


def _merged_tree(snapshot: Snapshot, one: str, other: str) -> str:
    """The tree that a clean merge gives, or empty. https://git-scm.com/docs/git-merge-tree"""
    if snapshot.history.merge_base(one, other) == one:
        return snapshot.history[other].tree
    try:
        return snapshot.git.text("merge-tree", "--write-tree", one, other).split()[0]
    except GitFailed:
        return ""


def last_main_in_log(snapshot: Snapshot) -> str | None:
    """Where the local forge's own log last left main; None where there is no such log."""
    tip = snapshot.refs.get("refs/origin/forge/log")
    if tip is None:
        return None
    for body in snapshot.git.text("log", "-z", "--format=%b", tip).split("\0"):
        try:
            event = json.loads(body)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and event.get("event") in ("opened", "pr_merged"):
            return str(event.get("new") or event.get("main"))
    return ""
