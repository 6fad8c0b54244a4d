"""Run a workflow whose jobs wait for approvals, as GitHub does where a job's environment has a reviewer.

act runs a workflow in one go. Here it goes in parts: first all that waits for nobody, with a probe in the place of each
job that would wait, so that act itself says whether its `if:` and its `needs` let it start. After the approval, the jobs
that have ended are stood in for: nothing runs twice, and what they left (outputs, artifacts, caches, pushed images) is
there. https://docs.github.com/en/actions/how-tos/deploy/configure-and-manage-deployments/review-deployments

    stage = run_until_approval(git, path, event, cache=cache)
    stage.waiting                 # {"deploy-production": "production"}
    stage.run.job("deploy-production").result     # "waiting"; what needs it is "not run"
    stage = run_approved(git, path, event, stage, cache=cache)

Where environments have secrets or variables of their own, only their jobs see them.

Known limits: a matrix waits as a whole if one of its legs does; a job in a workflow that a called workflow calls can't
wait, and the run then has `trouble`; a matrix over several environments sees the repository's secrets alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from graders.evidence.git_command import Git
from graders.evidence.workflow.call_chains import value_of
from graders.evidence.workflow.evaluate import Unknown, as_text
from graders.runners.workflow.events import Event
from graders.runners.workflow.parts import OUTPUTS, Graph, Leaf, Wanted, environments_below, graph_of, part_files
from graders.runners.workflow.plan import plan_of, workflow_files
from graders.runners.workflow.record import JobRun, Run
from graders.runners.workflow.run import Finished, Part, run_workflow

HasReviewer = Callable[[str], bool]
_ENDED = ("success", "failure", "skipped")


def has_reviewer(environment: str) -> bool:
    """Whether an environment of the course's forge has a reviewer: `production` and all that begin with `prod` do."""
    return environment.strip().lower().startswith("prod")


@dataclass(frozen=True, slots=True)
class Scope:
    """What only the jobs of one environment see, beside what the repository has."""

    secrets: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


Scopes = Mapping[str, Scope]  # by the environment's name, in lower case


@dataclass(frozen=True, slots=True)
class Stage:
    """A run as far as it has come. Nothing is left to do when `waiting` is empty.

    `waiting` maps the id of each job that waits (`caller / id` in a called workflow) to its environment; a matrix with
    several has them comma-separated. `finished` is what later parts are told of the jobs that have ended.
    """

    run: Run
    waiting: Mapping[str, str] = field(default_factory=dict)
    finished: Mapping[str, Finished] = field(default_factory=dict)


def gates(git: Git, path: str, event: Event, *, reviewed: HasReviewer = has_reviewer) -> tuple[str, ...]:
    """The ids of the jobs that wait, or may: those with an environment that has a reviewer or is an expression.

    Raises Problem where the workflow can't be read.
    """
    files = workflow_files(git, event.commit)
    plan_of(files, path)
    return tuple(key for key, leaf in graph_of(files, path).leaves.items() if _may_wait(leaf, reviewed))


def run_until_approval(
    git: Git, path: str, event: Event, *, cache: Path, reviewed: HasReviewer = has_reviewer,
    scopes: Scopes = MappingProxyType({}), **options: Any,
) -> Stage:  # fmt: skip
    """Run all that waits for no approval. `options` are those of `run_workflow`. Raises Problem as it does."""
    rules = _Rules(reviewed, scopes, {**options, "cache": cache})
    return _advance(git, path, event, Stage(Run()), {}, rules)


def run_approved(
    git: Git, path: str, event: Event, stage: Stage, *, cache: Path, approved: Collection[str] | None = None,
    rejected: Collection[str] = (), reviewed: HasReviewer = has_reviewer, scopes: Scopes = MappingProxyType({}),
    **options: Any,
) -> Stage:  # fmt: skip
    """Go on from `stage`: run the jobs in `approved` (all that wait, where None), let those in `rejected` fail.

    Call it with the event and the options of the first part. Jobs that are in neither go on waiting.
    """
    refused = {job for job in stage.waiting if job in rejected}
    allowed = frozenset(stage.waiting if approved is None else approved) - refused
    runs = [
        replace(job, result="failure", why=f"`{stage.waiting[job.id]}` was not approved") if job.id in refused else job
        for job in stage.run.jobs
    ]
    finished = {**stage.finished, **{job: Finished("failure") for job in refused}}
    waiting = {job: name for job, name in stage.waiting.items() if job not in allowed | refused}
    left = Stage(replace(stage.run, jobs=tuple(runs)), waiting, finished)
    known = {job: stage.waiting.get(job, "") for job in allowed}
    return _advance(git, path, event, left, known, _Rules(reviewed, scopes, {**options, "cache": cache}))


def run_to_the_end(git: Git, path: str, event: Event, *, cache: Path, **options: Any) -> Run:
    """Run all of it, and nothing waits: `run_workflow`, but a called workflow that fails does not end the run."""
    rules = _Rules(lambda environment: False, {}, {**options, "cache": cache})
    return _advance(git, path, event, Stage(Run()), {}, rules).run


@dataclass(frozen=True, slots=True)
class _Rules:
    reviewed: HasReviewer
    scopes: Scopes
    options: Mapping[str, Any]


def _advance(git: Git, path: str, event: Event, stage: Stage, approved: Mapping[str, str], rules: _Rules) -> Stage:
    """Parts one after another, until all that is left waits. `approved` maps jobs that may start to environments."""
    reviewed, options = rules.reviewed, rules.options
    files = workflow_files(git, event.commit)
    plan = plan_of(files, path)
    graph = graph_of(files, path)
    may_wait = frozenset(key for key, leaf in graph.leaves.items() if _may_wait(leaf, reviewed))
    if (deep := _too_deep(graph, files, reviewed)) and not plan.cannot:
        return Stage(Run(trouble=deep))
    scoped = any(leaf.job.environment for leaf in graph.leaves.values()) and bool(rules.scopes)
    if not (may_wait or scoped) or plan.cannot:
        if stage.run.jobs:
            return stage
        whole = run_workflow(git, path, event, **options)
        if not whole.unsaid:
            return Stage(whole)
        stage, approved = _after(stage, whole, graph, frozenset(graph.leaves), frozenset(), approved, reviewed)
    while True:
        asked = may_wait - approved.keys() - stage.finished.keys() - stage.waiting.keys()
        held = graph.below(asked | frozenset(stage.waiting)) | stage.waiting.keys()
        todo = frozenset(graph.leaves) - asked - held - stage.finished.keys()
        asked -= held
        if not todo and not asked:
            break
        names, more = _scoped(graph, todo, approved, rules.scopes)
        part = Part(part_files(files, graph, Wanted(todo, asked, stage.finished, names)), stage.finished, stage.run)
        given = {**options, "caches": (*options.get("caches", ()), *stage.run.caches), "part": part}
        given |= {"secrets": {**(options.get("secrets") or {}), **more.secrets}}
        given |= {"variables": {**(options.get("variables") or {}), **more.variables}}
        now = run_workflow(git, path, event, **given)
        if now.trouble:
            return Stage(_together(stage.run, now, graph, todo), {}, stage.finished)
        stage, approved = _after(stage, now, graph, todo, asked, approved, reviewed)
    return replace(stage, run=_with_those_that_wait(stage, graph))


def _after(
    stage: Stage, now: Run, graph: Graph, todo: frozenset[str], asked: frozenset[str], approved: Mapping[str, str],
    reviewed: HasReviewer,
) -> tuple[Stage, dict[str, str]]:  # fmt: skip
    told = {**_set_by_steps(now, graph), **_told(now)}
    unsaid = {key for key in todo | asked if key in now.unsaid or graph.leaves[key].caller in now.unsaid}
    todo, asked = todo - unsaid, asked - unsaid
    skipped = {
        key
        for key in todo | asked
        if _result(now, key) == "skipped" or _result(now, graph.leaves[key].caller) == "skipped"
    }
    finished = {**stage.finished, **dict.fromkeys(skipped, Finished("skipped"))}
    finished |= {key: told.get(key) or Finished(_result(now, key) or "skipped") for key in todo - skipped}
    for caller, leaves in graph.inner.items():
        if caller not in finished and finished.keys() >= set(leaves):
            finished[caller] = told.get(caller) or Finished(_result(now, caller) or "skipped")
    names = {key: _names(now, key) for key in asked - skipped}
    waiting = {key: ", ".join(filter(reviewed, found)) for key, found in names.items() if any(map(reviewed, found))}
    run = _together(stage.run, now, graph, todo | skipped)
    free = {key: ", ".join(found) for key, found in names.items() if key not in waiting}
    return Stage(run, {**stage.waiting, **waiting}, finished), {**approved, **free}


def _scoped(
    graph: Graph, todo: frozenset[str], known: Mapping[str, str], scopes: Scopes
) -> tuple[dict[str, dict[str, str]], Scope]:
    """For each job with an environment of its own secrets or variables the names that stand for them, and all of those."""
    names: dict[str, dict[str, str]] = {}
    secrets: dict[str, str] = {}
    variables: dict[str, str] = {}
    for number, (environment, scope) in enumerate(sorted(scopes.items())):
        stand_in = {f"SECRETS.{name.upper()}": f"secrets.NINESTEPS_{number}_{name.upper()}" for name in scope.secrets}
        stand_in |= {f"VARS.{name.upper()}": f"vars.NINESTEPS_{number}_{name.upper()}" for name in scope.variables}
        jobs = [key for key in todo if _environment(graph.leaves[key], known).lower() == environment]
        names |= dict.fromkeys(jobs, stand_in)
        if jobs:
            secrets |= {f"NINESTEPS_{number}_{name.upper()}": value for name, value in scope.secrets.items()}
            variables |= {f"NINESTEPS_{number}_{name.upper()}": value for name, value in scope.variables.items()}
    return names, Scope(secrets, variables)


def _environment(leaf: Leaf, known: Mapping[str, str]) -> str:
    name = leaf.job.environment.name if leaf.job.environment else None
    return "" if name is None else known.get(leaf.key, "") if name.dynamic else name.value.strip()


def _may_wait(leaf: Leaf, reviewed: HasReviewer) -> bool:
    name = leaf.job.environment.name if leaf.job.environment else None
    return name is not None and (name.dynamic or reviewed(name.value))


def _too_deep(graph: Graph, files: Mapping[str, bytes], reviewed: HasReviewer) -> str:
    for leaf in graph.leaves.values():
        if leaf.calls and any("${{" in name or reviewed(name) for name in environments_below(leaf.job, files)):
            return f"its job `{leaf.key}` calls workflows two levels deep, where no approval can be asked for here"
    return ""


def _told(now: Run) -> dict[str, Finished]:
    """What the last job of the part saw of those before it, by act's own account."""
    found: dict[str, Finished] = {}
    for call in now.actions:
        caller, _, job = call.job.rpartition(" / ")
        if job == OUTPUTS and isinstance(call.told.get("job"), str) and isinstance(call.told.get("outputs"), dict):
            key = f"{caller} / {call.told['job']}" if caller else call.told["job"]
            outputs = {str(name): str(value) for name, value in call.told["outputs"].items()}
            found[key] = Finished(str(call.told.get("result", "")), outputs)
    return found


def _set_by_steps(now: Run, graph: Graph) -> dict[str, Finished]:
    """The same for jobs of a part that ended early, from what their steps set."""
    found = {}
    for run in now.jobs if now.unsaid else ():
        if leaf := graph.leaves.get(run.id):
            steps = {step.id: {"outputs": dict(step.outputs)} for step in run.steps if step.id}
            values = {name: value_of(text, {"steps": steps}) for name, text in leaf.job.outputs.values.items()}
            known = {name: as_text(value) for name, value in values.items() if not isinstance(value, Unknown)}
            found[run.id] = Finished(run.result, known)
    return found


def _names(now: Run, key: str) -> list[str]:
    """The environments that the probe in the place of a job saw, one for each leg."""
    seen = [call.inputs.get("environment", "") for call in now.actions if call.job == key]
    return list(dict.fromkeys(seen))


def _result(run: Run, key: str) -> str:
    results = {leg.result for leg in run.legs(key)}
    return next((one for one in ("not run", "failure", "success", "skipped") if one in results), "")


def _together(before: Run, now: Run, graph: Graph, keys: Collection[str]) -> Run:
    """Both parts as one run: of `now` only the jobs in `keys` and their callers, the rest from before."""
    said = [job for job in now.jobs if job.id not in now.unsaid]
    fresh = {job.id for job in said if job.id in keys or job.id in graph.inner or job.id.split(" / ")[0] in keys}
    jobs = [job for job in before.jobs if job.id not in fresh and job.result in _ENDED]
    jobs += [job for job in now.jobs if job.id in fresh and job.id.rpartition(" / ")[2] != OUTPUTS]
    return Run(
        jobs=_in_order(jobs, graph),
        actions=(*before.actions, *(one for one in now.actions if one.job in fresh)),
        calls=(*before.calls, *now.calls),
        artifacts=now.artifacts,
        caches=now.caches,
        trouble=now.trouble,
        mend=now.mend,
        left_out=(*before.left_out, *now.left_out),
        registry=now.registry,
    )


def _with_those_that_wait(stage: Stage, graph: Graph) -> Run:
    names = stage.waiting
    open_callers = {caller for caller in graph.inner if caller not in stage.finished}
    jobs = [job for job in stage.run.jobs if job.id not in names and job.id not in open_callers]
    known = {job.id for job in jobs}
    jobs += [JobRun(key, key, {}, "waiting", why="waits for an approval") for key in names]
    for key in graph.leaves:
        blocking = [one for one in names if key in graph.below(frozenset([one]))]
        if blocking and key not in known and key not in names:
            jobs.append(JobRun(key, key, {}, "not run", why=f"it comes after `{', '.join(blocking)}`, which waits"))
    return replace(stage.run, jobs=_in_order(jobs, graph))


def _in_order(jobs: Collection[JobRun], graph: Graph) -> tuple[JobRun, ...]:
    """As in the file; a caller before the jobs that it calls."""
    place: dict[str, int] = {}
    for key, leaf in graph.leaves.items():
        place.setdefault(leaf.caller or key, len(place))
        place.setdefault(key, len(place))
    return tuple(sorted(jobs, key=lambda job: place.get(job.id, place.get(job.id.split(" / ")[0], len(place)))))
