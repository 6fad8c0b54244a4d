"""What a learner was asked and how it went: one JSON line an event, only ever appended to.

Each line holds what a spaced-repetition scheduler needs: the drill, when, and how it went.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from graders.workspace.home import state_dir

ASKED, GAVE_UP = "asked", "gave_up"  # the other outcomes are those of `Outcome`
_PATIENCE = 30  # seconds to wait for another process of the same learner


@dataclass(frozen=True, slots=True)
class Event:
    """One line. `seed` and `variant` make the question again."""

    drill: str
    seed: int
    variant: int
    outcome: str
    at: str = ""


def events_file() -> Path:
    """Where the answers to drills are remembered, one JSON object a line."""
    return state_dir() / "drills.jsonl"


def append(event: Event) -> None:
    """Add one event, stamped with the time. Raises OSError where the file can't be written."""
    from filelock import FileLock

    path = events_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    stamped = asdict(event) | {"at": datetime.now(UTC).isoformat(timespec="seconds")}
    line = (json.dumps(stamped) + "\n").encode()
    with FileLock(path.with_suffix(".lock"), timeout=_PATIENCE), path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # a crash cut the last line short: it must not spoil this one
                line = b"\n" + line
        file.write(line)


def events(drill: str) -> Iterator[Event]:
    """What happened with one drill, oldest first; lines that can't be read are passed over."""
    try:
        lines = events_file().read_bytes().splitlines()
    except OSError:
        return
    for line in lines:
        try:
            data = json.loads(line)
            event = Event(**{field.name: data[field.name] for field in fields(Event)})  # a newer version may write more
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        if event.drill == drill and _is_count(event.seed, 0) and _is_count(event.variant, 1):
            yield event


def _is_count(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
