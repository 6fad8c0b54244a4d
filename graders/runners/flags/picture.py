"""The shares that were asked for and the shares that were got, as a drawing."""

from __future__ import annotations

from graders.picture import Share, Shares
from graders.runners.flags.plan import FLAG, SHARES
from graders.runners.flags.record import Observed, Step
from graders.runners.flags.users import bounds


def shares_of(observed: Observed) -> Shares | None:
    """The rollout of the price; None where the service was not there for it."""
    if "turned" not in observed.starts:
        return None
    steps = {share: observed.step("turned", str(share)) for share in SHARES}
    if not all(step.answers for step in steps.values()):
        return None
    again, restarted = observed.step("turned", "25 again"), observed.step("again", "25 restarted")
    rows = []
    for share, step in steps.items():
        unsteady = changed(step, again) | changed(step, restarted) if share == 25 else frozenset[str]()
        least, most = bounds(len(step.answers), share / 100)
        rows.append(Share(share, len(step.new), len(step.answers), least, most, len(unsteady), len(lost(steps, share))))
    return Shares("Share asked for, and share got", FLAG, tuple(rows))


def changed(before: Step, after: Step) -> frozenset[str]:
    """Who was asked both times and got another price the second time."""
    both = {one.user for one in before.answers} & {one.user for one in after.answers}
    return frozenset((before.new ^ after.new) & both)


def lost(steps: dict[int, Step], share: int) -> frozenset[str]:
    """Who had the new price at a smaller share and does not have it at this one."""
    asked = {one.user for one in steps[share].answers}
    smaller = {user for other, step in steps.items() if other < share for user in step.new}
    return frozenset((smaller & asked) - steps[share].new)
