"""Follow values through a workflow: from an expression back to the steps, secrets and events that they come from.

https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/pass-job-outputs
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from graders.evidence.workflow.expression import Expression, ExpressionProblem, references
from graders.evidence.workflow.model import Job, Matrix, Settings, Step, Text, Where, Workflow, frozen
from graders.evidence.workflow.occurrences import Use, in_job, in_step, in_workflow
from graders.evidence.workflow.template import pieces

_Item = TypeVar("_Item")
_MOST_HOPS = 60  # from a use to its origin
_MOST_TEXTS = 3_000  # looked at for one question; outputs that name each other twice would double at each hop


class From(StrEnum):
    """Where a value comes from."""

    STEP = "step output"
    SECRET = "secret"  # noqa: S105  (a kind of source)
    VARIABLE = "variable"
    EVENT = "github"
    INPUT = "input"
    MATRIX = "matrix"
    RESULT = "result"  # of a job or step
    RUNNER = "runner"
    TEXT = "text"  # written out in the file
    OTHER_WORKFLOW = "another workflow"  # a called one that is not at hand
    NOTHING = "nothing"  # GitHub puts an empty text here


@dataclass(frozen=True, slots=True)
class Source:
    """One origin of a value. `name` is the output, secret, input or property; `why` says what is missing for NOTHING.

    `through` are the places that the value passes, from where it is used to where it comes from.
    """

    kind: From
    name: str
    where: Where
    path: str = ""
    job: str = ""
    step: Step | None = field(default=None, compare=False)
    why: str = ""
    through: tuple[Where, ...] = ()


Library = Mapping[str, Workflow]


def library(workflows: Iterable[Workflow]) -> Library:
    """Workflows by path, so that calls of `./.github/workflows/…` can be followed."""
    return frozen({workflow.path: workflow for workflow in workflows})


def sources_of(
    workflow: Workflow, job: Job, text: Text, step: Step | None = None, *, others: Library | None = None
) -> tuple[Source, ...]:
    """Where the value of `text` comes from, in `job` (and `step`); without an expression, the text itself."""
    return tuple(_Trace(workflow, others or {}).text(text, job, step, ()))


def sources_of_expression(
    workflow: Workflow,
    job: Job,
    expression: Expression,
    where: Where,
    step: Step | None = None,
    *,
    others: Library | None = None,
) -> tuple[Source, ...]:
    """The same for a bare expression."""
    return tuple(_Trace(workflow, others or {}).expression(expression, job, step, (where,)))


@dataclass(frozen=True, slots=True)
class Visible:
    """What steps get to see: secrets and variables by name with the places that hand them over, and the `env`.

    A secret called `*` means all of them: `toJSON(secrets)`, a computed name, or `secrets: inherit`.
    """

    secrets: Mapping[str, tuple[Where, ...]]
    variables: Mapping[str, tuple[Where, ...]]
    env: Mapping[str, Text]


def visible(workflow: Workflow, job: Job, step: Step | None = None) -> Visible:
    """What `step` sees, or with no step what any part of `job` sees."""
    levels: list[Settings] = [workflow.env, job.env]
    uses: list[Use] = [use for use in in_workflow(workflow) if not use.job and use.key.startswith("env")]
    if step is None:
        uses += in_job(job)
        levels += [one.env for one in job.steps]
    else:
        uses += [
            use for use in in_job(job) if use.step is None and use.key.startswith(("env", "defaults", "container"))
        ]
        uses += in_step(step, job.id)
        levels.append(step.env)
    found: dict[str, dict[str, list[Where]]] = {"secrets": {}, "vars": {}}
    for use in uses:
        for path, _ in references(use.expression):
            if path[0] in found:
                name = path[1].upper() if len(path) > 1 else "*"
                found[path[0]].setdefault(name, []).append(use.where)
    if job.secrets.inherit and step is None:
        found["secrets"].setdefault("*", []).append(job.where)
    env = {name: text for level in levels for name, text in level.values.items()}
    return Visible(_places(found["secrets"]), _places(found["vars"]), frozen(env))


def _places(found: Mapping[str, list[Where]]) -> Mapping[str, tuple[Where, ...]]:
    return frozen({name: tuple(places) for name, places in sorted(found.items())})


class _Trace:
    def __init__(self, workflow: Workflow, others: Library, left: list[int] | None = None) -> None:
        self._workflow, self._others = workflow, others
        self._left = left if left is not None else [_MOST_TEXTS]

    def text(self, text: Text, job: Job | None, step: Step | None, through: tuple[Where, ...]) -> Iterable[Source]:
        through = (*through, text.where)
        self._left[0] -= 1
        if len(through) > _MOST_HOPS or self._left[0] < 0:
            return [
                Source(
                    From.NOTHING, text.value, text.where, why="the values are too tangled to follow", through=through
                )
            ]
        try:
            found = pieces(text.value)
        except ExpressionProblem:
            return [Source(From.NOTHING, text.value, text.where, why="the expression does not parse", through=through)]
        if not found:
            return [Source(From.TEXT, text.value, text.where, through=through)]
        return _without_repeats(one for piece in found for one in self.expression(piece.expression, job, step, through))

    def expression(
        self, expression: Expression, job: Job | None, step: Step | None, through: tuple[Where, ...]
    ) -> Iterable[Source]:
        paths = dict.fromkeys(path for path, _ in references(expression))
        return _without_repeats(one for path in paths for one in self._reference(path, job, step, through))

    def _reference(
        self, path: tuple[str, ...], job: Job | None, step: Step | None, through: tuple[Where, ...]
    ) -> Iterable[Source]:
        where, whole = through[-1], ".".join(path)
        context, name = path[0], path[1] if len(path) > 1 else "*"

        def source(
            kind: From, name: str = name, why: str = "", step: Step | None = None, at: Where = where
        ) -> list[Source]:
            return [Source(kind, name, at, whole, job.id if job else "", step, why, through)]

        match context:
            case "secrets":
                return source(From.SECRET)
            case "vars":
                return source(From.VARIABLE)
            case "github":
                return source(From.EVENT, ".".join(path[1:]) or "*")
            case "matrix" | "strategy":
                return self._matrix(path, job, step, through) if context == "matrix" else source(From.MATRIX)
            case "inputs":
                return self._input(name, source)
            case "env":
                return self._environment(name, job, step, through, source)
            case "steps":
                return self._step(path, job, step, source)
            case "needs" | "jobs":
                return self._needs(path, job, through, source)
        return source(From.RUNNER, ".".join(path[1:]))

    def _matrix(
        self, path: tuple[str, ...], job: Job | None, step: Step | None, through: tuple[Where, ...]
    ) -> list[Source]:
        own = Source(
            From.MATRIX, ".".join(path[1:]) or "*", through[-1], ".".join(path), job.id if job else "", through=through
        )
        matrix = job.strategy.matrix if job and job.strategy else None
        why = "the job has no matrix" if matrix is None else _not_in(matrix, path[1] if len(path) > 1 else "*")
        if why:
            return [Source(From.NOTHING, own.name, own.where, own.path, own.job, why=why, through=through)]
        made = [one.text for one in in_job(job) if one.key.startswith("strategy.matrix")] if job else []
        traced = [one for text in made for one in self.text(text, job, None, through)]
        return [own, *traced]

    def _input(self, name: str, source: _MakeSource) -> list[Source]:
        callers = [one for one in self._workflow.triggers if one.event in ("workflow_call", "workflow_dispatch")]
        if any(_named(one.inputs, name) is not None or name == "*" for one in callers):
            return source(From.INPUT)
        return source(From.NOTHING, why="no trigger declares this input")

    def _environment(
        self, name: str, job: Job | None, step: Step | None, through: tuple[Where, ...], source: _MakeSource
    ) -> Iterable[Source]:
        levels = ((step.env if step else None, step), (job.env if job else None, None), (self._workflow.env, None))
        for settings, owner in levels:
            text = _named(settings.values, name) if settings else None
            if text is not None and text.where not in through:  # `A: ${{ env.A }}` means the A of a wider scope
                return self.text(text, job, owner, through)
        return source(From.RUNNER, f"env.{name}", why="no `env:` in the file sets it; a step may, through GITHUB_ENV")

    def _step(self, path: tuple[str, ...], job: Job | None, asking: Step | None, source: _MakeSource) -> list[Source]:
        if len(path) < 3 or path[1] == "*":
            return source(From.STEP, "*")
        found = job.step(path[1]) if job else None
        if found is None:
            return source(From.NOTHING, path[1], why=f"no step of this job has the id `{path[1]}`")
        if asking is not None and found.number >= asking.number:
            return source(From.NOTHING, path[1], why=f"the step `{path[1]}` has not run by then: it comes later")
        if path[2].lower() == "outputs":
            return source(From.STEP, path[3] if len(path) > 3 else "*", step=found, at=found.where)
        return source(From.RESULT, ".".join(path[1:]), step=found, at=found.where)

    def _needs(
        self, path: tuple[str, ...], job: Job | None, through: tuple[Where, ...], source: _MakeSource
    ) -> Iterable[Source]:
        if len(path) < 3 or path[1] == "*":
            return source(From.RESULT, ".".join(path[1:]) or "*")
        needed = self._workflow.job(path[1])
        if needed is None:
            return source(From.NOTHING, path[1], why=f"there is no job `{path[1]}`")
        asked = {one.value.lower() for one in job.needs} if job else set()
        if path[0] == "needs" and needed.id.lower() not in asked:
            return source(From.NOTHING, path[1], why=f"the job does not list `{needed.id}` in its `needs`")
        if path[2].lower() != "outputs":
            return source(From.RESULT, ".".join(path[1:]), at=needed.where)
        if needed.uses is not None:
            return self._called(needed, path, through, source)
        names = [path[3]] if len(path) > 3 and path[3] != "*" else list(needed.outputs.values)
        found: list[Source] = []
        for name in names:
            text = _named(needed.outputs.values, name)
            if text is None:
                dynamic = needed.outputs.dynamic is not None
                why = "" if dynamic else f"the job `{needed.id}` has no output `{name}`"
                found += source(From.RUNNER if dynamic else From.NOTHING, name, why=why, at=needed.where)
            else:
                found += self.text(text, needed, None, through)
        return found

    def _called(
        self, needed: Job, path: tuple[str, ...], through: tuple[Where, ...], source: _MakeSource
    ) -> Iterable[Source]:
        """An output of a reusable workflow: its `on.workflow_call.outputs` says which job's it is."""
        name = path[3] if len(path) > 3 else "*"
        called = self._others.get(needed.uses.path) if needed.uses and not needed.uses.owner else None
        if called is None:
            return source(From.OTHER_WORKFLOW, name, at=needed.where)
        trigger = called.trigger("workflow_call")
        text = _named(trigger.outputs, name) if trigger else None
        if text is None:
            return source(From.NOTHING, name, why=f"`{called.path}` has no output `{name}`", at=needed.where)
        return _Trace(called, self._others, self._left).text(text, None, None, through)


def _not_in(matrix: Matrix, name: str) -> str:
    """Why no leg of the matrix has a value called `name`, or empty."""
    if name == "*" or matrix.dynamic is not None or isinstance(matrix.include, Text):
        return ""
    names = {one.lower() for values in (matrix.vectors, *matrix.include) for one in values}
    return "" if name.lower() in names else f"the matrix has no `{name}`"


class _MakeSource(Protocol):
    """Makes a source for the reference at hand."""

    def __call__(
        self, kind: From, name: str = ..., why: str = ..., step: Step | None = ..., at: Where = ...
    ) -> list[Source]: ...


def _named(values: Mapping[str, _Item], name: str) -> _Item | None:
    return next((value for key, value in values.items() if key.lower() == name.lower()), None)


def _without_repeats(sources: Iterable[Source]) -> list[Source]:
    return list(dict.fromkeys(sources))
