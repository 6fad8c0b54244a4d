"""Branches of a learner's own: every tip that the clone, its origin or a pull request has, and the commits on it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from graders.evidence.history import Commit
from graders.evidence.main_moves import Moves
from graders.evidence.snapshot import Snapshot
from graders.starter import Starter

MAIN = "main"


@dataclass(frozen=True, slots=True)
class FeatureBranch:
    """One tip with its own commits, oldest first.

    `names` are the branches at it, `pulls` the numbers of the pull requests whose head it is, `base` the commit of main
    that it is measured from, `outside` the commits that its own commits have as parents and that are not its own.
    `local` says that the clone has a branch there, and `merged` that main holds it.
    """

    tip: str
    names: tuple[str, ...]
    pulls: tuple[str, ...]
    base: str
    own: tuple[Commit, ...]
    outside: tuple[str, ...]
    local: bool
    merged: bool

    @property
    def name(self) -> str:
        if self.names:
            return self.names[0]
        return f"pull request #{self.pulls[0]}" if self.pulls else self.tip[:7]

    @property
    def quoted(self) -> str:
        """Its name as the shell takes it, for commands such as `git push`."""
        return shlex.quote(self.names[0]) if self.names else self.tip[:7]

    @property
    def revision(self) -> str:
        """What it is called in the clone, after `git fetch origin`."""
        if self.local or not self.names:
            return self.quoted
        return shlex.quote(f"origin/{self.names[0]}")

    @property
    def span(self) -> str:
        """Its commits in the clone, as `git log` takes them."""
        return f"{self.base[:7] if self.merged else 'origin/main'}..{self.revision}"

    @property
    def fetching(self) -> list[str]:
        """What brings what is spoken of into a clone that may not have it."""
        if self.pulls and not self.names:
            return [f"git fetch origin main refs/pull/{self.pulls[0]}/head"]
        return [] if self.local and not self.merged else ["git fetch origin"]

    @property
    def merges(self) -> list[Commit]:
        return [commit for commit in self.own if len(commit.parents) > 1]


def feature_branches(
    snapshot: Snapshot, moved: str, starter: Starter, pulls: Mapping[str, str], moves: Moves
) -> list[FeatureBranch]:
    """Every tip with commits that are not main's, those of the newest pull requests first.

    `moved` is the commit of main that the exercise knows; `pulls` maps number to head, without the colleague's.
    """
    tips: dict[str, tuple[list[str], list[str]]] = {}
    local = {tip for name, tip in snapshot.under("refs/local/").items() if name != MAIN}
    for number in sorted(pulls, key=int, reverse=True):
        tips.setdefault(pulls[number], ([], []))[1].append(number)
    for prefix in ("refs/local/", "refs/origin/heads/"):
        for name, tip in snapshot.under(prefix).items():
            names, _ = tips.setdefault(tip, ([], []))
            if name != MAIN and name not in names:
                names.append(name)
    found = []
    for tip, (names, numbers) in tips.items():
        branch = _measure(snapshot, tip, moved, starter, moves, tuple(names), tuple(numbers), tip in local)
        if branch.own and (names or numbers):
            found.append(branch)
    return found


def _measure(
    snapshot: Snapshot,
    tip: str,
    moved: str,
    starter: Starter,
    moves: Moves,
    names: tuple[str, ...],
    pulls: tuple[str, ...],
    local: bool,
) -> FeatureBranch:
    history = snapshot.history
    base = _base(snapshot, tip, moved, moves)
    own = history.between(base, tip)
    if moved not in history.ancestors(tip):
        own = [commit for commit in own if not _is_colleagues(commit, starter)]
    ids = {commit.id for commit in own}
    outside = {parent for commit in own for parent in commit.parents} - ids
    merged = any(move.head == tip for move in moves.moves)
    return FeatureBranch(tip, names, pulls, base, tuple(own), tuple(sorted(outside)), local, merged)


def _base(snapshot: Snapshot, tip: str, moved: str, moves: Moves) -> str:
    """Main as it was before this branch was merged; where it was not, the newest commit of main that it builds on."""
    for move in moves.moves:
        if move.head == tip:
            return move.old
    reached = snapshot.history.ancestors(tip)
    for move in reversed(moves.moves):
        if move.new in reached and move.new != tip:
            return move.new
    return moved


def _is_colleagues(commit: Commit, starter: Starter) -> bool:
    """A cherry-picked copy of the colleague's commit is not the learner's own."""
    return any(
        commit.subject == theirs.message.splitlines()[0] and commit.author == theirs.author.split(" <")[0]
        for theirs in starter.meanwhile
    )
