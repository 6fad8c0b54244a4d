"""Start a workflow by hand, with its inputs checked as GitHub checks them.

https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#workflow_dispatch
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from graders.evidence.workflow.model import Input, Workflow
from graders.evidence.workflow.read import read_workflows
from graders.forge import inbox
from graders.forge.git_calls import ask, forge_git, without_caller_variables
from graders.pipelines.queueing import reading
from graders.problems import Problem
from graders.reports.safe_text import one_line
from graders.runners.workflow.picture import title_of
from graders.runners.workflow.plan import workflow_files


@without_caller_variables()
def start_by_hand(origin: Path, workflow: str, ref: str, fields: Sequence[str]) -> str:
    """Start the workflow (its name, file or path) for a branch or tag; returns its path. Raises Problem."""
    full, commit = _found_ref(origin, ref)
    with reading(origin) as git:
        workflows, _ = read_workflows(workflow_files(git, commit))
    found = _found(workflows, workflow, ref)
    trigger = found.trigger("workflow_dispatch")
    if trigger is None or found.refused:
        raise Problem(
            f"Workflow does not have 'workflow_dispatch' trigger: {found.path} can't be started by hand.",
            f"Add `workflow_dispatch:` under its `on:`, commit it, and bring it to {one_line(ref, 60)}.",
        )
    given = _inputs(trigger.inputs, fields)
    inbox.put(origin, {"kind": "dispatch", "workflow": found.path, "ref": full, "inputs": given})
    return found.path


def _found_ref(origin: Path, ref: str) -> tuple[str, str]:
    for full in (f"refs/heads/{ref}", f"refs/tags/{ref}"):
        if commit := ask(forge_git(origin), "rev-parse", "--verify", "--quiet", f"{full}^{{commit}}"):
            return full, commit
    raise Problem(f"There is no branch or tag {one_line(ref, 60)} on origin.", "Push it first: git push origin NAME")


def _found(workflows: Sequence[Workflow], wanted: str, ref: str) -> Workflow:
    for one in workflows:
        if wanted in (one.path, one.path.rpartition("/")[2], title_of(one)):
            return one
    known = ", ".join(one.path.rpartition("/")[2] for one in workflows) or "none"
    raise Problem(
        f"There is no workflow “{one_line(wanted, 60)}” on {one_line(ref, 60)}.", f"There are: {one_line(known, 300)}."
    )


def _inputs(declared: Mapping[str, Input], fields: Sequence[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals:
            raise Problem(f"“{one_line(field, 60)}” is no input.", "Write it as NAME=VALUE: -f environment=staging")
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise Problem(f"Unexpected inputs provided: {one_line(name, 60)}.", f"Its inputs: {one_line(known, 300)}.")
        given[name] = value
    for name, one in declared.items():
        if name not in given and one.default is not None:
            given[name] = one.default.value
        elif name not in given and one.type == "boolean":
            given[name] = "false"
        if one.required and not given.get(name):
            raise Problem(
                f"Required input '{one_line(name, 60)}' not provided.", f"Give it: -f {one_line(name, 60)}=VALUE"
            )
        _check(one, given.get(name, ""))
    return given


def _check(one: Input, value: str) -> None:
    options = [text.value for text in one.options]
    if one.type == "boolean":
        options = ["true", "false"]
    if value and options and value not in options:
        raise Problem(
            f"“{one_line(value, 60)}” is none of the values that the input {one_line(one.name, 60)} takes.",
            f"It takes: {one_line(', '.join(options), 300)}.",
        )
