"""What a plan takes down: which resources lose their data, and which services do not answer for a while or for ever.

A resource that holds data loses it when it is deleted or replaced, in either order: the new one is empty. A service is away
while it is replaced destroy first, and while the database or the network that it uses is.
"""

from __future__ import annotations

from graders.evidence.terraform.plan import Change, PlanModel
from graders.picture import Act

HOLD_DATA = ("nimbus_database", "nimbus_bucket")
SERVICES = ("nimbus_service",)
_USES = ("database_id", "network_id")


def loses_data(plan: PlanModel) -> tuple[str, ...]:
    """Addresses of databases and buckets whose data is gone afterwards."""
    return tuple(one.address for one in plan.changes if one.type in HOLD_DATA and one.ends)


def goes_down(plan: PlanModel) -> tuple[str, ...]:
    """Addresses of services that stop answering."""
    away = {one.before["id"] for one in plan.changes if _is_away(one) and "id" in one.before}
    return tuple(
        one.address for one in plan.changes
        if one.type in SERVICES and (_is_away(one) or any(one.before.get(key) in away for key in _USES))
    )  # fmt: skip


def drifted(plan: PlanModel) -> tuple[str, ...]:
    """Addresses that were changed or deleted outside of Terraform; a mere move is none."""
    return tuple(one.address for one in plan.drift if one.actions != ("no-op",))


def harmful(plan: PlanModel) -> tuple[str, ...]:
    """Addresses that are reasons to stop: what loses data, what goes down, and what takes a service down by being away."""
    named = {*loses_data(plan), *goes_down(plan)}
    if goes_down(plan):
        used = {one.before.get(key) for one in plan.changes if one.type in SERVICES for key in _USES}
        named |= {one.address for one in plan.changes if _is_away(one) and one.before.get("id") in used}
    return tuple(one.address for one in plan.changes if one.address in named)


def verdict(plan: PlanModel) -> str:
    """`stop` where data is lost or a service goes down, else `approve`."""
    return "stop" if harmful(plan) else "approve"


def _is_away(one: Change) -> bool:
    return one.act in (Act.DELETE, Act.REPLACE)
