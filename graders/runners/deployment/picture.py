"""A plan's record as a picture: requests by version, and what the scripts did."""

from __future__ import annotations

from graders.evidence.deployment_record import lead_seconds, metrics, read_record
from graders.picture import Moment, Timeline
from graders.runners.deployment.plan import Do
from graders.runners.deployment.record import Event, Played
from graders.runners.deployment.releases import EVERY

_SPAN = 0.25  # seconds of a bar


def timeline_of(played: Played) -> Timeline:
    """What callers got during a plan, and what its record says of lead time, failures and recovery."""
    names = {release.digest: release.name for release in EVERY}
    seen = list(dict.fromkeys(one.digest for one in played.requests if one.good))
    last = max((one.at for one in played.requests), default=0.0)
    spans = int(last / _SPAN) + 1 if played.requests else 0
    served = [[0] * len(seen) for _ in range(spans)]
    failed = [0] * spans
    up = next((one.at for one in played.requests if one.good), last)
    for one in played.requests:
        if one.good:
            served[int(one.at / _SPAN)][seen.index(one.digest)] += 1
        elif one.at > up:  # before the first deployment there is nobody to answer
            failed[int(one.at / _SPAN)] += 1
    return Timeline(
        f"Requests while {played.plan.name}", _SPAN, tuple(names.get(one, "another release") for one in seen),
        tuple(tuple(row) for row in served), tuple(failed), tuple(_moment(one) for one in played.events), _notes(played),
    )  # fmt: skip


def _moment(event: Event) -> Moment:
    if event.act.do is Do.BREAK:
        return Moment(event.began, event.ended, event.act.name)
    code = event.exit_code
    outcome = "" if event.ok else "does not end" if code is None else f"exit code {code}"
    return Moment(event.began, event.ended, event.act.name, outcome)


def _notes(played: Played) -> tuple[str, ...]:
    """The rollback's time as callers saw it, and what the learner's own record gives."""
    notes = []
    back = played.event("rollback 1")
    if back:
        well = next((one.at for one in played.requests if one.at >= back.began and one.good), None)
        if well is not None:
            notes.append(f"Callers were served again {well - back.began:.1f} s after the rollback began.")
    entries, _ = read_record(played.record)
    if entries:
        seen = metrics(entries)
        words = f"By the record, {seen.failed} of {seen.deployments} deployments failed"
        if seen.recovery_seconds is not None:
            words += f", recovery took {seen.recovery_seconds:.0f} s"
        handed = {
            one.act.release.digest: played.epoch + one.began
            for one in played.events
            if one.act.do is Do.DEPLOY and one.act.release
        }
        lead = lead_seconds(entries, handed)
        notes.append(f"{words}." if lead is None else f"{words}, and a release took {lead:.0f} s to get there.")
    return tuple(notes)
