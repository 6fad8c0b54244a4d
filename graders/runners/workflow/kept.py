"""What a run took from the cache, kept there, uploaded and downloaded, in a line each."""

from __future__ import annotations

from collections.abc import Iterator

from graders.runners.workflow.record import ActionCall
from graders.runners.workflow.scenario import Outcome

_LONGEST_KEY = 60


def kept_lines(outcome: Outcome) -> tuple[str, ...]:
    """Each line begins with its job: `test: cache miss for Linux-pip-1a2b`."""
    return tuple(f"{call.job}: {said}" for call in outcome.actions for said in _said(call))


def _said(call: ActionCall) -> Iterator[str]:
    told = call.told
    key, found = str(told.get("key", ""))[:_LONGEST_KEY], str(told.get("found", ""))[:_LONGEST_KEY]
    if told.get("cache") == "restored":
        missed = f"cache miss for {key}" + (f", restored {found} instead" if found else "")
        yield f"cache hit for {key}" if told.get("hit") else missed
    elif told.get("cache") == "saved":
        yield f"saved {key} in the cache"
    elif call.action == "actions/upload-artifact":
        files = list(map(str, told.get("files", ())))
        shown = ", ".join(files[:4]) + (f" and {len(files) - 4} more" if len(files) > 4 else "")
        yield f"uploaded {told.get('artifact')}: {shown or 'no file'}"
    elif call.action == "actions/download-artifact":
        yield f"downloaded {told.get('artifact') or 'every artifact'}"
