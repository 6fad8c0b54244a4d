"""The forge's own log: who opened, approved and merged what, as commits on `refs/forge/log`.

Each commit has an empty tree; its message is a subject, a blank line and one JSON object, the event. The log is the
truth about pull requests; all else is derived from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import git

from graders.forge.git_calls import ask, feed
from graders.problems import Problem
from graders.reports.safe_text import one_line

LOG = "refs/forge/log"
ABSENT = "0" * 40
_PATIENCE = 60  # seconds


@dataclass(frozen=True, slots=True)
class Entry:
    """One event with its subject; `at` (ISO 8601) dates the log's commit."""

    subject: str
    event: dict[str, Any]
    at: str


@dataclass(frozen=True, slots=True)
class Change:
    """A ref that moves together with the log, if it stands at `old`.

    `old` is ABSENT for a ref that must not exist yet and None for one that may stand anywhere; `new` is None to delete.
    """

    ref: str
    new: str | None
    old: str | None


@contextmanager
def locked(origin: Path) -> Iterator[None]:
    """Have the forge to oneself. Raises Problem where another command keeps it."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(origin / "forge" / "lock", timeout=_PATIENCE):
            yield
    except Timeout:
        raise Problem(
            f"Another command has held the forge in {origin} for {_PATIENCE} seconds.",
            "Wait for it to end, or end it, then run this again.",
        ) from None


def read(forge: git.Git) -> list[dict[str, Any]]:
    """All events, oldest first; none where there is no log. Raises Problem where an entry can't be read."""
    if not ask(forge, "rev-parse", "--verify", "--quiet", LOG):
        return []
    text = str(forge.log("-z", "--reverse", "--first-parent", "--format=%B", LOG))
    return [_event(message) for message in text.split("\0") if message.strip()]


def append(forge: git.Git, entries: Sequence[Entry], changes: Sequence[Change] = ()) -> None:
    """Write events and move refs, all of it or nothing, only where every ref is still what the caller saw.

    Call it under `locked`. Raises Problem where a ref has moved in the meantime.
    """
    before = ask(forge, "rev-parse", "--verify", "--quiet", LOG)
    tree = str(forge.mktree())
    tip = before
    for entry in entries:
        tip = _write(forge, tree, entry, tip)
    every = [*changes, Change(LOG, tip, before or ABSENT)]
    commands = ["start", *map(_update, every), "prepare", "commit"]
    try:
        feed(forge, "".join(f"{command}\n" for command in commands), "update-ref", "--stdin")
    except git.GitCommandError as error:
        raise Problem(
            "The forge changed while this ran, most likely by a push.", "Nothing was done; run the same command again."
        ) from error


def _write(forge: git.Git, tree: str, entry: Entry, parent: str) -> str:
    message = f"{one_line(entry.subject)}\n\n{json.dumps(entry.event)}\n"
    parents = ["-p", parent] if parent else []
    with forge.custom_environment(GIT_AUTHOR_DATE=entry.at, GIT_COMMITTER_DATE=entry.at):
        return feed(forge, message, "commit-tree", tree, *parents, "-F", "-")


def _update(change: Change) -> str:
    verb = "delete" if change.new is None else "update"
    return " ".join(part for part in (verb, change.ref, change.new, change.old) if part)


def _event(message: str) -> dict[str, Any]:
    try:
        event = json.loads(message.partition("\n\n")[2])
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        raise Problem(
            f"The forge's log has an entry that can't be read: “{one_line(message)[:60]}”.",
            "Begin again with `ninesteps reset`; it keeps your work aside.",
        )
    return event
