"""Templates of a configuration, such as `.env.example`: which variables they name, and what they give them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

_WORDS = re.compile(r"(^|[._-])(example|sample|template|dist|tmpl)([._-]|$)", re.IGNORECASE)
_ENV = re.compile(r"(^|[._-])env([._-]|$)|\.env$", re.IGNORECASE)
_LINE = re.compile(r"^\s*(#\s*)?(?:export\s+)?([A-Z_][A-Z0-9_]*)\s*[:=]\s*(.*?)\s*$")
_FOLDERS = ("config", "configs", "env", "envs", "environments", "deploy")
_MOST_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Template:
    """A template: its path, variable to value as written (without quotes), and those that stand in a comment."""

    path: str
    values: Mapping[str, str]
    commented: Mapping[str, str]

    @property
    def names(self) -> set[str]:
        """Every variable that it names."""
        return {*self.values, *self.commented}


def templates(files: Mapping[str, bytes]) -> tuple[Template, ...]:
    """The templates among `files` (path to content), by path.

    A file is one if its name says `env` and example (or sample, template, dist), or stands as `NAME.env` in a folder such
    as `config/`.
    """
    return tuple(
        _read(path, content) for path, content in sorted(files.items())
        if _is_template(path) and len(content) <= _MOST_BYTES and b"\0" not in content
    )  # fmt: skip


def _is_template(path: str) -> bool:
    pure = PurePosixPath(path)
    if pure.parts[0] in ("tests", "test", ".github"):
        return False
    if _ENV.search(pure.name) and _WORDS.search(pure.name):
        return True
    in_folder = len(pure.parts) > 1 and pure.parts[-2].lower() in _FOLDERS
    return in_folder and bool(_ENV.search(pure.name) or (_WORDS.search(pure.name) and pure.suffix != ".py"))


def _read(path: str, content: bytes) -> Template:
    values: dict[str, str] = {}
    commented: dict[str, str] = {}
    for line in content.decode("utf-8", "replace").splitlines():
        if found := _LINE.match(line):
            value = found[3].split(" #")[0].strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
                value = value[1:-1]
            (commented if found[1] else values).setdefault(found[2], value)
    return Template(path, values, {name: value for name, value in commented.items() if name not in values})
