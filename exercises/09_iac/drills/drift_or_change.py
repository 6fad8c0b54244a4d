"""Tell what somebody changed by hand from what the plan will change. https://developer.hashicorp.com/terraform/tutorials/state/resource-drift"""

from __future__ import annotations

import json
from random import Random

from graders.drills.question import Drill, Feedback, Listing, Question, quoted, right, unclear, wrong
from graders.runners.terraform.shipped import plan_model
from graders.runners.terraform.variants import PLANS

_ASKED = {
    "now": "runs at this moment, before anybody applies the plan",
    "later": "runs after the plan is applied",
    "recorded": "did Terraform's state hold, from the last apply",
}


def _make(random: Random) -> Question:
    drifts = [
        (number, one) for number in range(PLANS) for one in plan_model(number).drift if one.actions == ("update",)
    ]
    number, drift = random.choice(drifts)
    change = plan_model(number).change(drift.address)
    key = random.choice(sorted(key for key in drift.after if drift.before.get(key) != drift.after[key]))
    after = change.after.get(key) if change else drift.after[key]
    values = {"now": drift.after[key], "later": after, "recorded": drift.before[key]}
    asked = random.choice(sorted(_ASKED))
    answer = str(values[asked])
    others = sorted({str(value) for value in values.values()} - {answer})

    def judge(given: str) -> Feedback:
        said = given.strip(" `'\".").lower()
        if said == answer.lower():
            return right(
                "`resource_drift` goes from what the state held to what was found; `resource_changes` from what was found to "
                "what the configuration asks for."
            )
        if said in [other.lower() for other in others]:
            return wrong(
                f"{quoted(given)} is the other one.",
                "`before` of `resource_drift` is the state, its `after` what was found outside; `after` of "
                "`resource_changes` is what comes.",
            )
        return unclear(f"{quoted(given)} is no value that stands there.", f"Such as `{others[0]}`.")

    def cut(entry: str, before: object, later: object) -> str:
        shown = {
            "address": drift.address,
            "change": {"before": {"id": drift.before["id"], key: before}, "after": {key: later}},
        }
        return f'"{entry}": [{json.dumps(shown, indent=2)}]'

    return Question(
        text=f"Somebody has been at this service by hand. Which value of `{key}` {_ASKED[asked]}?",
        judge=judge,
        right=answer,
        wrong=tuple(others),
        example=f'"{others[0]}"',
        figures=(
            Listing("From terraform show -json", cut("resource_drift", values["recorded"], values["now"])),
            Listing("From the same plan", cut("resource_changes", values["now"], values["later"])),
        ),
    )


DRILL = Drill("drift or change", _make)
