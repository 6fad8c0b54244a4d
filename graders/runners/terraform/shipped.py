"""The plans that learners review, made with Terraform beforehand: nobody needs to have it for reading one.

`python -m graders.runners.terraform.shipped` makes them anew; a test makes them again and compares.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

from graders.evidence.terraform.plan import PlanModel, read_plan
from graders.problems import Problem
from graders.runners.terraform.planning import plans
from graders.runners.terraform.variants import PLANS, variant

_FOLDER = Path(__file__).parent / "plans"
_WHEN = "2026-11-24T12:00:00Z"


def number_of(seed: int) -> int:
    """Which plan the learner with that seed reviews."""
    return seed % PLANS


def plan_json(number: int) -> bytes:
    """The plan as `terraform show -json` gave it."""
    return (_FOLDER / f"{number:02}.json").read_bytes()


def plan_text(number: int) -> str:
    """The plan as `terraform show` printed it."""
    return (_FOLDER / f"{number:02}.txt").read_text(encoding="utf-8")


@cache
def plan_model(number: int) -> PlanModel:
    """The plan, read."""
    return read_plan(plan_json(number), f"Plan {number}")


def make_plan(number: int) -> tuple[bytes, str]:
    """The same plan, made again with the Terraform here: JSON and text. Raises Problem where it cannot be made."""
    one = variant(number)
    (made,) = plans(one.files, one.world, [one.ask], text=True)
    if made.errors:
        raise Problem(f"Plan {number} cannot be made: {made.errors[0].summary} {made.errors[0].detail}", "")
    plan = json.loads(made.json) | {"timestamp": _WHEN}
    return json.dumps(plan, separators=(",", ":")).encode() + b"\n", made.text


def main() -> None:
    """Make all of them, or those whose numbers are given, into the folder that is shipped."""
    _FOLDER.mkdir(exist_ok=True)
    for number in map(int, sys.argv[1:]) if sys.argv[1:] else range(PLANS):
        data, text = make_plan(number)
        (_FOLDER / f"{number:02}.json").write_bytes(data)
        (_FOLDER / f"{number:02}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
