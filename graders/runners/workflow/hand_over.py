"""Which artifacts of a run are packages, which jobs took them, and whether a job that took one built it again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath

from graders.evidence.workflow.data_flow import Library
from graders.evidence.workflow.model import Job, Step, Workflow
from graders.runners.workflow.cache_use import located
from graders.runners.workflow.record import ActionCall, Artifact, Call
from graders.runners.workflow.scenario import Outcome, Started

PACKAGES = ("*.whl", "*.tar.gz", "*.tgz", "*.zip", "*.pyz", "*.tar")
UPLOAD, DOWNLOAD = "actions/upload-artifact", "actions/download-artifact"


@dataclass(frozen=True, slots=True)
class Use:
    """An upload or a download, with its place in the file."""

    workflow: Workflow
    call: ActionCall
    job: Job | None
    step: Step | None

    @property
    def where(self) -> str:
        """`file:line` of the step."""
        return str(self.step.where if self.step else self.job.where if self.job else self.workflow.path)

    @property
    def name(self) -> str:
        """The artifact's name."""
        return str(self.call.told.get("artifact", ""))

    @property
    def files(self) -> tuple[str, ...]:
        """What was uploaded."""
        return tuple(map(str, self.call.told.get("files", ())))


@dataclass(frozen=True, slots=True)
class HandOver:
    """A package that one job uploaded and another took."""

    package: str
    made: Use
    taken: Use


def uses(outcome: Outcome, action: str, library: Library) -> list[Use]:
    """Every upload or download, in the order of the runs."""
    return [
        Use(one.workflow, call, *located(one.workflow, call, library))
        for one in outcome.started
        for call in one.run.actions
        if call.action == action
    ]


def packages(artifact: Artifact) -> list[str]:
    """The files in it that look like a built package."""
    return [path for path in artifact.files if any(fnmatch(PurePosixPath(path).name, one) for one in PACKAGES)]


def made(outcome: Outcome, library: Library) -> list[tuple[Use, str]]:
    """The uploads that hold a package, with its name."""
    found = []
    for upload in uses(outcome, UPLOAD, library):
        names = [name for artifact in outcome.artifacts if artifact.name == upload.name for name in packages(artifact)]
        if names and upload.files:
            found.append((upload, PurePosixPath(names[0]).name))
    return found


def hand_overs(outcome: Outcome, library: Library) -> Iterator[HandOver]:
    """Every package that another job than the one which uploaded it has taken."""
    for upload, package in made(outcome, library):
        for taken in uses(outcome, DOWNLOAD, library):
            if takes(taken, upload.name) and (taken.workflow.path, taken.call.job) != (
                upload.workflow.path, upload.call.job
            ):  # fmt: skip
                yield HandOver(package, upload, taken)


def takes(download: Use, artifact: str) -> bool:
    """Whether a download asks for that artifact: by name, by pattern, or for all."""
    name, pattern = str(download.call.told.get("artifact", "")), str(download.call.told.get("pattern", ""))
    if artifact not in download.call.told.get("found", ()):
        return False
    return name == artifact if name else not pattern or fnmatch(artifact, pattern)


def waits_for(workflow: Workflow, job: str, other: str) -> bool:
    """Whether `job` needs `other`, directly or through others; of called workflows, whether their callers do."""
    here, there = job.split(" / "), other.split(" / ")
    if here[0] == there[0]:
        return True  # both in one called workflow: its own `needs` were kept when it ran
    seen: set[str] = set()
    left = [here[0]]
    while left:
        found = workflow.job(left.pop())
        names = {one.value.lower() for one in found.needs} if found else set()
        if there[0].lower() in names:
            return True
        left += names - seen
        seen |= names
    return False


def built_again(started: Started, job: str) -> Call | None:
    """A call in that job that builds the service: a wheel, a source tree, an isolated environment for a build."""
    return next((call for call in _of_job(started.run.calls, job) if _builds(call)), None)


def _of_job(calls: Iterable[Call], job: str) -> Iterator[Call]:
    names = {job, job.split(" / ")[-1]}
    return (call for call in calls if call.job in names)


def _builds(call: Call) -> bool:
    words = list(call.argv)
    if call.tool == "uv":
        if words[:1] in (["build"], ["sync"], ["run"]):
            return True
        words = words[1:] if words[:1] == ["pip"] else []
    elif call.tool != "pip":
        return False
    if words[:1] == ["--python"]:  # how `python -m build` fills the environment that it builds in
        return True
    return words[:1] == ["wheel"] or (words[:1] == ["install"] and any(map(_is_source, _after_options(words[1:]))))


def _after_options(words: list[str]) -> Iterator[str]:
    """The words that name what to install."""
    options = ("-r", "--requirement", "-c", "--constraint", "-f", "--find-links", "-t", "--target", "--cache-dir", "-i",
               "--index-url", "--extra-index-url", "--prefix", "--python")  # fmt: skip
    for before, word in zip(["", *words], words, strict=False):
        if before not in options and not (word.startswith("-") and not word.startswith(("-e.", "--editable=."))):
            yield word


def _is_source(word: str) -> bool:
    path = word.partition("[")[0].removeprefix("-e").removeprefix("--editable=")
    if path.endswith((".whl", ".tar.gz", ".zip")):
        return False
    return path in (".", "./", "..") or path.startswith(("./", "../", "/")) or path.endswith("/")


def ended_after_taking(outcome: Outcome, over: HandOver) -> str:
    """How the job that takes the package ended: `success`, `failure`, `elsewhere` for one before it got that far, or empty."""
    legs = [
        job for flow, job in outcome.jobs if flow.path == over.taken.workflow.path and job.id == over.taken.call.job
    ]
    results = {leg.result for leg in legs}
    if "failure" in results:
        steps = [step for leg in legs if leg.result == "failure" for step in leg.steps]
        before = [step for step in steps if step.number <= over.taken.call.step and step.result == "failure"]
        return "elsewhere" if before else "failure"
    return "success" if results == {"success"} else ""
