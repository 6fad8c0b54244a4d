"""The record of deployments: what is an entry, and what is computed from entries."""

from __future__ import annotations

import json

import pytest

from graders.evidence.deployment_record import Metrics, lead_seconds, metrics, read_record

ONE, OTHER = "1" * 64, "2" * 64


def line(action: str = "deploy", digest: str = ONE, outcome: str = "succeeded", minute: int = 0, **more: object) -> str:
    entry = {"time": f"2026-11-24T12:{minute:02}:00Z", "actor": "mei", "action": action}
    return json.dumps({**entry, "digest": f"sha256:{digest}", "outcome": outcome, **more})


def test_an_entry_says_all() -> None:
    (entry,), flaws = read_record("\n" + line(commit="more may be there") + "\n\n")

    assert (entry.line, entry.actor, entry.action, entry.digest, entry.succeeded) == (2, "mei", "deploy", ONE, True)
    assert entry.time == 1795521600
    assert flaws == ()


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("deployed v1", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1]", "is no JSON object"),
        (line(actor=""), "has no text under `actor`"),
        (line(actor=5), "has no text under `actor`"),
        (line(time="2026-11-24T12:00:00"), "has a `time` that is not ISO 8601"),
        (line(time="noon"), "has a `time` that is not ISO 8601"),
        (line("promote"), "has an `action` that is neither"),
        (line(outcome="ok"), "has an `outcome` that is neither"),
        (line(digest="latest"), "has a `digest` that is not"),
    ],
)
def test_a_line_that_is_none_is_told(text: str, flaw: str) -> None:
    entries, (found,) = read_record(text)

    assert entries == ()
    assert found.what.startswith(flaw)


def test_what_failed_and_what_was_rolled_back_count_as_failures() -> None:
    lines = [
        line(minute=0),
        line(digest=OTHER, outcome="failed", minute=5),
        line(digest=OTHER, minute=10),
        line("rollback", minute=14),
        line("rollback", minute=20),
    ]
    entries, _ = read_record("\n".join(lines))

    assert metrics(entries) == Metrics(3, 2, 240.0)
    assert metrics(()) == Metrics(0, 0, None)


def test_lead_time_is_that_of_the_first_deployment_that_went_well() -> None:
    entries, _ = read_record(
        "\n".join([line(outcome="failed"), line(minute=2), line(minute=30), line(digest=OTHER, minute=6)])
    )

    assert lead_seconds(entries, {ONE: entries[0].time, OTHER: entries[0].time}) == 240
    assert lead_seconds(entries, {}) is None
