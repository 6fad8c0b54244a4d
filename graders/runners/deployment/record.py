"""What came of a plan: the scripts and how they ended, and every request that was sent meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graders.runners.deployment.plan import Act, Do, Plan


@dataclass(frozen=True, slots=True)
class Request:
    """One request of the load: `at` and `took` in seconds, `status` 0 where nobody answered, `digest` of what did."""

    at: float
    status: int
    digest: str
    took: float

    @property
    def good(self) -> bool:
        """Whether a caller got what it asked for, from a release."""
        return self.status == 200 and bool(self.digest)


@dataclass(frozen=True, slots=True)
class Event:
    """One script that ran, from `began` to `ended` seconds; `settled` is until when the load was watched afterwards.

    `exit_code` is None where it did not end in time. `serving` are the digests that answered at last ("" is an answer of
    no release), `running` port and digest of each release that still ran, `latest` the digest that the tag names.
    """

    act: Act
    began: float
    ended: float
    exit_code: int | None = None
    settled: float = 0
    said: str = ""
    serving: tuple[str, ...] = ()
    running: tuple[tuple[int, str], ...] = ()
    latest: str = ""

    @property
    def ok(self) -> bool:
        """Whether the script says that all went well."""
        return self.exit_code == 0

    def serves(self, digest: str) -> bool:
        """Whether that release answered alone at last."""
        return self.serving == (digest,)


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a plan. `epoch` is its beginning in seconds since 1970; `record` is what the scripts wrote down.

    `trouble` says, as the middle of a sentence, why there is nothing. `beyond` is what scripts asked the place for that it
    has not, and what they meant to run it on might have.
    """

    plan: Plan
    events: tuple[Event, ...] = ()
    requests: tuple[Request, ...] = ()
    epoch: float = 0
    record: str = ""
    trouble: str = ""
    beyond: tuple[str, ...] = ()

    def event(self, name: str) -> Event | None:
        """The event of the step of that name; None where it was left out."""
        return next((one for one in self.events if one.act.name == name), None)

    def during(self, event: Event) -> list[Request]:
        """The requests from its beginning until it had settled."""
        return [one for one in self.requests if event.began <= one.at < event.settled]

    def after(self, event: Event) -> list[Request]:
        """The requests from its end until it had settled."""
        return [one for one in self.during(event) if one.at >= event.ended]

    def previous(self, event: Event) -> Event | None:
        """The script that ran before."""
        place = self.events.index(event)
        earlier = [one for one in self.events[:place] if one.act.do in (Do.DEPLOY, Do.ROLLBACK)]
        return earlier[-1] if earlier else None


def read(plan: Plan, data: Mapping[str, Any]) -> Played:
    """The record that `inside.py` left. Raises ValueError, KeyError or TypeError where it is not one."""
    acts = {act.name: act for act in plan.acts}
    digests = [str(one) for one in data["digests"]]
    return Played(
        plan,
        tuple(_event(acts[one["name"]], one) for one in data["events"]),
        tuple(_requests(data["requests"], digests)),
        float(data["epoch"]),
        str(data["record"]),
        str(data["trouble"]),
        tuple(str(one)[:100] for one in data.get("beyond", ())[:20]),
    )


def _event(act: Act, data: Mapping[str, Any]) -> Event:
    code = data.get("exit_code")
    return Event(
        act,
        float(data["began"]),
        float(data["ended"]),
        None if code is None else int(code),
        float(data.get("settled", data["ended"])),
        str(data.get("said", "")),
        tuple(map(str, data.get("serving", ()))),
        tuple((int(port), str(digest)) for port, digest in data.get("running", ())),
        str(data.get("latest", "")),
    )


def _requests(rows: Iterable[Any], digests: list[str]) -> Iterable[Request]:
    for at, status, digest, took in rows:
        yield Request(float(at), int(status), digests[int(digest)], float(took))
