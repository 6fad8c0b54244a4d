"""Read a record of deployments, one JSON object a line, and compute what the DORA metrics say of it.

https://dora.dev/guides/dora-metrics-four-keys/
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

FIELDS = ("time", "actor", "action", "digest", "outcome")
ACTIONS = ("deploy", "rollback")
SUCCEEDED, FAILED = "succeeded", "failed"
_MOST_LINES = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: `time` in seconds since 1970, `digest` as 64 hexadecimal digits, `succeeded` by its `outcome`."""

    line: int
    time: float
    actor: str
    action: str
    digest: str
    succeeded: bool


@dataclass(frozen=True, slots=True)
class Flaw:
    """A line that is no entry: `what` is said of it, as the end of a sentence."""

    line: int
    what: str


@dataclass(frozen=True, slots=True)
class Metrics:
    """What a record says: how many deployments were begun, how many of them failed or were rolled back.

    `recovery_seconds` is the median time from a deployment that was rolled back to the end of its rollback; None where
    there was none.
    """

    deployments: int
    failed: int
    recovery_seconds: float | None


def read_record(text: str) -> tuple[tuple[Entry, ...], tuple[Flaw, ...]]:
    """The entries of a record, and the lines that are none. Blank lines count for nothing."""
    entries: list[Entry] = []
    flaws: list[Flaw] = []
    for number, line in enumerate(text.splitlines()[:_MOST_LINES], start=1):
        if line.strip():
            one = _entry(number, line)
            (entries if isinstance(one, Entry) else flaws).append(one)  # type: ignore[arg-type]
    return tuple(entries), tuple(flaws)


def _entry(number: int, line: str) -> Entry | Flaw:
    try:
        data: Any = json.loads(line)
    except (ValueError, RecursionError):
        return Flaw(number, "is not JSON")
    if not isinstance(data, dict):
        return Flaw(number, "is no JSON object")
    if missing := [name for name in FIELDS if not isinstance(data.get(name), str) or not data[name].strip()]:
        return Flaw(number, f"has no text under `{missing[0]}`")
    when = _seconds(data["time"])
    if when is None:
        return Flaw(number, "has a `time` that is not ISO 8601 with its offset, such as `2026-11-24T12:00:00Z`")
    if data["action"] not in ACTIONS:
        return Flaw(number, "has an `action` that is neither `deploy` nor `rollback`")
    if data["outcome"] not in (SUCCEEDED, FAILED):
        return Flaw(number, f"has an `outcome` that is neither `{SUCCEEDED}` nor `{FAILED}`")
    digest = data["digest"].rpartition("sha256:")[2].strip().lower()
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        return Flaw(number, "has a `digest` that is not `sha256:` and 64 hexadecimal digits")
    return Entry(number, when, data["actor"], data["action"], digest, data["outcome"] == SUCCEEDED)


def _seconds(text: str) -> float | None:
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return when.astimezone(UTC).timestamp() if when.tzinfo else None


def metrics(entries: Sequence[Entry]) -> Metrics:
    """How the deployments of a record went; a rollback blames the newest deployment that succeeded before it."""
    deployed = [one for one in entries if one.action == "deploy"]
    blamed: dict[int, float] = {}
    latest: Entry | None = None
    for one in entries:
        if one.action == "deploy" and one.succeeded:
            latest = one
        elif one.action == "rollback" and one.succeeded and latest and latest.line not in blamed:
            blamed[latest.line] = max(0.0, one.time - latest.time)
    failed = {one.line for one in deployed if not one.succeeded} | set(blamed)
    return Metrics(len(deployed), len(failed), median(blamed.values()) if blamed else None)


def lead_seconds(entries: Sequence[Entry], handed_over: dict[str, float]) -> float | None:
    """The median time from a release being handed over (digest to seconds since 1970) to its first deployment."""
    first: dict[str, float] = {}
    for one in entries:
        if one.action == "deploy" and one.succeeded and one.digest in handed_over:
            first.setdefault(one.digest, one.time)
    times = [max(0.0, when - handed_over[digest]) for digest, when in first.items()]
    return median(times) if times else None
