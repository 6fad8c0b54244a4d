"""Tell what a plan does to data: a database or a bucket that is replaced is a new and empty one."""

from __future__ import annotations

from random import Random

from graders.drills.plan_excerpt import as_text, head
from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several
from graders.evidence.terraform.impact import HOLD_DATA, loses_data
from graders.evidence.terraform.plan import Change
from graders.picture import Act
from graders.runners.terraform.shipped import plan_model
from graders.runners.terraform.variants import PLANS

_WHY = {
    Act.CREATE: "There was none, so it holds nothing.",
    Act.UPDATE: "It is changed in place, and keeps what it holds.",
    Act.REPLACE: "Replaced is destroyed: the new one is empty.",
    Act.REPLACE_CREATE_FIRST: "The new one comes first, and it is empty; the old one goes with all that it holds.",
    Act.DELETE: "It is destroyed, with all that it holds.",
    Act.FORGET: "Terraform no longer looks after it, and leaves it alone.",
    Act.MOVED: "It gets another address in the state; the thing itself stays.",
    Act.IMPORT: "Terraform begins to look after it; the thing itself stays.",
    Act.READ: "It is only looked at.",
}


def _make(random: Random) -> Question:
    number = random.randrange(PLANS)
    plan = plan_model(number)
    lost = set(loses_data(plan))
    named = [one for one in plan.changes if as_text(number, one.address) and one.act in _WHY]
    holding = [one for one in named if one.type in HOLD_DATA]
    picked = random.sample(holding, min(3, len(holding)))
    certain = [one for one in holding if one.address in lost and one not in picked]
    if certain and not any(one.address in lost for one in picked) and random.random() < 0.8:
        picked[0] = random.choice(certain)
    replaced = [one for one in named if one.replaces and one.type not in HOLD_DATA]
    picked += random.sample(replaced, min(1, len(replaced)))
    return several(
        random,
        "Databases and buckets hold data, services and networks hold none. Of which is data lost when this is applied?",
        [_candidate(number, one, one.address in lost) for one in picked],
    )


def _candidate(number: int, change: Change, lost: bool) -> Candidate:
    holds = change.type in HOLD_DATA
    why = _WHY[change.act] if holds else "It is replaced, and holds no data: at most it does not answer for a while."
    return Candidate(Listing("", head(number, change.address)), lost, why)


DRILL = Drill("what is lost", _make)
