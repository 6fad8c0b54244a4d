"""Tell the values that a plan knows from those that are made during apply."""

from __future__ import annotations

import json
from random import Random

from graders.drills.plan_excerpt import as_json, one_change
from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several
from graders.evidence.terraform.plan import Change

_LEAST = 4


def _attributes(change: Change) -> list[str]:
    return sorted({*change.after, *change.unknown})


def _make(random: Random) -> Question:
    number, change = one_change(random, lambda one: bool(one.unknown) and len(_attributes(one)) >= _LEAST)
    told = as_json(number, change.address)["change"]
    certain = random.choice(change.unknown)
    rest = [key for key in _attributes(change) if key != certain]
    asked = [certain, *random.sample(rest, random.choice((2, 3)))]
    shown = {"address": change.address, "change": {key: told[key] for key in ("actions", "after", "after_unknown")}}
    return several(
        random,
        "This is cut from `terraform show -json`. Which of these values does nobody know before apply?",
        [Candidate(Listing("", key), key in change.unknown, _why(change, key)) for key in asked],
        [Listing("One of resource_changes", json.dumps(shown, indent=2))],
    )


def _why(change: Change, key: str) -> str:
    if key in change.unknown:
        return f"`after_unknown` holds `{key}`: it is known after apply."
    if change.after[key] is None:
        return f"`{key}` is `null` in `after` and not in `after_unknown`: it is known to be empty."
    return f"`after` holds `{key}`: it is known now."


DRILL = Drill("known later", _make)
