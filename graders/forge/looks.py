"""What the forge found when it looked at pushes and pull requests: which workflows did not start, and why not."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from graders.forge.runs import write_json

_MOST = 30


@dataclass(frozen=True, slots=True)
class NotStarted:
    """A workflow that did not start: why, as a sentence, and the place in its file that says so."""

    path: str
    reason: str
    where: str


@dataclass(frozen=True, slots=True)
class Look:
    """One event: `about` names it in words, `head` is the commit that it brought."""

    about: str
    head: str
    started: tuple[int, ...]
    skipped: tuple[NotStarted, ...]


def read_looks(origin: Path) -> list[Look]:
    """The latest looks, oldest first; none where there were none, or where they can't be read."""
    try:
        found = json.loads((origin / "forge" / "looks.json").read_bytes())
        return [
            Look(one["about"], one["head"], tuple(one["started"]), tuple(NotStarted(**skip) for skip in one["skipped"]))
            for one in found
        ]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def add_look(origin: Path, look: Look) -> None:
    """Remember a look, and forget the oldest."""
    kept = [*read_looks(origin), look][-_MOST:]
    write_json(origin / "forge" / "looks.json", [asdict(one) for one in kept])
