"""What is tried with a learner's scripts: steps one after another on one place, under one load."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from graders.runners.deployment.releases import (
    BREAKS_LATER,
    DOES_NOT_START,
    NEWEST,
    ROUTE_BROKEN,
    UNHEALTHY,
    V1,
    V2,
    V4,
    Release,
)

DEPLOY, ROLLBACK = "scripts/deploy.sh", "scripts/rollback.sh"
PORTS = (8001, 8002)
_MOST_SECONDS = 40.0  # for one script


class Do(StrEnum):
    """What a step does."""

    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    BREAK = "break"  # the release that breaks later does now
    PUBLISH = "publish"  # the tag `latest` moves to a release
    TAKE_PORTS = "take_ports"  # somebody else's service listens on what is free of the ports for releases


@dataclass(frozen=True, slots=True)
class Act:
    """One step. It is left out where `unless` is a release that serves by then."""

    do: Do
    name: str
    release: Release | None = None
    unless: Release | None = None

    @property
    def task(self) -> dict[str, Any]:
        """The step for `inside.py`."""
        head: dict[str, Any] = {"name": self.name, "do": str(self.do)}
        if self.unless:
            head["unless"] = self.unless.digest
        match self.do:
            case Do.DEPLOY:
                assert self.release
                return head | {"do": "script", "argv": [DEPLOY, self.release.image], "seconds": _MOST_SECONDS}
            case Do.ROLLBACK:
                return head | {"do": "script", "argv": [ROLLBACK], "seconds": _MOST_SECONDS}
            case Do.PUBLISH:
                assert self.release
                return head | {"digest": self.release.digest}
            case Do.TAKE_PORTS:
                return head | {"ports": list(PORTS)}
        return head


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps on one place that begins with nothing deployed."""

    name: str
    acts: tuple[Act, ...]

    def as_json(self) -> list[dict[str, Any]]:
        """What tells this plan from another."""
        return [asdict(act) for act in self.acts]


def _deploy(release: Release, unless: Release | None = None) -> Act:
    return Act(Do.DEPLOY, f"deploy {release.name}", release, unless)


_PUBLISHED = Act(Do.PUBLISH, "a newer one is published", NEWEST)


def _rollback(number: int) -> Act:
    return Act(Do.ROLLBACK, f"rollback {number}")


WENT_BAD = Plan(
    "a release goes bad",
    (
        _PUBLISHED,
        _deploy(V1),
        _deploy(V2),
        _deploy(ROUTE_BROKEN),
        # Who tries the real route before the switch has refused that one: then one that is good, and breaks afterwards.
        _deploy(BREAKS_LATER, unless=ROUTE_BROKEN),
        Act(Do.BREAK, "it breaks", unless=ROUTE_BROKEN),
        _rollback(1),
        _rollback(2),
        _deploy(V4),
        _rollback(3),
    ),
)
BROKEN = Plan(
    "broken releases",
    (
        _PUBLISHED,
        _deploy(V1),
        _deploy(V2),
        _deploy(DOES_NOT_START),
        _deploy(UNHEALTHY),
        _deploy(V4),
        _rollback(1),
    ),
)
FIRST = Plan(
    "the first deployment",
    (
        _PUBLISHED,
        _deploy(V1),
        _rollback(1),
        _deploy(V2),
        Act(Do.TAKE_PORTS, "ports are taken"),
        _deploy(V4),
    ),
)
PLANS = (WENT_BAD, BROKEN, FIRST)
