"""A drawing as data: what a step shows beside its verdicts, with no idea of how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """One commit: `lane` is its branch's column (0 is main), `labels` the branches and pull requests at it."""

    id: str
    text: str
    lane: int
    parents: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitGraph:
    """Commits, oldest first; a parent stands before its children. `lanes` names the lanes."""

    title: str
    nodes: tuple[Node, ...]
    lanes: tuple[str, ...] = ("main",)
