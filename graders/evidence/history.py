"""Commits as they are in the objects: read once, with plumbing, and never from the working tree or the reflog."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from graders.evidence.git_command import Git

_FORMAT = "%H%x00%P%x00%T%x00%an%x00%s"
_FIELDS = 5


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: full ids of itself, its parents and its tree, the author's name and the subject line."""

    id: str
    parents: tuple[str, ...]
    tree: str
    author: str
    subject: str

    @property
    def short(self) -> str:
        return self.id[:7]


class History:
    """Every commit that some ref reaches, as a graph of parents."""

    def __init__(self, git: Git) -> None:
        self._git = git

    @cached_property
    def commits(self) -> dict[str, Commit]:
        """By id, each after its parents."""
        text = self._git.text("log", "--all", "--topo-order", "--reverse", "-z", f"--format={_FORMAT}")
        fields = text.split("\0")
        records = zip(*(fields[first::_FIELDS] for first in range(_FIELDS)), strict=False)
        return {id: Commit(id, tuple(parents.split()), tree, who, what) for id, parents, tree, who, what in records}

    def __getitem__(self, id: str) -> Commit:
        return self.commits[id]

    def __contains__(self, id: object) -> bool:
        return id in self.commits

    def ancestors(self, *tips: str) -> set[str]:
        """All commits that `tips` reach, themselves included."""
        seen: set[str] = set()
        open_ends = list(tips)
        while open_ends:
            id = open_ends.pop()
            if id not in seen and id in self.commits:
                seen.add(id)
                open_ends.extend(self.commits[id].parents)
        return seen

    def between(self, base: str, tip: str) -> list[Commit]:
        """The commits of `base..tip`, oldest first, each after its parents. https://git-scm.com/docs/gitrevisions"""
        wanted = self.ancestors(tip) - self.ancestors(base)
        return self.in_order(wanted)

    def in_order(self, ids: Iterable[str]) -> list[Commit]:
        wanted = set(ids)
        return [commit for id, commit in self.commits.items() if id in wanted]

    def first_parents(self, tip: str) -> list[Commit]:
        """`tip` and the commits that its first parents lead to, newest first."""
        chain = []
        id: str | None = tip
        while id is not None and id in self.commits:
            chain.append(self.commits[id])
            id = chain[-1].parents[0] if chain[-1].parents else None
        return chain

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor, or None for unrelated histories. https://git-scm.com/docs/git-merge-base"""
        common = self.ancestors(one) & self.ancestors(other)
        return next((id for id in reversed(self.commits) if id in common), None)
