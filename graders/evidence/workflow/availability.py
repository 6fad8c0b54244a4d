"""Which contexts and functions an expression may use, by the place it stands at.

https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#context-availability
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graders.evidence.workflow.expression import STATUS_FUNCTIONS, Call, Context, Expression, walk

_RUN = frozenset(("github", "inputs", "vars"))
_JOB = _RUN | {"needs", "strategy", "matrix"}
_RUNNER = _JOB | {"steps", "job", "runner", "env"}
_HASH = frozenset(("hashfiles",))


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a workflow: `name` as people know it, and what its expressions may use."""

    name: str
    contexts: frozenset[str]
    functions: frozenset[str] = frozenset()


PLACES: Mapping[str, Place] = {
    place.name: place
    for place in (
        Place("run-name", _RUN),
        Place("concurrency", _RUN),
        Place("env", _RUN | {"secrets"}),
        Place("jobs.<id>.name", _JOB),
        Place("jobs.<id>.if", _RUN | {"needs"}, STATUS_FUNCTIONS),
        Place("jobs.<id>.runs-on", _JOB),
        Place("jobs.<id>.environment", _JOB),
        Place("jobs.<id>.environment.url", _RUNNER),
        Place("jobs.<id>.concurrency", _JOB),
        Place("jobs.<id>.strategy", _RUN | {"needs"}),
        Place("jobs.<id>.env", _JOB | {"secrets"}),
        Place("jobs.<id>.outputs", _RUNNER | {"secrets"}),
        Place("jobs.<id>.defaults", _JOB | {"env"}),
        Place("jobs.<id>.timeout-minutes", _JOB),
        Place("jobs.<id>.continue-on-error", _JOB),
        Place("jobs.<id>.container", _JOB),
        Place("jobs.<id>.container.env", _RUNNER | {"secrets"}),
        Place("jobs.<id>.container.credentials", _JOB | {"secrets", "env"}),
        Place("jobs.<id>.with", _JOB),
        Place("jobs.<id>.secrets", _JOB | {"secrets"}),
        Place("steps.if", _RUNNER, STATUS_FUNCTIONS | _HASH),
        Place("steps", _RUNNER | {"secrets"}, _HASH),
        Place("on.workflow_call.inputs", _RUN),
        Place("on.workflow_call.outputs", _RUN | {"jobs"}),
        # https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax#runs-for-composite-actions
        Place("action steps.if", _RUNNER - {"needs", "vars"}, STATUS_FUNCTIONS | _HASH),
        Place("action steps", _RUNNER - {"needs", "vars"}, _HASH),
        Place("action outputs", _RUNNER - {"needs", "vars"}),
        Place("no expression", frozenset()),
    )
}


def not_allowed(node: Expression, place: Place) -> tuple[str, int] | None:
    """The first context or function that `place` does not give, as people write it, with its position; else None."""
    for one in walk(node):
        if isinstance(one, Context) and one.name.lower() not in place.contexts:
            return one.name, one.position
        restricted = STATUS_FUNCTIONS | _HASH
        if isinstance(one, Call) and one.name.lower() in restricted - place.functions:
            return f"{one.name}()", one.position
    return None
