"""Read a Dockerfile into its model: BuildKit's parser (ported), then stages, variables and what they amount to.

Nothing in it is run, and no image is looked up. https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NoReturn

from e2b_dockerfile_utils import DockerfileInstruction, DockerfileSyntaxError, parse_dockerfile_ast

from graders.evidence.dockerfile.model import (
    Chosen,
    Command,
    Dockerfile,
    Health,
    Heredoc,
    Instruction,
    Settings,
    Stage,
    origins,
)
from graders.evidence.dockerfile.variables import PLATFORM, PREDEFINED, Expanded
from graders.evidence.workflow.model import Where
from graders.problems import Problem

MOST_BYTES, MOST_LINES, LONGEST_LINE, MOST_STAGES, MOST_STEPS = 256 << 10, 5_000, 16_384, 100, 2_000

_DIRECTIVE = re.compile(r"#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*(\S.*)")
_DIRECTIVES = ("syntax", "escape", "check")
_EXPANDED = ("ADD", "COPY", "EXPOSE", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR")
_NEED_ONE = (
    "ARG",
    "ENV",
    "EXPOSE",
    "HEALTHCHECK",
    "LABEL",
    "ONBUILD",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
)
_NOT_PUT_OFF = ("FROM", "MAINTAINER", "ONBUILD")
_STAGE_NAME = re.compile(r"[a-z][a-z0-9._-]*")  # as BuildKit has it


class DockerfileProblem(Problem):
    """A Dockerfile that the builder refuses, or that is too large to look at; `where` is the line."""

    def __init__(self, where: Where, what: str, next: str = "") -> None:
        super().__init__(f"{where}: {what}", next or "Mend that line; `docker build .` says the same.")
        self.where = where
        self.what = what


def read(
    data: bytes, path: str = "Dockerfile", build_args: Mapping[str, str] = {}, built: Mapping[str, str] = PLATFORM
) -> Dockerfile:
    """The Dockerfile in `data`; `build_args` as by `--build-arg`, `built` the platform's variables.

    Raises DockerfileProblem. At most 256 KiB, 5,000 lines, 100 stages.
    """
    text = _text(data, path)
    try:
        parsed = parse_dockerfile_ast(text)
    except DockerfileSyntaxError as wrong:
        what = re.sub(r"^Dockerfile parse error( on line \d+)?: ", "", str(wrong))
        raise DockerfileProblem(Where(path, wrong.line or 1), f"{what}.") from None
    if len(parsed.instructions) > MOST_STEPS:
        raise DockerfileProblem(Where(path, 1), f"it has more than {MOST_STEPS} instructions.", "Make it smaller.")
    return _Reader(path, parsed.escape_token, build_args, built).whole(
        parsed.instructions,
        _syntax(text, path),
        tuple(Chosen(warning.message[:300], Where(path, warning.line)) for warning in parsed.warnings),
    )


def without_syntax(data: bytes) -> bytes:
    """The same Dockerfile without its `# syntax=`, for a builder that can't fetch a frontend.

    Instructions stay on their lines.
    """
    lines = data.split(b"\n")
    directives = list(_directives(data.decode("utf-8", "replace")))
    syntax = next((number for number, name, _ in directives if name == "syntax"), 0)
    if not syntax:
        return data
    # What is no directive ends them, so the comment in its place stands after the last.
    others = [lines[number - 1] for number, name, _ in directives if name != "syntax"]
    return b"\n".join([*others, b"#", *lines[len(directives) :]])


def _directives(text: str) -> Iterator[tuple[int, str, str]]:
    """The directives at the top: line, name in lower case, value."""
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        match = _DIRECTIVE.match(line.strip())
        if not match or match[1].lower() not in _DIRECTIVES:
            return
        yield number, match[1].lower(), match[2].strip()


def _text(data: bytes, path: str) -> str:
    smaller = "Make it smaller: what is generated belongs into a script."
    if len(data) > MOST_BYTES:
        raise DockerfileProblem(Where(path, 1), f"it has more than {MOST_BYTES >> 10} KiB.", smaller)
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise DockerfileProblem(Where(path, line), "it holds a NUL byte, so it is no text.", "Save it as UTF-8.")
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        raise DockerfileProblem(Where(path, MOST_LINES), f"it has more than {MOST_LINES} lines.", smaller)
    long = next((number for number, line in enumerate(lines, start=1) if len(line) > LONGEST_LINE), 0)
    if long:
        raise DockerfileProblem(Where(path, long), f"this line has more than {LONGEST_LINE} characters.", smaller)
    return text


def _syntax(text: str, path: str) -> Chosen | None:
    found = (Chosen(value, Where(path, number)) for number, name, value in _directives(text) if name == "syntax")
    return next(found, None)


@dataclass
class _Building:
    """A stage while its instructions are read."""

    number: int
    name: str
    base: str
    base_stage: int | None
    platform: str
    start: Instruction
    settings: Settings
    args: dict[str, str] = field(default_factory=dict)
    steps: list[Instruction] = field(default_factory=list)
    sources: dict[int, int] = field(default_factory=dict)
    has_cmd: bool = False

    def done(self) -> Stage:
        return Stage(
            self.number, self.name, self.base, self.base_stage, self.platform, self.start, tuple(self.steps),
            self.settings, self.sources,
        )  # fmt: skip


class _Reader:
    def __init__(self, path: str, escape: str, build_args: Mapping[str, str], built: Mapping[str, str]) -> None:
        self._path, self._escape, self._given, self._built = path, escape, build_args, built
        self._global: dict[str, str] = {}
        self._stages: list[_Building] = []
        self._numbers: dict[str, int] = {}

    def whole(
        self, instructions: list[DockerfileInstruction], syntax: Chosen | None, warnings: tuple[Chosen, ...]
    ) -> Dockerfile:
        """The model of all of it."""
        arguments: list[Instruction] = []
        for one in instructions:
            if one.name == "FROM":
                self._start(one)
            elif self._stages:
                self._add(one)
            elif one.name == "ARG":
                arguments.append(self._argument(one, self._global, self._global))
            else:
                self._wrong(one, f"{one.name} stands before the first FROM; only ARG may.")
        if not self._stages:
            raise DockerfileProblem(Where(self._path, 1), "there is no FROM in it.", "Begin with `FROM IMAGE`.")
        stages = tuple(stage.done() for stage in self._stages)
        return Dockerfile(self._path, stages, tuple(arguments), syntax, self._escape, warnings)

    # --- FROM ---

    def _start(self, one: DockerfileInstruction) -> None:
        words = one.args
        if len(words) not in (1, 3) or (len(words) == 3 and words[1].upper() != "AS"):
            self._wrong(one, "FROM takes `IMAGE`, or `IMAGE AS NAME`.")
        if len(self._stages) >= MOST_STAGES:
            self._wrong(one, f"there are more than {MOST_STAGES} stages.")
        variables = Expanded({**self._built, **self._global}, self._escape)
        with self._reading(one):
            base = variables.word(words[0])
            platform = variables.word(dict(_flags(one.flags)).get("platform", ""))
        if not base:
            missing = " and ".join(variables.unset)
            self._wrong(one, f"the image's name is empty: {missing or words[0]} has no value.")
        name = words[2].lower() if len(words) == 3 else ""
        if name and not _STAGE_NAME.fullmatch(name):
            self._wrong(one, f"{words[2]!r} can't be a stage's name: a letter, then letters, digits, `.`, `_` and `-`.")
        number = len(self._stages)
        base_stage = self._numbers.get(base.lower())
        values = (base, *words[1:])
        start = self._instruction(one, values=values, unset=tuple(variables.unset))
        below = self._stages[base_stage].settings if base_stage is not None else Settings()
        self._stages.append(_Building(number, name, base, base_stage, platform, start, below))
        if base_stage is not None:
            for put_off in [step.inner for step in self._stages[base_stage].steps if step.inner]:
                self._apply(put_off)
        if name:
            self._numbers[name] = number

    # --- the others ---

    def _add(self, one: DockerfileInstruction) -> None:
        if one.name == "ARG":
            stage = self._stages[-1]
            step = self._argument(one, {**stage.args, **stage.settings.env}, stage.args)
        elif one.name == "ONBUILD":
            step = self._put_off(one)
        else:
            step = self._expanded(one)
        self._apply(step)

    def _argument(self, one: DockerfileInstruction, known: Mapping[str, str], into: dict[str, str]) -> Instruction:
        """An ARG: what `--build-arg` says, else its default, else what an ARG before the first FROM says."""
        if not one.args:
            self._wrong(one, "ARG takes a name.")
        values, unset = [], list[str]()
        known = dict(known)
        for word in one.args:
            variables = Expanded({**known, **into}, self._escape)
            with self._reading(one):
                name, equals, default = variables.word(word).partition("=")
            unset += variables.unset
            if name in self._given:
                into[name] = self._given[name]
            elif equals:
                into[name] = default
            elif into is not self._global and (name in self._global or name in self._built):
                into[name] = self._global.get(name, self._built.get(name, ""))
            values.append(f"{name}={into[name]}" if name in into else name)
        return self._instruction(one, values=tuple(values), unset=tuple(unset))

    def _put_off(self, one: DockerfileInstruction) -> Instruction:
        text = re.sub(r"(?is)^\s*onbuild\s+", "", one.original)
        name = text.split(maxsplit=1)[0].upper() if text.strip() and text != one.original else ""
        if not name or name in _NOT_PUT_OFF:
            self._wrong(one, f"ONBUILD takes another instruction{f', and {name} is not allowed' if name else ''}.")
        try:
            head = f"# escape={self._escape}\n"
            (inner,) = parse_dockerfile_ast(head + text).instructions
        except (DockerfileSyntaxError, ValueError) as wrong:
            what = re.sub(r"^Dockerfile parse error( on line \d+)?: ", "", str(wrong))
            self._wrong(one, f"what stands after ONBUILD can't be read: {what}.")
        inner = replace(inner, start_line=one.start_line, end_line=one.end_line)
        read = self._argument(inner, {}, {}) if inner.name == "ARG" else self._expanded(inner)
        return self._instruction(one, values=(), inner=read)

    def _expanded(self, one: DockerfileInstruction) -> Instruction:
        """The instruction as the builder takes it where it stands now."""
        if one.name in _NEED_ONE and not one.args:
            self._wrong(one, f"{one.name} takes at least one argument.")
        if one.name in ("ADD", "COPY") and len(one.args) < 2:
            self._wrong(one, f"{one.name} takes at least two arguments: what to copy, and where to.")
        if one.name == "SHELL" and not one.json:
            self._wrong(one, 'SHELL takes exec form: `SHELL ["/bin/bash", "-c"]`.')
        stage = self._stages[-1]
        # In a stage, ENV wins over ARG: https://docs.docker.com/reference/dockerfile/#using-arg-variables
        known = {
            **{key: self._given[key] for key in PREDEFINED & self._given.keys()},
            **stage.args,
            **stage.settings.env,
        }
        variables = Expanded(known, self._escape)
        with self._reading(one):
            if one.name in ("ENV", "LABEL"):
                pairs = list(zip(one.args[::3], one.args[1::3], strict=True))
                values = tuple(variables.word(word) for pair in pairs for word in pair)
            elif one.name in ("EXPOSE", "VOLUME") and not one.json:
                values = tuple(word for text in one.args for word in variables.words(text))
            elif one.name in _EXPANDED:
                values = tuple(word if word.startswith("<<") else variables.word(word) for word in one.args)
            else:
                values = tuple(one.args)
            flags = tuple((key, variables.word(value)) for key, value in _flags(one.flags))
        return self._instruction(one, values=values, unset=tuple(variables.unset), flags=flags)

    def _instruction(
        self,
        one: DockerfileInstruction,
        *,
        values: tuple[str, ...],
        unset: tuple[str, ...] = (),
        flags: tuple[tuple[str, str], ...] | None = None,
        inner: Instruction | None = None,
    ) -> Instruction:
        heredocs = tuple(Heredoc(text.name, text.content, text.expand) for text in one.heredocs)
        return Instruction(
            one.name, one.original, tuple(one.args), values, Where(self._path, one.start_line), one.end_line,
            tuple(_flags(one.flags)) if flags is None else flags, one.json, heredocs, unset, inner,
        )  # fmt: skip

    # --- what an instruction does to its stage ---

    def _apply(self, step: Instruction) -> None:
        stage = self._stages[-1]
        stage.steps.append(step)
        for origin in origins(step):
            source = self._numbers.get(origin.lower())
            if source is None and origin.isdecimal():
                source = int(origin)
                if source >= stage.number:
                    raise DockerfileProblem(step.where, f"there is no stage {source} before this one to copy from.")
            if source == stage.number:
                raise DockerfileProblem(step.where, f"{stage.name} copies from itself.")
            if source is not None:
                stage.sources[len(stage.steps) - 1] = source
        stage.settings = self._settings(stage, step)

    def _settings(self, stage: _Building, step: Instruction) -> Settings:
        now, name = stage.settings, step.name
        chosen = Chosen(step.values[0], step.where, step.unset) if step.values and name in _EXPANDED else None
        if name == "USER" and chosen:
            return replace(now, users=(*now.users, chosen))
        if name == "WORKDIR" and chosen:
            above = now.workdir.value if now.workdir and not chosen.value.startswith("/") else ""
            joined = f"{above.rstrip('/')}/{chosen.value}" if above else chosen.value
            return replace(now, workdir=replace(chosen, value=joined))
        if name == "STOPSIGNAL" and chosen:
            return replace(now, stop_signal=chosen)
        if name == "ENV":
            return replace(now, env={**now.env, **step.pairs})
        if name == "LABEL":
            return replace(now, labels={**now.labels, **step.pairs})
        if name == "EXPOSE":
            return replace(now, ports=tuple(dict.fromkeys((*now.ports, *step.values))))
        if name == "SHELL":
            return replace(now, shell=step.words)
        if name == "CMD":
            stage.has_cmd = True
            return replace(now, cmd=self._command(step, step.words, now.shell))
        if name == "ENTRYPOINT":
            # An ENTRYPOINT takes away the CMD of what the stage starts from.
            cmd = now.cmd if stage.has_cmd else None
            return replace(now, entrypoint=self._command(step, step.words, now.shell), cmd=cmd)
        if name == "HEALTHCHECK":
            return replace(now, health=self._health(step, now.shell))
        return now

    def _command(self, step: Instruction, words: tuple[str, ...], shell: tuple[str, ...]) -> Command | None:
        return Command(words, step.exec_form, step.where, shell) if words else None

    def _health(self, step: Instruction, shell: tuple[str, ...]) -> Health:
        kind, *words = step.words
        if kind.upper() == "NONE" and not words:
            return Health(None, {}, step.where)
        if kind.upper() != "CMD" or not words:
            raise DockerfileProblem(step.where, "HEALTHCHECK takes `CMD` and a command, or `NONE`.")
        return Health(self._command(step, tuple(words), shell), dict(step.flags), step.where)

    # --- trouble ---

    def _wrong(self, one: DockerfileInstruction, what: str) -> NoReturn:
        raise DockerfileProblem(Where(self._path, one.start_line), what)

    def _reading(self, one: DockerfileInstruction) -> _Reading:
        return _Reading(Where(self._path, one.start_line))


class _Reading:
    """What goes wrong inside becomes a problem at the line."""

    def __init__(self, where: Where) -> None:
        self._where = where

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, trouble: object, trace: object) -> None:
        if isinstance(trouble, ValueError):
            what = re.sub(r"^failed to process .*?: (?=[^:]*$)", "", str(trouble), flags=re.DOTALL)
            raise DockerfileProblem(self._where, f"{what[:300]}.") from None


def _flags(flags: list[str]) -> Iterator[tuple[str, str]]:
    for flag in flags:
        name, equals, value = flag.removeprefix("--").partition("=")
        yield name.lower(), value if equals else "true"
