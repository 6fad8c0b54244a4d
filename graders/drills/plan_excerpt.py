"""Pieces of the plans that the course ships, as Terraform printed them, for drills to show."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from graders.evidence.terraform.plan import Change
from graders.picture import Act
from graders.runners.terraform.shipped import plan_json, plan_model, plan_text
from graders.runners.terraform.variants import PLANS


def changes(fits: Callable[[Change], bool]) -> Iterator[tuple[int, Change]]:
    """All changes of all plans that fit, each with its plan's number."""
    for number in range(PLANS):
        for change in plan_model(number).changes:
            if fits(change):
                yield number, change


def one_change(random: Random, fits: Callable[[Change], bool]) -> tuple[int, Change]:
    """One change that fits, with its plan's number; each kind of change (`act`) is drawn as often as the others."""
    by_act: dict[Act, list[tuple[int, Change]]] = {}
    for number, change in changes(fits):
        by_act.setdefault(change.act, []).append((number, change))
    return random.choice(by_act[random.choice(sorted(by_act))])


def as_json(number: int, address: str) -> Mapping[str, Any]:
    """What plan `number` says of the resource, as `terraform show -json` gives it."""
    plan = json.loads(plan_json(number))
    return next(one for one in plan["resource_changes"] if one["address"] == address)


def as_text(number: int, address: str) -> str:
    """What plan `number` says of the resource, as `terraform show` prints it; empty where it leaves it out."""
    for block in plan_text(number).split("\n\n"):
        first = block.strip("\n").partition("\n")[0]
        if first.lstrip().startswith(f"# {address} ") or first.endswith(f" has moved to {address}"):
            return block.strip("\n")
    return ""


def head(number: int, address: str) -> str:
    """The lines of `as_text` down to the one that opens the block."""
    lines = as_text(number, address).splitlines()
    opened = next((place for place, line in enumerate(lines) if line.endswith("{")), len(lines))
    return "\n".join(lines[: opened + 1])
