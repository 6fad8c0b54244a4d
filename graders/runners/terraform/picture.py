"""A plan as a picture: what changes, in which order, and what goes down or is lost meanwhile."""

from __future__ import annotations

from graders.evidence.terraform.impact import HOLD_DATA, goes_down, harmful
from graders.evidence.terraform.plan import Change, PlanModel
from graders.picture import Act, PlannedChange, PlannedChanges

_USES = ("database_id", "network_id", "service_id")


def changes_of(plan: PlanModel, title: str = "What the plan does") -> PlannedChanges:
    """The picture: a change stands after the changes of what it uses."""
    down = goes_down(plan)
    ids = {one.before["id"]: one.address for one in plan.changes if one.before.get("id")}
    changes = [
        PlannedChange(one.address, one.act, _after(one, ids), _because(one), _takes_down(one, down))
        for one in plan.changes
    ]
    harm = len(harmful(plan))
    return PlannedChanges(
        title, tuple(changes), (f"{harm} of {len(changes)} lose data, go down, or take others down.",)
    )


def _after(one: Change, ids: dict[str, str]) -> tuple[str, ...]:
    used = [ids.get(str(one.before.get(key) or one.after.get(key))) for key in _USES]
    return tuple(dict.fromkeys(address for address in used if address and address != one.address))


def _because(one: Change) -> str:
    if one.replace_paths:
        return ", ".join(one.replace_paths)
    words = {"replace_by_request": "asked for with -replace", "replace_because_tainted": "tainted"}
    if one.act is Act.MOVED:
        return f"was {one.previous_address}"
    return words.get(one.reason, "")


def _takes_down(one: Change, down: tuple[str, ...]) -> str:
    said = ["its data"] if one.type in HOLD_DATA and one.ends else []
    said += ["it stops answering"] if one.address in down else []
    return ", ".join(said)
