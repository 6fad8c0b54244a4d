"""The build context: which of a repository's files the builder gets to see.

https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graders.evidence.dockerfile.patterns import BadPattern, matching
from graders.evidence.workflow.model import Where
from graders.problems import Problem

_MOST_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern of a `.dockerignore`, where it stands; `keeps` for those with `!`."""

    pattern: str
    where: Where

    @property
    def keeps(self) -> bool:
        return self.pattern.startswith("!")


@dataclass(frozen=True, slots=True)
class Context:
    """`files` is what COPY and ADD can see, `kept_out` the rest; `rules` come from `ignore_file`, empty without one.

    The Dockerfile and the `.dockerignore` are sent all the same when they are kept out, but can't be copied.
    """

    files: frozenset[str]
    kept_out: frozenset[str]
    rules: tuple[Rule, ...] = ()
    ignore_file: str = ""


def context_of(paths: Iterable[str], texts: Mapping[str, bytes], dockerfile: str = "Dockerfile") -> Context:
    """The context made of `paths` (relative to its root); `texts` holds at least the content of its `.dockerignore`.

    BuildKit takes `DOCKERFILE.dockerignore` before `.dockerignore`. Raises Problem where a pattern can't be read.
    """
    paths = frozenset(paths)
    name = next((one for one in (f"{dockerfile}.dockerignore", ".dockerignore") if one in texts), "")
    if not name:
        return Context(paths, frozenset())
    rules = read_rules(texts[name], name)
    try:
        (kept_out,) = matching([[rule.pattern for rule in rules]], sorted(paths))
    except BadPattern as bad:
        where = next(rule.where for rule in rules if rule.pattern == bad.pattern)
        raise Problem(
            f"{where}: `{bad.pattern[:80]}` is no pattern: a `[` wants its `]`, and a `!` or `\\` something after it.",
            "Mend that line.",
        ) from None
    return Context(paths - kept_out, kept_out, rules, name)


def read_rules(data: bytes, path: str = ".dockerignore") -> tuple[Rule, ...]:
    """The patterns of a `.dockerignore`, without comments and empty lines. Raises Problem for a file of over 64 KiB."""
    if len(data) > _MOST_BYTES:
        raise Problem(f"{path} has more than {_MOST_BYTES >> 10} KiB.", "Name folders rather than files.")
    lines = data.decode("utf-8", "replace").removeprefix("\ufeff").split("\n")
    return tuple(
        Rule(line.strip(), Where(path, number))
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.startswith("#")
    )
