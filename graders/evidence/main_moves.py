"""How main came to be what it is: each move is explained by a pull request's head, from the objects alone.

Whichever way a pull request is merged (merge commit, squash, rebase, fast-forward, GitLab's squash with a merge commit),
main then holds the tree that merging its head gives; what was changed beside it does not.
https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

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
    """Main's moves since `start`, oldest first; `unexplained` is the oldest commit that no pull request explains."""

    moves: tuple[Move, ...]
    unexplained: Commit | None = None
    lost_start: bool = False


def explain(snapshot: Snapshot, start: str, main: str, pulls: Mapping[str, str]) -> Moves:
    """Explain main's first parents from `start` up to its tip; `pulls` maps number to head."""
    chain = snapshot.history.first_parents(main)
    ids = [commit.id for commit in chain]
    if start not in ids:
        return Moves((), None, lost_start=True)
    chain = chain[: ids.index(start) + 1][::-1]
    merging = _Merging(snapshot, pulls)
    # Position in `chain` to where the move that ends there began; each begins where another one ended, or at the start.
    explained: dict[int, tuple[int, Move] | None] = {0: None}
    for position in range(1, len(chain)):
        heads = merging.heads_for(chain[position])
        for begin in reversed(explained):
            if move := merging.move(heads, chain[begin], chain[begin + 1 : position + 1]):
                explained[position] = begin, move
                break
    last = max(explained)
    moves: list[Move] = []
    position = last
    while step := explained[position]:
        position = step[0]
        moves.append(step[1])
    return Moves(tuple(reversed(moves)), chain[last + 1] if last + 1 < len(chain) else None)


class _Merging:
    """What merging each pull request would give; every answer is worked out once."""

    def __init__(self, snapshot: Snapshot, pulls: Mapping[str, str]) -> None:
        self._snapshot, self._history = snapshot, snapshot.history
        newest_first = sorted(pulls, key=int, reverse=True)
        self._pulls = [(number, pulls[number]) for number in newest_first if pulls[number] in self._history]
        self._reached = {head: self._history.ancestors(head) for _, head in self._pulls}
        self._commits = cache(self._history.between)
        self._tree = cache(self._merged_tree)

    def heads_for(self, tip: Commit) -> list[tuple[str, str]]:
        """The pull requests whose merge may have made `tip`, the likeliest first."""
        possible = [
            (number, head) for number, head in self._pulls if tip.id == head or tip.id not in self._reached[head]
        ]
        return sorted(possible, key=lambda one: one[1] not in (tip.id, *tip.parents[1:]))

    def move(self, heads: list[tuple[str, str]], old: Commit, came: Sequence[Commit]) -> Move | None:
        """The merge that took main from `old` to the last of the commits that `came`, one after the other."""
        new = came[-1]
        for number, head in heads:
            # An empty commit is nobody's merge, unless it names the head.
            changes = new.tree != old.tree or head in (new.id, *new.parents[1:])
            if changes and self._are_its_commits(old, came, head) and self._tree(old.id, head) == new.tree:
                return Move(number, head, old.id, new.id)
        return None

    def _are_its_commits(self, old: Commit, came: Sequence[Commit], head: str) -> bool:
        """Whether more than one commit is the pull request's own, rebased: their authors and subjects stay."""
        theirs = self._commits(old.id, head)
        if len(came) < 2:
            return bool(theirs)
        rest = iter((commit.author, commit.subject) for commit in theirs)
        return len(came) <= len(theirs) and all((commit.author, commit.subject) in rest for commit in came)

    def _merged_tree(self, one: str, other: str) -> str:
        """The tree that a clean merge gives, or empty. https://git-scm.com/docs/git-merge-tree"""
        if self._history.merge_base(one, other) == one:
            return self._history[other].tree
        try:
            return self._snapshot.git.text("merge-tree", "--write-tree", one, other).split()[0]
        except GitFailed:
            return ""
