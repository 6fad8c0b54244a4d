"""Read workflow files and `action.yml` files.

What is malformed becomes a finding, so that one slip hides nothing else; only what is no workflow at all is refused.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePosixPath

from graders.evidence.workflow.calls import what_does_not_fit
from graders.evidence.workflow.model import Action, Finding, Input, Job, Text, Workflow, frozen
from graders.evidence.workflow.permissions import read_permissions
from graders.evidence.workflow.read_job import read_cache_mode, read_concurrency, read_defaults, read_job
from graders.evidence.workflow.read_steps import read_steps
from graders.evidence.workflow.read_triggers import read_input, read_triggers
from graders.evidence.workflow.reader import Reader
from graders.evidence.yaml_document import Mapping, Node, Scalar, YamlProblem, load
from graders.problems import Problem

FOLDER = ".github/workflows"
_KEYS = ("on", "name", "run-name", "description", "env", "permissions", "defaults", "concurrency", "cache-mode", "jobs")
_ACTION_KEYS = ("name", "author", "description", "inputs", "outputs", "runs", "branding")


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that holds no workflow, and why."""

    path: str
    problem: Problem


def read_workflows(files: MappingType[str, bytes]) -> tuple[tuple[Workflow, ...], tuple[Unread, ...]]:
    """Every workflow in a tree (`files` maps paths to content): .yml and .yaml directly in `.github/workflows`.

    What calls of each other do not fit is among the findings.
    """
    read: list[Workflow] = []
    unread: list[Unread] = []
    for path in sorted(files):
        pure = PurePosixPath(path)
        if str(pure.parent) == FOLDER and pure.suffix in (".yml", ".yaml"):
            try:
                read.append(read_workflow(files[path], path))
            except Problem as problem:
                unread.append(Unread(path, problem))
    others = {one.path: one for one in read}
    return tuple(_with(one, what_does_not_fit(one, others)) for one in read), tuple(unread)


def _with(workflow: Workflow, findings: tuple[Finding, ...]) -> Workflow:
    return replace(workflow, findings=_in_order((*workflow.findings, *findings))) if findings else workflow


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: (finding.where, finding.rule, finding.what)))


@lru_cache(maxsize=32)  # a grader runs the same file many times
def read_workflow(data: bytes, path: str) -> Workflow:
    """The workflow in `data`. Raises Problem (mostly YamlProblem) where the file is no workflow at all."""
    root = _root(data, path, "a workflow", "`on:` and `jobs:`")
    reader = Reader(path)
    reader.known(root, _KEYS, "The workflow")
    triggers = root.get("on")
    if triggers is None:
        reader.refuse(
            "on", root, "The workflow has no `on:`, so nothing ever starts it.", "Add `on: [push, pull_request]`."
        )
    return Workflow(
        path, reader.where(root),
        reader.text(root.get("name"), "`name`"),
        reader.text(root.get("run-name"), "`run-name`", "run-name"),
        read_triggers(reader, triggers) if triggers is not None else (),
        reader.settings(root.get("env"), "`env`", "env"),
        read_permissions(reader, root.get("permissions")),
        read_defaults(reader, root.get("defaults")),
        read_concurrency(reader, root.get("concurrency"), "concurrency"),
        read_cache_mode(reader, root.get("cache-mode")),
        frozen(_jobs(reader, root)),
        _in_order(reader.findings),
    )  # fmt: skip


def read_action(data: bytes, path: str) -> Action:
    """The action in `data`, an `action.yml`. Raises Problem where the file is no action at all."""
    root = _root(data, path, "an action", "`name:` and `runs:`")
    reader = Reader(path)
    reader.known(root, _ACTION_KEYS, "The action")
    runs = reader.mapping(root.get("runs"), "`runs`")
    if runs is None:
        reader.refuse("runs", root, "The action has no `runs:`.", "Add `runs:` with `using: composite` and `steps:`.")
        runs = Mapping((), root.line, root.column)
    using = reader.text(runs.get("using"), "`using`")
    composite = using is not None and using.value == "composite"
    if composite and "steps" not in runs:
        reader.refuse("runs", runs, "A composite action needs `steps:`.", "Add them, each with a `shell:`.")
    inputs = reader.mapping(root.get("inputs"), "`inputs`")
    outputs = reader.mapping(root.get("outputs"), "`outputs`")
    return Action(
        path, reader.where(root),
        reader.text(root.get("name"), "`name`"),
        using.value if using else "",
        frozen(_action_inputs(reader, inputs) if inputs else {}),
        frozen(_action_outputs(reader, outputs) if outputs else {}),
        read_steps(reader, runs.get("steps"), in_action=True) if composite else (),
        reader.text(runs.get("main"), "`main`"),
        reader.text(runs.get("image"), "`image`"),
        _in_order(reader.findings),
    )  # fmt: skip


def _root(data: bytes, path: str, what: str, keys: str) -> Mapping:
    root: Node = load(data, path)
    if isinstance(root, Mapping):
        return root
    hint = f"Begin with {keys} at the left margin."
    if isinstance(root, Scalar):
        raise YamlProblem(root.line, root.column, f"The file is one value, and no {what.split()[1]}.", hint, path)
    raise YamlProblem(root.line, root.column, f"The file is a list, and no {what.split()[1]}.", hint, path)


def _jobs(reader: Reader, root: Mapping) -> dict[str, Job]:
    node = root.get("jobs")
    mapping = reader.mapping(node, "`jobs`") if not (isinstance(node, Scalar) and node.value is None) else None
    found: dict[str, Job] = {}
    for entry in reader.entries(mapping) if mapping else ():
        job = read_job(reader, entry.key, entry.value)
        if job is not None:
            if any(job.id.lower() == other.lower() for other in found):
                reader.refuse(
                    "job-id", entry.key, f"Two jobs are called `{job.id}`: case makes no difference.", "Rename one."
                )
            found[entry.key.text] = job
    if (isinstance(node, Scalar) and node.value is None) or node is None or (mapping and not mapping.entries):
        reader.refuse("jobs", node or root, "The workflow has no jobs.", "Add `jobs:`, and a job below it.")
    _check_needs(reader, found)
    return found


def _check_needs(reader: Reader, jobs: MappingType[str, Job]) -> None:
    ids = {id.lower(): id for id in jobs}
    for job in jobs.values():
        for needed in job.needs:
            if needed.value.lower() not in ids:
                near = get_close_matches(needed.value.lower(), sorted(ids), n=1, cutoff=0.5)
                hint = f"Did you mean `{ids[near[0]]}`?" if near else f"The jobs here: {', '.join(jobs)}."
                reader.refuse(
                    "needs", needed.where, f"`{job.id}` needs a job `{needed.value[:60]}`, which is not here.", hint
                )
    try:
        TopologicalSorter({id.lower(): [one.value.lower() for one in job.needs] for id, job in jobs.items()}).prepare()
    except CycleError as trouble:
        circle = [ids[id] for id in reversed(trouble.args[1])]
        where = jobs[circle[0]].needs[0].where
        reader.refuse("needs", where, f"These jobs wait for each other: {' → '.join(circle)}.", "Take one `needs` out.")


def _action_inputs(reader: Reader, mapping: Mapping) -> dict[str, Input]:
    return {one.key.text: read_input(reader, one.key, one.value, "action") for one in reader.entries(mapping)}


def _action_outputs(reader: Reader, mapping: Mapping) -> dict[str, Text]:
    found: dict[str, Text] = {}
    for entry in reader.entries(mapping):
        definition = reader.mapping(entry.value, f"The output `{entry.key.text}`")
        value = reader.text(definition.get("value") if definition else None, "`value`", "action outputs")
        if value is not None:
            found[entry.key.text] = value
    return found
