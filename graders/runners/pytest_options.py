"""Which of a tree's own `addopts` are kept: those that say which of its tests run and how they are imported.

The others could load plugins that are not here, stop at the first failure, or collect without running.
https://docs.pytest.org/en/stable/reference/customize.html
"""

from __future__ import annotations

import configparser
import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_KEPT = ("-m", "-k", "-W", "--import-mode", "--ignore", "--ignore-glob", "--deselect")
# The first that has settings for pytest counts.
_SETTINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("pytest.toml", ("pytest",)),
    (".pytest.toml", ("pytest",)),
    ("pytest.ini", ("pytest",)),
    (".pytest.ini", ("pytest",)),
    ("pyproject.toml", ("tool", "pytest")),
    ("tox.ini", ("pytest",)),
    ("setup.cfg", ("tool:pytest",)),
)


def kept_options(files: Mapping[str, bytes]) -> list[str]:
    """The words to add to pytest's command line for a tree (path to content); none where its settings can't be read."""
    for name, keys in _SETTINGS:
        if name in files and (found := _settings(name, files[name], keys)) is not None:
            given = found.get("addopts", "")
            try:
                words = shlex.split(given) if isinstance(given, str) else [str(word) for word in given]
            except (ValueError, TypeError):
                return []
            return [word for pair in _pairs(words) for word in pair]
    return []


def _settings(name: str, content: bytes, keys: Sequence[str]) -> Mapping[str, Any] | None:
    text = content.decode("utf-8", "replace")
    if name.endswith(".toml"):
        try:
            section: Any = tomllib.loads(text)
            for key in keys:
                section = section[key]
            return dict(section.get("ini_options", section))
        except (tomllib.TOMLDecodeError, RecursionError, KeyError, TypeError, AttributeError, ValueError):
            return None
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    return dict(parser[keys[0]]) if keys[0] in parser else None


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in _KEPT and name.startswith("--"):
            yield name, value if equals else next(rest, "")
        elif word[:2] in _KEPT:
            yield word[:2], word[2:] or next(rest, "")
