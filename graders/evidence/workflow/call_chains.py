"""The jobs that do something, each with the calls that lead to it: a reusable workflow's jobs stand for its caller.

https://docs.github.com/en/actions/how-tos/reuse-automations/reuse-workflows
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from graders.evidence.workflow.data_flow import Library
from graders.evidence.workflow.evaluate import Unknown, Value, as_text, evaluate
from graders.evidence.workflow.expression import ExpressionProblem
from graders.evidence.workflow.model import Job, Text, UsesKind, Workflow
from graders.evidence.workflow.template import pieces, whole

_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Link:
    """A job, in its workflow."""

    workflow: Workflow
    job: Job


Chain = tuple[Link, ...]


def leaf_jobs(workflow: Workflow, others: Library) -> Mapping[str, Chain]:
    """Each job with steps, by its id (`caller / id` in a called workflow), as the chain of callers that ends with it.

    A call that can't be followed is a job of its own.
    """
    found: dict[str, Chain] = {}
    _follow(workflow, others, (), found)
    return found


def _follow(workflow: Workflow, others: Library, before: Chain, found: dict[str, Chain]) -> None:
    for id, job in workflow.jobs.items():
        chain = (*before, Link(workflow, job))
        local = job.uses is not None and job.uses.kind is UsesKind.LOCAL_WORKFLOW
        called = others.get(job.uses.path) if local and job.uses else None
        if called is not None and len(chain) < _DEEPEST:
            _follow(called, others, chain, found)
        else:
            found[" / ".join([*(link.job.id for link in before), id])] = chain


def jobs_before(workflow: Workflow, others: Library) -> Mapping[str, frozenset[str]]:
    """For each of `leaf_jobs` the ids of all that must have ended before it, by `needs` at any distance."""
    chains = leaf_jobs(workflow, others)
    direct = {key: _needed(key, chain, chains) for key, chain in chains.items()}
    found = {}
    for key in chains:
        seen: set[str] = set()
        left = list(direct[key])
        while left:
            one = left.pop()
            if one not in seen:
                seen.add(one)
                left += direct[one]
        found[key] = frozenset(seen)
    return found


def _needed(key: str, chain: Chain, chains: Mapping[str, Chain]) -> set[str]:
    """What the job and each of its callers need, on their own level."""
    found = set()
    for depth, link in enumerate(chain):
        callers = [one.job.id for one in chain[:depth]]
        for needed in link.job.needs:
            job = link.workflow.job(needed.value)
            start = " / ".join([*callers, job.id]) if job else ""
            found |= {other for other in chains if start and (other == start or other.startswith(f"{start} / "))}
    return found - {key}


def contexts_of(chain: Sequence[Link], github: Mapping[str, Value]) -> dict[str, Value]:
    """The contexts `github` and `inputs` for the last job of the chain, where `github` holds for the event."""
    inputs: dict[str, Value] = {}
    contexts: dict[str, Value] = {"github": github, "inputs": inputs}
    for caller, link in pairwise(chain):
        given = {name.lower(): value_of(text, contexts) for name, text in caller.job.with_.values.items()}
        trigger = link.workflow.trigger("workflow_call")
        declared = trigger.inputs if trigger else {}
        defaults = {name: value_of(one.default, contexts) for name, one in declared.items() if one.default}
        passed = {name: given[name.lower()] for name in declared if name.lower() in given}
        contexts = {**contexts, "inputs": {**defaults, **passed}}
    return contexts


def value_of(text: Text, contexts: Mapping[str, Value]) -> Value:
    """What a text with `${{ … }}` is worth in these contexts; Unknown where only a run can tell."""
    try:
        if (alone := whole(text.value)) is not None:
            return evaluate(alone, contexts)
        parts, end = [], 0
        for piece in pieces(text.value):
            value = evaluate(piece.expression, contexts)
            if isinstance(value, Unknown):
                return value
            parts += [text.value[end : piece.start], as_text(value)]
            end = piece.end
        return "".join([*parts, text.value[end:]])
    except ExpressionProblem:
        return Unknown()
