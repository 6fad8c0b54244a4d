"""What a run of a workflow did: the evidence that criteria read. All of it comes from outside the learner's processes,
except `calls`, which the learner's own steps make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Annotation:
    """A `::error::`, `::warning::` or `::notice::` of a step."""

    level: str
    message: str
    file: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class StepRun:
    """How a step ended: `outcome` before `continue-on-error`, `result` after it; success, failure or skipped.

    `number` counts from 1 as in the file. `id` is empty where the file gives none. `log` is bounded, secrets masked.
    """

    number: int
    id: str
    name: str
    outcome: str
    result: str
    log: tuple[str, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    annotations: tuple[Annotation, ...] = ()
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class JobRun:
    """How a job, or one leg of its matrix, ended: success, failure, skipped, or `not run`, and then `why`.

    In a run that goes in parts (`gated`), a job may also be `waiting`. An `unserved` job is one that failed before its
    steps, since its services did not start.
    """

    id: str
    name: str
    matrix: Mapping[str, Any]
    result: str
    steps: tuple[StepRun, ...] = ()
    why: str = ""
    unserved: bool = False

    def step(self, name: str) -> StepRun | None:
        """The step with this id or name, or None."""
        return next((step for step in self.steps if name in (step.id, step.name)), None)


@dataclass(frozen=True, slots=True)
class ActionCall:
    """A use of an action: its name without the version, its inputs (a default where it has one), and what came of it.

    `unknown` actions were recorded and did nothing.
    """

    job: str
    matrix: Mapping[str, Any]
    step: int
    action: str
    inputs: Mapping[str, str]
    told: Mapping[str, Any] = field(default_factory=dict)
    room: str = field(default="", repr=False, compare=False)

    @property
    def unknown(self) -> bool:
        return bool(self.told.get("unknown"))


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a played command (`docker`, `kubectl`, …) or of `pip`: its words, and the names that it could read.

    `images` are those that the manifests name which it was given by file or on standard input.
    """

    tool: str
    argv: tuple[str, ...]
    job: str
    step: str
    cwd: str
    names: tuple[str, ...]
    exit_code: int = 0
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Artifact:
    """An uploaded artifact: path to content."""

    name: str
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A cache entry as it stands after the run; hand it to the next run in `caches`. `archive` is a tar."""

    key: str
    paths: tuple[str, ...]
    archive: bytes = field(repr=False)
    settings: bytes = field(repr=False, default=b"")


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `trouble` says, as the middle of a sentence, why it proves nothing; else it is empty. `mend` is what
    to do about it, where that is known.

    `left_out` names what was too large to keep, `registry` the digest of each image that was pushed. `unsaid` are jobs
    that act gave up on when a called workflow failed; `gated.run_to_the_end` runs them then.
    """

    jobs: tuple[JobRun, ...] = ()
    actions: tuple[ActionCall, ...] = ()
    calls: tuple[Call, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    caches: tuple[CacheEntry, ...] = ()
    trouble: str = ""
    left_out: tuple[str, ...] = ()
    registry: Mapping[str, str] = field(default_factory=dict)
    unsaid: tuple[str, ...] = ()
    mend: str = ""

    @property
    def green(self) -> bool:
        """At least one job succeeded, none failed, and every job that should run did."""
        results = {job.result for job in self.jobs}
        return not self.trouble and "success" in results and results <= {"success", "skipped"}

    def legs(self, id: str) -> tuple[JobRun, ...]:
        """The runs of the job with this id, one for each leg of its matrix."""
        return tuple(job for job in self.jobs if job.id == id)

    def job(self, id: str) -> JobRun | None:
        """The run of a job without a matrix, or its first leg."""
        return next(iter(self.legs(id)), None)

    def artifact(self, name: str) -> Artifact | None:
        return next((artifact for artifact in self.artifacts if artifact.name == name), None)

    def used(self, action: str) -> tuple[ActionCall, ...]:
        """The uses of an action, by its name without the version."""
        return tuple(call for call in self.actions if call.action == action)

    def called(self, tool: str) -> tuple[Call, ...]:
        """The calls of a command."""
        return tuple(call for call in self.calls if call.tool == tool)
