"""Tell the two orders of a replacement apart, in a plan's text and in its JSON.

https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#create_before_destroy
"""

from __future__ import annotations

import json
from random import Random

from graders.drills.plan_excerpt import changes, head
from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several
from graders.evidence.terraform.plan import Change
from graders.picture import Act


def _make(random: Random) -> Question:
    found = list(changes(lambda one: one.replaces))
    seen: dict[str, Candidate] = {}
    count = random.choice((3, 4))
    while len(seen) < count:
        number, change = random.choice(found)
        seen.setdefault(change.address, _shown(random, number, change))
    return several(
        random,
        "Each of these is replaced. Of which does the old one stay until the new one is there?",
        list(seen.values()),
    )


def _shown(random: Random, number: int, change: Change) -> Candidate:
    first = change.act is Act.REPLACE_CREATE_FIRST
    if random.random() < 0.5:
        actions = json.dumps(list(change.actions))
        text, sign = f'"address": {json.dumps(change.address)}, "actions": {actions}', actions
    else:
        text, sign = head(number, change.address), "+/-" if first else "-/+"
    why = (
        f"`{sign}`, from left to right: created, then destroyed."
        if first
        else f"`{sign}`, from left to right: destroyed, then created, and there is none between."
    )
    return Candidate(Listing("", text), first, why)


DRILL = Drill("who goes first", _make)
