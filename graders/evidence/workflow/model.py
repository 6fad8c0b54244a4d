"""A workflow as data: what the file says, each piece with the place it stands at. Nothing here can be changed.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from graders.evidence.workflow.template import OPEN
from graders.evidence.yaml_document import Kind, Scalar

_Item = TypeVar("_Item")


def frozen(items: Mapping[str, _Item] | None = None) -> Mapping[str, _Item]:
    """A mapping that nobody can change."""
    return MappingProxyType(dict(items or {}))


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A place in a file; line and column count from 1."""

    path: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a workflow file, found while reading. With `refused`, GitHub would not run the file at all."""

    rule: str
    where: Where
    what: str
    next: str
    refused: bool = False

    def __str__(self) -> str:
        kind = f"{self.rule}, refused" if self.refused else self.rule
        return f"{self.where}:{self.where.column}: {self.what} {self.next} [{kind}]"


@dataclass(frozen=True, slots=True)
class Text:
    """One value as the text that GitHub makes of it: `3.10` without quotes is "3.1"; `written` is how it stands."""

    value: str
    where: Where
    kind: Kind = Kind.TEXT
    written: str = ""
    scalar: Scalar | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return self.value

    @property
    def dynamic(self) -> bool:
        """Whether it holds a `${{ … }}`."""
        return OPEN in self.value

    @property
    def boolean(self) -> bool | None:
        """True or false where it says so outright, else None (an expression, or no boolean)."""
        return {"true": True, "false": False}.get(self.value.lower()) if self.kind is not Kind.NULL else None

    @property
    def number(self) -> float | None:
        """The number that it says outright, else None."""
        value = self.scalar.value if self.scalar else None
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    def at(self, position: int) -> Where:
        """Where in the file the character `position` of the value stands."""
        if self.scalar is None:
            return self.where
        return Where(self.where.path, *self.scalar.place_of(position))


@dataclass(frozen=True, slots=True)
class Settings:
    """Names and values: an `env`, a `with`, `outputs`. `dynamic` is an expression that gives all of them in a run."""

    values: Mapping[str, Text] = field(default_factory=frozen)
    dynamic: Text | None = None
    where: Where | None = None

    def __getitem__(self, name: str) -> Text:
        return self.values[name]

    def get(self, name: str) -> Text | None:
        """The value called `name`, or None."""
        return self.values.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def __bool__(self) -> bool:
        return bool(self.values) or self.dynamic is not None


class UsesKind(StrEnum):
    """What a `uses:` names."""

    ACTION = "action"  # owner/repo[/path]@ref
    LOCAL = "local"  # ./path of an action in the checked-out workspace
    DOCKER = "docker"  # docker://image
    WORKFLOW = "workflow"  # owner/repo/.github/workflows/file@ref
    LOCAL_WORKFLOW = "local workflow"  # ./.github/workflows/file
    DYNAMIC = "dynamic"  # an expression: GitHub allows none here
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Uses:
    """A `uses:`, taken apart. `path` is the folder in the repository, the local path or the image."""

    text: str
    kind: UsesKind
    where: Where
    owner: str = ""
    repo: str = ""
    path: str = ""
    ref: str = ""

    @property
    def repository(self) -> str:
        """`owner/repo`, or empty."""
        return f"{self.owner}/{self.repo}" if self.owner else ""

    @property
    def name(self) -> str:
        """The action without its version, in lower case: `actions/checkout`. GitHub does not mind the case."""
        return "/".join(part for part in (self.repository, self.path) if part).lower()

    @property
    def pinned(self) -> bool:
        """Whether it can't change under the workflow: a full commit SHA, an image digest, or the repository's own."""
        if self.kind in (UsesKind.LOCAL, UsesKind.LOCAL_WORKFLOW):
            return True
        if self.kind is UsesKind.DOCKER:
            return is_hex(self.ref.removeprefix("sha256:"), 64) and self.ref.startswith("sha256:")
        return is_hex(self.ref, 40)


def is_hex(text: str, length: int) -> bool:
    """Whether `text` is exactly `length` hexadecimal digits."""
    return len(text) == length and set(text.lower()) <= set("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Input:
    """An input of `workflow_dispatch`, `workflow_call` or an action."""

    name: str
    where: Where
    type: str = ""
    required: bool = False
    default: Text | None = None
    options: tuple[Text, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One event under `on:`. A filter that the file does not give is None."""

    event: str
    where: Where
    types: tuple[Text, ...] | None = None
    branches: tuple[Text, ...] | None = None
    branches_ignore: tuple[Text, ...] | None = None
    tags: tuple[Text, ...] | None = None
    tags_ignore: tuple[Text, ...] | None = None
    paths: tuple[Text, ...] | None = None
    paths_ignore: tuple[Text, ...] | None = None
    workflows: tuple[Text, ...] | None = None
    crons: tuple[Text, ...] = ()
    inputs: Mapping[str, Input] = field(default_factory=frozen)
    outputs: Mapping[str, Text] = field(default_factory=frozen)
    secrets: Mapping[str, Where] = field(default_factory=frozen)
    required_secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Permissions:
    """A `permissions:` key: the scopes it names, or the `shorthand` (`read-all`, `write-all`)."""

    where: Where
    scopes: Mapping[str, Text] = field(default_factory=frozen)
    shorthand: str = ""


@dataclass(frozen=True, slots=True)
class Defaults:
    """`defaults.run`."""

    shell: Text | None = None
    working_directory: Text | None = None


@dataclass(frozen=True, slots=True)
class Concurrency:
    """A `concurrency:` key; `group` alone where the file gives just a text."""

    where: Where
    group: Text | None = None
    cancel_in_progress: Text | None = None
    queue: Text | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """A job's `environment:`."""

    where: Where
    name: Text
    url: Text | None = None


@dataclass(frozen=True, slots=True)
class RunsOn:
    """A job's `runs-on:`; a runner must have all `labels`. One label that is an expression may stand for a list."""

    where: Where
    labels: tuple[Text, ...] = ()
    group: Text | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """A `container:` or a service."""

    where: Where
    image: Text | None = None
    env: Settings = field(default_factory=Settings)
    options: Text | None = None
    ports: tuple[Text, ...] = ()
    volumes: tuple[Text, ...] = ()
    credentials: Settings = field(default_factory=Settings)


@dataclass(frozen=True, slots=True)
class Matrix:
    """A `matrix:` as written. Values are plain Python ones; a `Text` among them holds an expression.

    `dynamic` stands for the whole matrix, a vector or a list where the file gives an expression for it.
    """

    where: Where
    vectors: Mapping[str, tuple[Any, ...] | Text] = field(default_factory=frozen)
    include: tuple[Mapping[str, Any], ...] | Text = ()
    exclude: tuple[Mapping[str, Any], ...] | Text = ()
    dynamic: Text | None = None


@dataclass(frozen=True, slots=True)
class Strategy:
    """A job's `strategy:`."""

    where: Where
    matrix: Matrix | None = None
    fail_fast: Text | None = None
    max_parallel: Text | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `number` counts from 1."""

    number: int
    where: Where
    id: str = ""
    name: Text | None = None
    uses: Uses | None = None
    with_: Settings = field(default_factory=Settings)
    run: Text | None = None
    shell: Text | None = None
    working_directory: Text | None = None
    env: Settings = field(default_factory=Settings)
    if_: Text | None = None
    continue_on_error: Text | None = None
    timeout_minutes: Text | None = None

    @property
    def title(self) -> str:
        """What people call it: its name, else its id, its action or the first line of its script."""
        if self.name and self.name.value.strip():
            return self.name.value
        if self.id or self.uses:
            return self.id or (self.uses.text if self.uses else "")
        first = next((line.strip() for line in (self.run.value if self.run else "").splitlines() if line.strip()), "")
        return first[:60] or f"step {self.number}"


@dataclass(frozen=True, slots=True)
class CallSecrets:
    """The `secrets:` of a job that calls a workflow."""

    inherit: bool = False
    values: Settings = field(default_factory=Settings)


@dataclass(frozen=True, slots=True)
class Job:
    """One job: steps on a runner, or (`uses`) a call of a reusable workflow."""

    id: str
    where: Where
    name: Text | None = None
    needs: tuple[Text, ...] = ()
    if_: Text | None = None
    runs_on: RunsOn | None = None
    environment: Environment | None = None
    permissions: Permissions | None = None
    concurrency: Concurrency | None = None
    cache_mode: Text | None = None
    strategy: Strategy | None = None
    outputs: Settings = field(default_factory=Settings)
    env: Settings = field(default_factory=Settings)
    defaults: Defaults = field(default_factory=Defaults)
    steps: tuple[Step, ...] = ()
    uses: Uses | None = None
    with_: Settings = field(default_factory=Settings)
    secrets: CallSecrets = field(default_factory=CallSecrets)
    services: Mapping[str, Container] = field(default_factory=frozen)
    container: Container | None = None
    timeout_minutes: Text | None = None
    continue_on_error: Text | None = None

    def step(self, id: str) -> Step | None:
        """The step with that id (case does not matter to GitHub), or None."""
        return next((step for step in self.steps if step.id and step.id.lower() == id.lower()), None)


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow file, with what was found wrong while reading it."""

    path: str
    where: Where
    name: Text | None = None
    run_name: Text | None = None
    triggers: tuple[Trigger, ...] = ()
    env: Settings = field(default_factory=Settings)
    permissions: Permissions | None = None
    defaults: Defaults = field(default_factory=Defaults)
    concurrency: Concurrency | None = None
    cache_mode: Text | None = None
    jobs: Mapping[str, Job] = field(default_factory=frozen)
    findings: tuple[Finding, ...] = ()

    @property
    def refused(self) -> tuple[Finding, ...]:
        """Why GitHub would not run this file; empty where it would."""
        return tuple(finding for finding in self.findings if finding.refused)

    def trigger(self, event: str) -> Trigger | None:
        """The trigger for `event`, or None."""
        return next((trigger for trigger in self.triggers if trigger.event == event), None)

    def job(self, id: str) -> Job | None:
        """The job with that id (case does not matter to GitHub), or None."""
        return next((job for key, job in self.jobs.items() if key.lower() == id.lower()), None)


@dataclass(frozen=True, slots=True)
class Action:
    """An `action.yml`. `using` is `composite`, `node24`, `docker`, …; only a composite action has `steps`."""

    path: str
    where: Where
    name: Text | None = None
    using: str = ""
    inputs: Mapping[str, Input] = field(default_factory=frozen)
    outputs: Mapping[str, Text] = field(default_factory=frozen)
    steps: tuple[Step, ...] = ()
    main: Text | None = None
    image: Text | None = None
    findings: tuple[Finding, ...] = ()
