"""A run as a picture: its jobs, what they need, and how each stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graders.picture import JobNode, Pipeline, State
from graders.runners.workflow.record import JobRun, Run

if TYPE_CHECKING:
    from graders.evidence.workflow.model import Job, Workflow

_STATES = {state.value: state for state in State} | {"in_progress": State.RUNNING}


@dataclass(frozen=True, slots=True)
class Planned:
    """A job as the file has it: `id` is `caller / id` for one of a called workflow; `needs` are ids, too."""

    id: str
    text: str
    needs: tuple[str, ...] = ()
    environment: str = ""


def pipeline_of(
    run: Run, workflow: Workflow, *, called: Mapping[str, Workflow] | None = None, rest: State = State.NOT_RUN
) -> Pipeline:
    """A run of a workflow; `called` are the workflows of this repository that it calls, by their path.

    Each leg of a matrix is a job of its own. Jobs that the run does not tell of stand as `rest`.
    """
    return drawn(title_of(workflow), planned(workflow, called or {}), run.jobs, rest=rest)


def title_of(workflow: Workflow) -> str:
    """What GitHub calls it: its name, else its path."""
    return workflow.name.value if workflow.name and workflow.name.value.strip() else workflow.path


def planned(workflow: Workflow, called: Mapping[str, Workflow] | None = None) -> tuple[Planned, ...]:
    """The jobs, each after those that it needs; a job that calls one of `called` is replaced by the jobs called."""
    calls = {id: (called or {}).get(job.uses.path) for id, job in workflow.jobs.items() if job.uses}
    inner = {id: tuple(f"{id} / {one}" for one in found.jobs) for id, found in calls.items() if found}
    found = []
    for id, job in workflow.jobs.items():
        needs = tuple(key for one in _needed(job, workflow) for key in inner.get(one, (one,)))
        other = calls.get(id)
        if other is None:
            found.append(_planned(id, job, needs))
            continue
        for one in other.jobs.values():
            own = tuple(f"{id} / {key}" for key in _needed(one, other))
            found.append(_planned(f"{id} / {one.id}", one, own or needs))
    return _sorted(found)


def drawn(title: str, jobs: Sequence[Planned], runs: Iterable[JobRun], *, rest: State = State.NOT_RUN) -> Pipeline:
    """The picture of planned jobs and of what became of them."""
    legs: dict[str, list[JobRun]] = {}
    for run in runs:
        legs.setdefault(run.id, []).append(run)
    for id, (first, *_) in legs.items():  # of workflows whose file was not given
        caller = next((one for one in jobs if id.startswith(f"{one.id} / ")), None)
        if caller and all(one.id != id for one in jobs):
            jobs = [*jobs, Planned(id, first.name or id, caller.needs, "")]
    hidden = {one.id for one in jobs if any(other.startswith(f"{one.id} / ") for other in legs)}
    ids = {one.id: [_leg_id(leg) for leg in legs.get(one.id, [])] or [one.id] for one in jobs}
    ids |= {one: [leg for id, found in ids.items() if id.startswith(f"{one} / ") for leg in found] for one in hidden}
    nodes = []
    for one in jobs:
        needs = tuple(leg for need in one.needs for leg in ids.get(need, ()))
        if one.id in hidden:
            continue
        for leg in legs.get(one.id, ()):
            nodes.append(JobNode(_leg_id(leg), _text(one, leg), _state(leg.result), needs, one.environment, leg.why))
        if one.id not in legs:
            nodes.append(JobNode(one.id, one.text, rest, needs, one.environment))
    return Pipeline(title, tuple(nodes))


def _planned(id: str, job: Job, needs: tuple[str, ...]) -> Planned:
    caller = id.rpartition(" / ")[0]
    name = job.name.value if job.name and not job.name.dynamic and job.name.value.strip() else job.id
    environment = job.environment.name.value if job.environment else ""
    return Planned(id, f"{caller} / {name}" if caller else name, needs, environment)


def _needed(job: Job, workflow: Workflow) -> list[str]:
    found = [workflow.job(text.value) for text in job.needs]
    return [one.id for one in found if one]


def _sorted(jobs: Sequence[Planned]) -> tuple[Planned, ...]:
    """In the order of the file, but each after what it needs; what needs itself comes last."""
    left, done = list(jobs), []
    while left:
        known = {one.id for one in jobs} - {one.id for one in left}
        ready = next((one for one in left if not {need for need in one.needs if need != one.id} - known), left[0])
        left.remove(ready)
        done.append(ready)
    return tuple(done)


def _leg_id(leg: JobRun) -> str:
    values = _values(leg.matrix)
    return f"{leg.id} ({values})" if values else leg.id


def _text(one: Planned, leg: JobRun) -> str:
    values = _values(leg.matrix)
    return f"{one.text} ({values})" if values else one.text


def _values(matrix: Mapping[str, Any]) -> str:
    """The values of a leg as GitHub shows them after the job's name."""
    return ", ".join("…" if isinstance(value, dict | list) else str(value) for value in matrix.values())


def _state(result: str) -> State:
    return _STATES.get(result, State.NOT_RUN)
