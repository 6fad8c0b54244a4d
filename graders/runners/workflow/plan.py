"""What a workflow needs to run: the actions it uses, at any depth, and the jobs that must report.

act skips a runner that it has no image for, and fetches what it isn't given; so all of
it is settled before it starts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from graders.evidence.git_command import Git
from graders.evidence.git_tree import contents
from graders.evidence.workflow.model import Action, Job, Step, Uses, UsesKind, Workflow
from graders.evidence.workflow.read import read_action, read_workflow, read_workflows
from graders.evidence.yaml_document import Kind, load, scalars
from graders.problems import Problem
from graders.runners.workflow.runner_labels import labels_for_act
from graders.runners.workflow.service_steps import why_not

FOLDER = ".github/"
_ACTION_FILES = ("action.yml", "action.yaml")
_DEEPEST = 10  # https://docs.github.com/en/actions/reference/workflows-and-actions/reusing-workflow-configurations
_ZEROS = re.compile(r"[-+]?\d+\.\d*0")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to hand to act. `cannot` says, as the middle of a sentence, why the workflow can't be run here, else empty.

    `uses` maps each `owner/repo[/path]@ref` to the names of the inputs that the workflow gives it; `title` is what act
    calls the workflow; `serviced` are the jobs with `services:`, also those of called workflows.
    """

    path: str
    title: str
    jobs: Mapping[str, Job]
    uses: Mapping[str, tuple[str, ...]]
    labels: tuple[str, ...]
    cannot: str = ""
    serviced: tuple[Job, ...] = ()


def plan_of(files: Mapping[str, bytes], path: str, *, ours: bool = False) -> Plan:
    """The plan for the workflow at `path` in `files` (see `workflow_files`). Raises Problem where it can't be read.

    With `ours`, we have changed it: what GitHub would say of it is of no interest.
    """
    if path not in files:
        raise Problem(f"There is no {path} in the commit.", "Add and commit it.")
    workflow = next((one for one in read_workflows(files)[0] if one.path == path), None)
    workflow = workflow or read_workflow(files[path], path)
    found = _Found()
    if workflow.refused and not ours:
        first = workflow.refused[0]
        found.cannot.append(f"GitHub refuses the file ({first.where}): {first.what.rstrip('.')}")
    for job in workflow.jobs.values():
        _follow_job(job, files, found, 0)
    title = workflow.name.value if workflow.name else path.rsplit("/", 1)[-1]
    uses = {use: tuple(sorted(names)) for use, names in found.uses.items()}
    serviced = tuple(job for job in found.jobs if job.services)
    return Plan(path, title, workflow.jobs, uses, labels_for_act(found.jobs), next(iter(found.cannot), ""), serviced)


def as_github_reads(data: bytes) -> bytes:
    """The file with `3.10` as the number that it is, 3.1; act takes it for text. What can't be read is left alone."""
    try:
        numbers = [
            one for one in scalars(load(data)) if one.kind is Kind.NUMBER and one.plain and _ZEROS.fullmatch(one.text)
        ]
    except Problem:
        return data
    lines = data.decode("utf-8", "replace").splitlines(keepends=True)
    for one in sorted(numbers, key=lambda one: (one.line, one.column), reverse=True):
        line, start = lines[one.line - 1], one.column - 1
        if line[start : start + len(one.text)] == one.text:  # not where an alias repeats it
            shorter = one.text.rstrip("0").rstrip(".")
            lines[one.line - 1] = line[:start] + shorter + line[start + len(one.text) :]
    return "".join(lines).encode()


def workflow_files(git: Git, commit: str) -> dict[str, bytes]:
    """The files of a commit that say how it is built: `.github/`, and the definition of every local action."""
    blobs = {}
    for line in git.text("ls-tree", "-r", "-z", commit).split("\0"):
        if line:
            (mode, _, blob), path = line.split("\t", 1)[0].split(), line.split("\t", 1)[1]
            if mode.startswith("100") and (path.startswith(FOLDER) or path.rsplit("/", 1)[-1] in _ACTION_FILES):
                blobs[path] = blob
    content = contents(git, set(blobs.values()))
    return {path: content[blob] for path, blob in blobs.items()}


class _Found:
    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.uses: dict[str, set[str]] = {}
        self.cannot: list[str] = []
        self.seen: set[str] = set()  # what was followed, so that no file is followed twice


def _follow_job(job: Job, files: Mapping[str, bytes], found: _Found, depth: int) -> None:
    found.jobs.append(job)
    if why := why_not(job):
        found.cannot.append(why)
    if job.container and job.container.image:
        found.cannot.append(f"its job `{job.id}` runs in a container ({job.container.image}), which needs Docker")
    if job.uses:
        _follow_call(job.uses, files, found, depth)
    _follow_steps(job.steps, files, found)


def _follow_call(uses: Uses, files: Mapping[str, bytes], found: _Found, depth: int) -> None:
    if uses.kind is UsesKind.WORKFLOW:
        found.cannot.append(f"it calls `{uses.text}`, a workflow of another repository, and there is no network")
    elif uses.kind is UsesKind.LOCAL_WORKFLOW and uses.path not in found.seen and depth < _DEEPEST:
        found.seen.add(uses.path)
        called = _read_workflow(files, uses.path)
        for job in called.jobs.values() if called else ():
            _follow_job(job, files, found, depth + 1)


def _follow_steps(
    steps: tuple[Step, ...], files: Mapping[str, bytes], found: _Found, within: tuple[str, ...] = ()
) -> None:
    """`within` are the local actions that these steps stand in."""
    for step in steps:
        uses = step.uses
        if uses is None:
            continue
        if uses.kind is UsesKind.ACTION:
            found.uses.setdefault(uses.text, set()).update(step.with_.values)
        elif uses.kind is UsesKind.DOCKER:
            found.cannot.append(f"it uses `{uses.text}`, which needs Docker")
        elif uses.kind is UsesKind.LOCAL and uses.path in within:
            found.cannot.append(f"its action `{uses.text}` uses itself, without end")
        elif uses.kind is UsesKind.LOCAL and (uses.path not in found.seen) and len(within) < _DEEPEST:
            found.seen.add(uses.path)
            action = _read_action(files, uses.path)
            if action and action.using == "docker":
                found.cannot.append(f"its action `{uses.text}` is a container, which needs Docker")
            _follow_steps(action.steps if action else (), files, found, (*within, uses.path))


def _read_workflow(files: Mapping[str, bytes], path: str) -> Workflow | None:
    try:
        return read_workflow(files[path], path)
    except (KeyError, Problem):
        return None


def _read_action(files: Mapping[str, bytes], folder: str) -> Action | None:
    for name in _ACTION_FILES:
        path = f"{folder}/{name}" if folder else name
        try:
            return read_action(files[path], path)
        except (KeyError, Problem):
            continue
    return None
