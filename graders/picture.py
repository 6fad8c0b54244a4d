"""A drawing as data: what a step shows beside its verdicts, with no idea of how it is drawn.

A verdict's `marks` name what it complains about: a commit by its id, a job by its id, in every run that holds one.
The id of a job with a matrix marks all its legs, that of a job that calls a workflow all jobs called.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Node:
    """One commit: `lane` is its branch's column (0 is main), `labels` the branches and pull requests at it."""

    id: str
    text: str
    lane: int
    parents: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitGraph:
    """Commits, oldest first; a parent stands before its children. `lanes` names the lanes."""

    kind: ClassVar[str] = "commits"
    title: str
    nodes: tuple[Node, ...]
    lanes: tuple[str, ...] = ("main",)


class State(StrEnum):
    """How a job stands, in the words that GitHub's pages use."""

    SUCCESS = "success"
    FAILURE = "failure"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    RUNNING = "running"
    WAITING = "waiting"  # for an approval
    QUEUED = "queued"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class JobNode:
    """One job: `needs` are ids of jobs before it, `environment` what it deploys to, `note` what else is worth a line.

    `text` is the name that GitHub shows. A leg of a matrix is a job with an id of its own, `test (3.13)`, and so is a job
    of a workflow that is called, `release / deploy`.
    """

    id: str
    text: str
    state: State
    needs: tuple[str, ...] = ()
    environment: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The jobs of one run of one workflow; a job stands after those that it needs."""

    title: str
    jobs: tuple[JobNode, ...]


@dataclass(frozen=True, slots=True)
class Pipelines:
    """All that one event started: a run for each workflow."""

    kind: ClassVar[str] = "pipelines"
    title: str
    runs: tuple[Pipeline, ...]


@dataclass(frozen=True, slots=True)
class LayerBar:
    """One layer: `text` is the instruction that made it, `size` its files' bytes; the others count files.

    `of_base` says that it stands for all layers of the base image.
    """

    id: str
    text: str
    size: int
    added: int = 0
    changed: int = 0
    deleted: int = 0
    of_base: bool = False


@dataclass(frozen=True, slots=True)
class ImageLayers:
    """The layers of an image, lowest first; a verdict's mark is a layer's digest."""

    kind: ClassVar[str] = "layers"
    title: str
    layers: tuple[LayerBar, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """A deployment or a rollback, from `began` to `ended` seconds; `text` says which, and `outcome` how it went."""

    began: float
    ended: float
    text: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What callers got while releases came and went: for each span of `span` seconds a count of requests.

    `served` holds for each span the requests that each of `versions` answered well, `failed` those that nobody did;
    `notes` are sentences about the whole.
    """

    kind: ClassVar[str] = "rollout"
    title: str
    span: float
    versions: tuple[str, ...]
    served: tuple[tuple[int, ...], ...]
    failed: tuple[int, ...]
    moments: tuple[Moment, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """One share of a gradual rollout: `asked` per cent; of `users` asked, `got` were on the new path.

    By chance `got` lies from `least` to `most`. `unsteady` users got both answers; `lost` users were on the new path at a
    share that was no larger, and no longer are.
    """

    asked: int
    got: int
    users: int
    least: int
    most: int
    unsteady: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Shares:
    """The shares asked for of a flag, and those got; a verdict's mark is a share asked for, such as "25".

    `notes` are sentences about the whole.
    """

    kind: ClassVar[str] = "shares"
    title: str
    flag: str
    shares: tuple[Share, ...]
    notes: tuple[str, ...] = ()


class Act(StrEnum):
    """What a plan does with one resource, in Terraform's words; the two orders of a replacement are two acts."""

    CREATE = "create"
    UPDATE = "update in place"
    REPLACE = "replace, destroy first"
    REPLACE_CREATE_FIRST = "replace, create first"
    DELETE = "delete"
    FORGET = "forget"
    MOVED = "moved"
    IMPORT = "import"
    READ = "read"
    NO_OP = "no-op"


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One resource of a plan: `after` are the addresses of changes that come before it.

    `because` is why, where the plan says so: the attribute that forces a replacement, the address it is moved from.
    `takes_down` is what goes down or is lost meanwhile, empty where nothing is.
    """

    address: str
    act: Act
    after: tuple[str, ...] = ()
    because: str = ""
    takes_down: str = ""


@dataclass(frozen=True, slots=True)
class PlannedChanges:
    """What a plan changes, and in which order; a verdict's mark is an address. `notes` are sentences about the whole."""

    kind: ClassVar[str] = "plan"
    title: str
    changes: tuple[PlannedChange, ...]
    notes: tuple[str, ...] = ()


Picture = CommitGraph | Pipelines | ImageLayers | Timeline | Shares | PlannedChanges
