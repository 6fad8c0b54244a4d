"""A Dockerfile as data: its stages, and what each instruction says once the builder has put variables in.

https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from graders.evidence.workflow.model import Where


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A text that stands in the Dockerfile itself; `expand` says that the builder puts variables in (COPY, ADD)."""

    name: str
    content: str
    expand: bool


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, from line `where` to `end_line`.

    `words` are its arguments as written, `values` the same as the builder takes them: variables put in, quotes gone
    (for RUN, CMD, ENTRYPOINT and HEALTHCHECK they are `words`: there, a shell does that). `unset` names the variables
    that stand in them and have no value here: a base image may set them. `inner` is what ONBUILD puts off.
    """

    name: str
    text: str
    words: tuple[str, ...]
    values: tuple[str, ...]
    where: Where
    end_line: int
    flags: tuple[tuple[str, str], ...] = ()
    exec_form: bool = False
    heredocs: tuple[Heredoc, ...] = ()
    unset: tuple[str, ...] = ()
    inner: Instruction | None = None

    def flag(self, name: str) -> str:
        """The value of `--name=value` (`true` for a bare `--name`), or empty."""
        return next((value for key, value in reversed(self.flags) if key == name), "")

    @property
    def mounts(self) -> tuple[Mapping[str, str], ...]:
        """The `--mount`s of a RUN, each as its keys and values: `type`, `target`, `from`, …"""
        return tuple(_mount(value) for key, value in self.flags if key == "mount")

    @property
    def sources(self) -> tuple[str, ...]:
        """What a COPY or ADD copies, texts of its own left out."""
        return tuple(value for value in self.values[:-1] if not value.startswith("<<"))

    @property
    def destination(self) -> str:
        """Where a COPY or ADD puts it."""
        return self.values[-1]

    @property
    def pairs(self) -> Mapping[str, str]:
        """The names and values of an ENV or LABEL."""
        return dict(zip(self.values[::2], self.values[1::2], strict=True))


@dataclass(frozen=True, slots=True)
class Command:
    """A command to start: in exec form `words` is all of it, in shell form `words` is what the shell is given."""

    words: tuple[str, ...]
    exec_form: bool
    where: Where
    shell: tuple[str, ...] = ("/bin/sh", "-c")

    @property
    def argv(self) -> tuple[str, ...]:
        """The program that is started, and its arguments."""
        return self.words if self.exec_form else (*self.shell, *self.words)


@dataclass(frozen=True, slots=True)
class Health:
    """A HEALTHCHECK; `command` is None for `NONE`, which switches off what the base image brings."""

    command: Command | None
    options: Mapping[str, str]
    where: Where


@dataclass(frozen=True, slots=True)
class Chosen:
    """A setting and the instruction that made it; `unset` as in Instruction."""

    value: str
    where: Where
    unset: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """What the instructions of a stage, and of the stages below it, set; None or empty where only the base image can say.

    `users` are all USER instructions in order: the last of them counts.
    """

    users: tuple[Chosen, ...] = ()
    workdir: Chosen | None = None
    entrypoint: Command | None = None
    cmd: Command | None = None
    health: Health | None = None
    stop_signal: Chosen | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[str, ...] = ()
    shell: tuple[str, ...] = ("/bin/sh", "-c")

    @property
    def user(self) -> Chosen | None:
        """As whom the container runs."""
        return self.users[-1] if self.users else None

    @property
    def first_process(self) -> Command | None:
        """What becomes PID 1, as far as the Dockerfile says it.

        https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact
        """
        if not self.entrypoint:
            return self.cmd
        if not self.entrypoint.exec_form or not self.cmd:
            return self.entrypoint
        return Command((*self.entrypoint.words, *self.cmd.argv), True, self.entrypoint.where)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. `base` is the image or stage after FROM with variables put in, `base_stage` the number of that stage.

    `name` is in lower case, empty where there is none; `steps` holds the instructions after FROM, those that an ONBUILD
    of the stage below puts off to here among them, and `settings` what they amount to.
    """

    number: int
    name: str
    base: str
    base_stage: int | None
    platform: str
    start: Instruction
    steps: tuple[Instruction, ...]
    settings: Settings
    sources: Mapping[int, int]

    @property
    def where(self) -> Where:
        return self.start.where

    @property
    def title(self) -> str:
        """What to call it in a sentence."""
        return f"stage {self.name}" if self.name else f"stage {self.number}"

    def named(self, *names: str) -> Iterator[Instruction]:
        """Its instructions with one of these names (in upper case), in order."""
        return (step for step in self.steps if step.name in names)


@dataclass(frozen=True)
class Dockerfile:
    """A whole Dockerfile. `syntax` is what `# syntax=` asks for, `escape` the character that continues a line."""

    path: str
    stages: tuple[Stage, ...]
    arguments: tuple[Instruction, ...] = ()
    syntax: Chosen | None = None
    escape: str = "\\"
    warnings: tuple[Chosen, ...] = ()

    @property
    def final(self) -> Stage:
        """The stage that `docker build .` gives."""
        return self.stages[-1]

    @cached_property
    def images(self) -> tuple[str, ...]:
        """The images that it starts from or copies from, each once; `scratch` is none."""
        found = [stage.base for stage in self.stages if stage.base_stage is None and stage.base != "scratch"]
        for stage in self.stages:
            for number, step in enumerate(stage.steps):
                if number not in stage.sources:
                    found += [origin for origin in origins(step) if origin]
        return tuple(dict.fromkeys(found))

    def stage(self, target: str) -> Stage | None:
        """The stage that `--target` names, by name in any case, else by number."""
        named = [stage for stage in self.stages if stage.name and stage.name == target.lower()]
        if named:
            return named[-1]
        return self.stages[int(target)] if target.isdecimal() and int(target) < len(self.stages) else None

    def needed(self, stage: Stage) -> tuple[Stage, ...]:
        """The stages that BuildKit builds for `stage`, in order, itself the last: those it starts or copies from."""
        wanted, left = set[int](), [stage.number]
        while left:
            number = left.pop()
            if number not in wanted:
                wanted.add(number)
                one = self.stages[number]
                left += [*one.sources.values(), *([] if one.base_stage is None else [one.base_stage])]
        return tuple(self.stages[number] for number in sorted(wanted))

    def foundations(self, stage: Stage) -> tuple[Stage, ...]:
        """`stage` and the stages that it stands on by FROM, lowest first: whose files and settings it has."""
        chain = [stage]
        while chain[0].base_stage is not None:
            chain.insert(0, self.stages[chain[0].base_stage])
        return tuple(chain)


def origins(step: Instruction) -> tuple[str, ...]:
    """The stages or images that an instruction reads from: `COPY --from=…`, `RUN --mount=from=…`."""
    if step.name == "RUN":
        return tuple(dict.fromkeys(mount["from"] for mount in step.mounts if mount.get("from")))
    return (step.flag("from"),) if step.name in ("COPY", "ADD") and step.flag("from") else ()


def _mount(value: str) -> dict[str, str]:
    """https://docs.docker.com/reference/dockerfile/#run---mount: comma separated, as in CSV."""
    fields = next(csv.reader([value]), [])
    pairs = (field.partition("=") for field in fields)
    found = {key.strip().lower(): given if equals else "true" for key, equals, given in pairs}
    for short, name in (("dst", "target"), ("destination", "target"), ("src", "source")):
        if short in found:
            found.setdefault(name, found.pop(short))
    return {"type": "bind", **found}
