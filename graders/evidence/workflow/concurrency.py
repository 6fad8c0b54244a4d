"""What keeps two runs of a workflow from deploying at the same time, and what stops one half-way.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#concurrency
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graders.evidence.workflow.call_chains import Chain, contexts_of, value_of
from graders.evidence.workflow.evaluate import Unknown, Value, as_text, truthy
from graders.evidence.workflow.model import Concurrency, Where


@dataclass(frozen=True, slots=True)
class Lock:
    """A `concurrency:` that holds for a job: the `level` is `workflow` or `job`, its own or that of a caller.

    `group` and `cancels` are None where only a run can tell.
    """

    where: Where
    level: str
    group: str | None
    cancels: bool | None


def locks(chain: Chain, github: Mapping[str, Value]) -> tuple[Lock, ...]:
    """Every lock that holds for the last job of `chain`, outermost first; `github` is that context for one event."""
    found = []
    for depth, link in enumerate(chain, 1):
        contexts = contexts_of(chain[:depth], github)
        for level, given in (("workflow", link.workflow.concurrency), ("job", link.job.concurrency)):
            if given is not None:
                found.append(_lock(level, given, contexts))
    return tuple(found)


def _lock(level: str, given: Concurrency, contexts: Mapping[str, Value]) -> Lock:
    group = value_of(given.group, contexts) if given.group else ""
    cancels: bool | None = False
    if given.cancel_in_progress is not None:
        outright = given.cancel_in_progress.boolean
        cancels = truthy(value_of(given.cancel_in_progress, contexts)) if outright is None else outright
    return Lock(given.where, level, None if isinstance(group, Unknown) else as_text(group), cancels)
