"""What a workflow needs to run: the actions it uses, at any depth, and the jobs that must report.

act skips a runner that it has no image for, ignores services in host mode, and fetches what it isn't given; so all of it
is settled before it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graders.evidence.git_command import Git
from graders.evidence.git_tree import contents
from graders.evidence.workflow.model import Action, Job, Step, Text, Uses, UsesKind, Workflow
from graders.evidence.workflow.read import read_action, read_workflow
from graders.problems import Problem

FOLDER = ".github/"
_ACTION_FILES = ("action.yml", "action.yaml")
_DEEPEST = 6
_LINUX = ("ubuntu-latest", "ubuntu-24.04", "ubuntu-22.04", "ubuntu-20.04", "ubuntu-slim", "ubuntu-24.04-arm", "ubuntu-22.04-arm")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to hand to act. `cannot` says, as the middle of a sentence, why the workflow can't be run here, else empty.

    `uses` maps each `owner/repo[/path]@ref` to the names of the inputs that the workflow gives it.
    """

    path: str
    uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    jobs: tuple[str, ...] = ()
    labels: tuple[str, ...] = _LINUX
    unrunnable: Mapping[str, str] = field(default_factory=dict)
    cannot: str = ""


def plan_of(files: Mapping[str, bytes], path: str) -> Plan:
    """The plan for the workflow at `path` in `files` (see `workflow_files`). Raises Problem where it can't be read."""
    if path not in files:
        raise Problem(f"There is no {path} in the commit.", "Add and commit it.")
    workflow = read_workflow(files[path], path)
    found = _Found()
    for job in workflow.jobs.values():
        _follow_job(job, files, found, 0)
    unrunnable = {job.id: why for job in workflow.jobs.values() if (why := _no_linux(job))}
    labels = dict.fromkeys([*_LINUX, *(label.value for job in workflow.jobs.values() for label in _labels(job))])
    linux = tuple(label for label in labels if label.startswith("ubuntu-"))
    return Plan(path, {use: tuple(sorted(names)) for use, names in found.uses.items()}, tuple(workflow.jobs), linux,
                unrunnable, next(iter(found.cannot), ""))  # fmt: skip


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
        self.uses: dict[str, set[str]] = {}
        self.cannot: list[str] = []


def _follow_job(job: Job, files: Mapping[str, bytes], found: _Found, depth: int) -> None:
    if job.services:
        found.cannot.append(f"its job `{job.id}` needs a service container ({', '.join(job.services)}), which needs Docker")
    if job.container and job.container.image:
        found.cannot.append(f"its job `{job.id}` runs in a container ({job.container.image}), which needs Docker")
    if job.uses:
        _follow_call(job.uses, files, found, depth)
    _follow_steps(job.steps, files, found, depth)


def _follow_call(uses: Uses, files: Mapping[str, bytes], found: _Found, depth: int) -> None:
    if uses.kind is UsesKind.WORKFLOW:
        found.cannot.append(f"it calls `{uses.text}`, a workflow of another repository, and there is no network")
    elif uses.kind is UsesKind.LOCAL_WORKFLOW and depth < _DEEPEST:
        called = _read_workflow(files, uses.path)
        for job in called.jobs.values() if called else ():
            _follow_job(job, files, found, depth + 1)


def _follow_steps(steps: tuple[Step, ...], files: Mapping[str, bytes], found: _Found, depth: int) -> None:
    for step in steps:
        uses = step.uses
        if uses is None:
            continue
        if uses.kind is UsesKind.ACTION:
            found.uses.setdefault(uses.text, set()).update(step.with_.values)
        elif uses.kind is UsesKind.DOCKER:
            found.cannot.append(f"it uses `{uses.text}`, which needs Docker")
        elif uses.kind is UsesKind.LOCAL and depth < _DEEPEST:
            action = _read_action(files, uses.path)
            if action and action.using == "docker":
                found.cannot.append(f"its action `{uses.text}` is a container, which needs Docker")
            _follow_steps(action.steps if action else (), files, found, depth + 1)


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


def _labels(job: Job) -> tuple[Text, ...]:
    return job.runs_on.labels if job.runs_on else ()


def _no_linux(job: Job) -> str:
    """Why a job that names its runner outright can't run here, or empty."""
    labels = _labels(job)
    if job.uses or not labels or any(label.dynamic or label.value.startswith("ubuntu-") for label in labels):
        return ""
    return f"it runs on {', '.join(label.value for label in labels)}, and only Linux runners of GitHub's are played here"
