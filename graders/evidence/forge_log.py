"""The local forge's own log: which pull requests it opened, and every move it made of main."""

from __future__ import annotations

import json
from dataclasses import dataclass

from graders.evidence.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class ForgeLog:
    """`opened` are the numbers of its pull requests; `moves` are main's moves (old, new), from its first commit on."""

    opened: frozenset[str]
    moves: tuple[tuple[str, str], ...]

    def past_it(self, main: str) -> str:
        """The commit that main was moved to by something else than the forge, or empty."""
        at = self.moves[0][0] if self.moves else ""
        for found_at, left_at in (*self.moves, (main, main)):
            if found_at != at:
                return found_at
            at = left_at
        return ""


def read_forge_log(snapshot: Snapshot) -> ForgeLog | None:
    """The log in `snapshot`; None where origin keeps none (GitHub and the like). What can't be read is left out."""
    tip = snapshot.refs.get("refs/origin/forge/log")
    if tip is None:
        return None
    opened, moves = set(), []
    for body in snapshot.git.text("log", "-z", "--first-parent", "--reverse", "--format=%b", tip).split("\0"):
        try:
            event = json.loads(body)
        except (ValueError, RecursionError):
            continue
        match event:
            case {"event": "opened", "main": str(main)}:
                moves.append(("", main))
            case {"event": "pr_opened", "number": int(number)}:
                opened.add(str(number))
            case {"event": "pr_merged", "old": str(old), "new": str(new)}:
                moves.append((old, new))
    return ForgeLog(frozenset(opened), tuple(moves))
