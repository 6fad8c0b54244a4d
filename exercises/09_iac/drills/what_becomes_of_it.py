"""Say from a plan's JSON what becomes of a resource. https://developer.hashicorp.com/terraform/internals/json-format"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from graders.drills.choice import Option, choice
from graders.drills.plan_excerpt import as_json, one_change
from graders.drills.question import Drill, Listing, Question
from graders.evidence.terraform.plan import Change
from graders.picture import Act

_SAYS = {
    Act.CREATE: ("A new one is made; there was none.", '`["create"]` alone'),
    Act.UPDATE: ("It stays, and is changed in place.", '`["update"]`'),
    Act.REPLACE: ("It is destroyed, and then a new one is made.", '`["delete", "create"]`, read from left to right'),
    Act.REPLACE_CREATE_FIRST: (
        "A new one is made, and then the old one is destroyed.",
        '`["create", "delete"]`, read from left to right',
    ),
    Act.DELETE: ("It is destroyed, and none takes its place.", '`["delete"]` alone'),
    Act.FORGET: ("It stays as it is, and Terraform no longer looks after it.", '`["forget"]`'),
    Act.MOVED: ("It stays as it is, and gets another address.", '`["no-op"]` with a `previous_address`'),
    Act.IMPORT: ("It stays as it is, and Terraform looks after it from now on.", '`["no-op"]` with `importing`'),
    Act.READ: ("Nothing is changed: its values are asked for during apply.", '`["read"]` of a data source'),
    Act.NO_OP: ("It stays as it is, under the same address, as before.", '`["no-op"]` with nothing besides'),
}


def _plain(change: Change) -> bool:
    """Whether it is one thing alone: no update that is a move as well."""
    moved = bool(change.previous_address) is (change.act is Act.MOVED)
    return moved and change.importing is (change.act is Act.IMPORT)


def _make(random: Random) -> Question:
    number, change = one_change(random, _plain)
    told = as_json(number, change.address)
    shown: dict[str, Any] = {key: told[key] for key in ("address", "previous_address", "mode") if key in told}
    shown["change"] = {key: told["change"][key] for key in ("actions", "importing") if told["change"].get(key)}
    shown |= {"action_reason": told["action_reason"]} if "action_reason" in told else {}
    said, sign = _SAYS[change.act]
    others = random.sample([act for act in _SAYS if act is not change.act], 3)
    return choice(
        random,
        "This is cut from `terraform show -json`. What becomes of the thing itself?",
        Option(Listing("", said), f"{sign} says so: {said[0].lower()}{said[1:]}"),
        [Option(Listing("", _SAYS[act][0]), f"That would be {_SAYS[act][1]}.") for act in others],
        [Listing("One of resource_changes", json.dumps(shown, indent=2))],
    )


DRILL = Drill("what becomes of it", _make)
