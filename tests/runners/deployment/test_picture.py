"""The picture of a plan: counts by version and span, and what the learner's record gives."""

from __future__ import annotations

import json

from graders.picture import Moment
from graders.runners.deployment.picture import timeline_of
from graders.runners.deployment.plan import Act, Do, Plan
from graders.runners.deployment.record import Event, Played, Request
from graders.runners.deployment.releases import ROUTE_BROKEN, V1

DEPLOY, BAD, BACK = (
    Act(Do.DEPLOY, "deploy v1", V1),
    Act(Do.DEPLOY, "deploy v3", ROUTE_BROKEN),
    Act(Do.ROLLBACK, "rollback 1"),
)


def entry(action: str, digest: str, second: int) -> str:
    when = f"1970-01-01T00:00:{second:02}Z"
    line = {"time": when, "actor": "mei", "action": action, "digest": f"sha256:{digest}", "outcome": "succeeded"}
    return json.dumps(line) + "\n"


PLAYED = Played(
    Plan("a release goes bad", (DEPLOY, BAD, BACK)),
    (Event(DEPLOY, 0, 0.4, 0), Event(BAD, 0.5, 0.6, 0), Event(BACK, 1.0, 1.3, None)),
    (
        Request(0.1, 503, "", 0.01),  # nothing was deployed yet
        Request(0.3, 200, V1.digest, 0.01),
        Request(0.4, 200, V1.digest, 0.01),
        Request(0.7, 500, ROUTE_BROKEN.digest, 0.01),
        Request(1.6, 200, V1.digest, 0.01),
    ),
    epoch=0,
    record=entry("deploy", V1.digest, 1) + entry("deploy", ROUTE_BROKEN.digest, 2) + entry("rollback", V1.digest, 6),
)


def test_spans_count_what_callers_got() -> None:
    picture = timeline_of(PLAYED)

    assert picture.versions == ("v1",)
    assert picture.served == ((0,), (2,), (0,), (0,), (0,), (0,), (1,))
    assert picture.failed == (0, 0, 1, 0, 0, 0, 0)
    assert picture.moments[0] == Moment(0, 0.4, "deploy v1")
    assert picture.moments[2].outcome == "does not end"


def test_notes_say_how_long_it_took() -> None:
    assert timeline_of(PLAYED).notes == (
        "Callers were served again 0.6 s after the rollback began.",
        "By the record, 1 of 2 deployments failed, recovery took 4 s, and a release took 1 s to get there.",
    )


def test_of_nothing_there_is_nothing_to_draw() -> None:
    assert timeline_of(Played(Plan("nothing", ()), trouble="it did not end in time")).served == ()
