"""Workflow files for a part of a run: jobs that only ask whether they would start, jobs that have ended, none beyond."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graders.evidence.workflow.model import Job, UsesKind, Workflow
from graders.evidence.workflow.read import read_workflow
from graders.problems import Problem
from graders.runners.workflow.plan import FOLDER
from graders.runners.workflow.run import Finished
from graders.runners.workflow.workflow_document import document_of, with_expressions, written

OUTPUTS = "ninesteps-outputs"
_GATE_KEEPS = ("name", "needs", "if", "strategy", "runs-on")
_RUNNER = "ubuntu-latest"
_NAMED = re.compile(r"(?i)(?<![\w.-])(secrets|vars)(?:\.([A-Za-z_]\w*)|\['([A-Za-z_]\w*)'\])")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A job with steps, or a call that can't be followed. `before` are the leaves that must have ended before it.

    `key` is its id, `caller / id` where a workflow is called; `calls` says that it is a call itself.
    """

    key: str
    job: Job
    before: frozenset[str]
    caller: str = ""
    calls: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """The jobs of a workflow and, one level deep, of the workflows that it calls. `inner` maps callers to their leaves."""

    path: str
    leaves: Mapping[str, Leaf]
    inner: Mapping[str, tuple[str, ...]]
    called: Mapping[str, str] = field(default_factory=dict)

    def below(self, keys: frozenset[str]) -> frozenset[str]:
        """The leaves that wait for one of `keys`, at any distance."""
        found: frozenset[str] = frozenset()
        while more := {key for key, leaf in self.leaves.items() if leaf.before & (keys | found)} - found:
            found |= more
        return found


def graph_of(files: Mapping[str, bytes], path: str) -> Graph:
    """The graph of the workflow at `path`, which must be readable."""
    workflow = read_workflow(files[path], path)
    called = {id: _called(job, files) for id, job in workflow.jobs.items()}
    inner = {id: tuple(f"{id} / {one}" for one in found.jobs) for id, found in called.items() if found}
    leaves: dict[str, Leaf] = {}
    for id, job in workflow.jobs.items():
        before = frozenset(key for needed in _needed(job, workflow) for key in inner.get(needed, (needed,)))
        found = called[id]
        if found is None:
            leaves[id] = Leaf(id, job, before, calls=job.uses is not None)
            continue
        for one in found.jobs.values():
            needs = frozenset(f"{id} / {needed}" for needed in _needed(one, found))
            leaves[f"{id} / {one.id}"] = Leaf(f"{id} / {one.id}", one, before | needs, id, one.uses is not None)
    paths = {id: job.uses.path for id, job in workflow.jobs.items() if id in inner and job.uses}
    return Graph(path, leaves, inner, paths)


def environments_below(job: Job, files: Mapping[str, bytes], depth: int = 0) -> Iterator[str]:
    """The environments of all that a call brings, at any depth; text with an expression stays as it is."""
    called = _called(job, files)
    for one in called.jobs.values() if called and depth < 6 else ():
        if one.environment:
            yield one.environment.name.value
        yield from environments_below(one, files, depth + 1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a part does: the leaves that `run`, the `gates` that ask, those that have `finished`; no other leaf is there.

    `scoped` maps leaves to names that stand for others in them, such as `secrets.API_KEY` for one environment's own.
    """

    run: frozenset[str]
    gates: frozenset[str] = frozenset()
    finished: Mapping[str, Finished] = field(default_factory=dict)
    scoped: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def part_files(files: Mapping[str, bytes], graph: Graph, wanted: Wanted) -> dict[str, bytes]:
    """The files that make act do what is wanted, by path."""
    made: dict[str, bytes] = {}
    run, gates, finished, scoped = wanted.run, wanted.gates, wanted.finished, wanted.scoped
    document = document_of(files[graph.path])
    jobs: dict[str, Any] = {}
    for id, job in document["jobs"].items():
        leaves = graph.inner.get(id, (id,))
        if id in finished:
            jobs[id] = _ended(id, finished[id])
        elif run.issuperset(leaves) and (id in scoped or scoped.keys().isdisjoint(leaves)):
            jobs[id] = renamed(job, scoped.get(id, {}))
        elif id in gates:
            jobs[id] = _gate(job)
        elif id in graph.inner and not (run | gates).isdisjoint(leaves):
            copy = f"{FOLDER}workflows/ninesteps-part-{len(made)}.yml"
            made[copy] = _part_of_called(files[graph.called[id]], id, wanted)
            more = {name: new for leaf in leaves for name, new in scoped.get(leaf, {}).items()}
            jobs[id] = {**job, "uses": f"./{copy}", **_passed_on(job.get("secrets"), more)}
    ends = run | finished.keys()
    whole = [id for id in jobs if id not in finished and ends.issuperset(graph.inner.get(id, (id,)))]
    document["jobs"] = {**jobs, **_outputs(whole)}
    return {**made, graph.path: written(document)}


def renamed(node: Any, names: Mapping[str, str]) -> Any:
    """A job with other names in its expressions: `names` maps `SECRETS.NAME` or `VARS.NAME` to what stands for it."""
    return with_expressions(node, lambda text: _renamed(text, names)) if names else node


def _renamed(expression: str, names: Mapping[str, str]) -> str:
    return _NAMED.sub(lambda found: names.get(f"{found[1]}.{found[2] or found[3]}".upper(), found[0]), expression)


def _passed_on(given: Any, more: Mapping[str, str]) -> dict[str, Any]:
    """The `secrets:` of a call, with those of the environments of the jobs that are called."""
    names = {name: f"${{{{ secrets.{name} }}}}" for name in _secrets(more)}
    return {} if given == "inherit" or not names else {"secrets": {**(given or {}), **names}}


def _part_of_called(data: bytes, caller: str, wanted: Wanted) -> bytes:
    run, gates, finished, scoped = wanted.run, wanted.gates, wanted.finished, wanted.scoped
    document = document_of(data)
    jobs: dict[str, Any] = {}
    for id, job in document["jobs"].items():
        key = f"{caller} / {id}"
        if key in finished:
            jobs[id] = _ended(key, finished[key])
        elif key in run:
            jobs[id] = renamed(job, scoped.get(key, {}))
        elif key in gates:
            jobs[id] = _gate(job)
    complete = len(jobs) == len(document["jobs"]) and not any(f"{caller} / {id}" in gates for id in jobs)
    call = _call_of(document)
    if not complete:
        call.pop("outputs", None)  # they would name jobs that are not here
    names = [name for key, names in scoped.items() if key.startswith(f"{caller} / ") for name in _secrets(names)]
    if names:
        call["secrets"] = {**(call.get("secrets") or {}), **{name: {"required": False} for name in names}}
    document["jobs"] = {**jobs, **_outputs([id for id in jobs if f"{caller} / {id}" in run])}
    return written(document)


def _call_of(document: dict[str, Any]) -> dict[str, Any]:
    """What stands under `workflow_call`, so that it can be changed."""
    triggers = document["on"]
    if isinstance(triggers, str):
        triggers = [triggers]
    if isinstance(triggers, list):
        triggers = dict.fromkeys(triggers)
    document["on"] = triggers
    call: dict[str, Any] = triggers.get("workflow_call") or {}
    triggers["workflow_call"] = call
    return call


def _secrets(names: Mapping[str, str]) -> list[str]:
    """The names of the secrets among what `Wanted.scoped` gives for a leaf."""
    return [new.removeprefix("secrets.") for new in names.values() if new.startswith("secrets.")]


def _ended(key: str, finished: Finished) -> dict[str, Any]:
    step = {"id": "given", "run": "finished", "shell": "ninesteps-standin {0}", "env": {"NINESTEPS_JOB": key},
            "working-directory": "${{ github.workspace }}"}  # fmt: skip
    outputs = {name: f"${{{{ steps.given.outputs['{name}'] }}}}" for name in finished.outputs}
    job = {"runs-on": _RUNNER, "outputs": outputs, "steps": [step]}
    return {**job, "if": "false"} if finished.result == "skipped" else job


def _gate(job: Mapping[str, Any]) -> dict[str, Any]:
    given = job.get("environment")
    name = given.get("name") if isinstance(given, dict) else given
    step = {"uses": "ninesteps/gate@v1", "with": {"environment": name}}
    return {key: job[key] for key in _GATE_KEEPS if key in job} | {"steps": [step]}


def _outputs(jobs: list[str]) -> dict[str, Any]:
    step = {"uses": "ninesteps/outputs@v1", "with": {"needs": "${{ toJSON(needs) }}"}}
    job = {"runs-on": _RUNNER, "needs": jobs, "if": "always()", "steps": [step]}
    return {OUTPUTS: job} if jobs else {}


def _called(job: Job, files: Mapping[str, bytes]) -> Workflow | None:
    if job.uses is None or job.uses.kind is not UsesKind.LOCAL_WORKFLOW:
        return None
    try:
        return read_workflow(files[job.uses.path], job.uses.path)
    except (KeyError, Problem):
        return None


def _needed(job: Job, workflow: Workflow) -> list[str]:
    """The ids as the jobs themselves have them: case makes no difference to GitHub."""
    found = [workflow.job(text.value) for text in job.needs]
    return [one.id for one in found if one]
