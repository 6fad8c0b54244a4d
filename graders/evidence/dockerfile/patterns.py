"""Which paths patterns match, by the rules of `.dockerignore`; what may take forever, in a process that can be ended.

https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence

from graders.evidence.dockerfile.patterns_child import matched
from graders.problems import Problem

_SECONDS = 20
_MOST_PATHS = 100_000
_STARS = re.compile(r"\*+")
_MOST_STARS, _MOST_STEPS = 4, 20_000_000


class BadPattern(ValueError):
    """A pattern that the builder refuses: `pattern` as it was given."""

    def __init__(self, pattern: str, what: str) -> None:
        super().__init__(what)
        self.pattern = pattern


def matching(sets: Sequence[Sequence[str]], paths: Iterable[str]) -> list[frozenset[str]]:
    """For each set of patterns, the paths that it matches (a directory's pattern matches all below it, `!` takes back).

    Raises BadPattern, and Problem where it takes too long.
    """
    paths = list(paths)
    if len(paths) > _MOST_PATHS:
        raise Problem(f"There are more than {_MOST_PATHS:,} files in the repository.", "Take out what is generated.")
    if not paths or not any(sets):
        return [frozenset() for _ in sets]
    found = [matched(patterns, paths) for patterns in sets] if _is_quick(sets, paths) else _apart(sets, paths)
    for patterns, one in zip(sets, found, strict=True):
        if isinstance(one, str):
            guilty = next((pattern for pattern in patterns if f"'{pattern}'" in one), patterns[0])
            raise BadPattern(guilty, one)
    return [frozenset(one) for one in found]


def _is_quick(sets: Sequence[Sequence[str]], paths: Sequence[str]) -> bool:
    """Whether all of it is done in a second at worst: each run of stars in a pattern may try each place in a path."""
    stars = [len(_STARS.findall(pattern)) for patterns in sets for pattern in patterns]
    if max(stars, default=0) > _MOST_STARS or len(stars) * len(paths) > _MOST_STEPS:
        return False
    steps: int = sum(len(path) ** count for count in stars for path in paths)
    return steps <= _MOST_STEPS


def _apart(sets: Sequence[Sequence[str]], paths: Sequence[str]) -> list[list[str] | str]:
    argv = [sys.executable, "-I", "-m", "graders.evidence.dockerfile.patterns_child"]
    given = json.dumps({"sets": [list(one) for one in sets], "paths": paths}).encode()
    try:
        done = subprocess.run(argv, input=given, capture_output=True, timeout=_SECONDS)
        found: list[list[str] | str] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        slow = f"Matching the patterns against the repository's files took more than {_SECONDS} seconds."
        raise Problem(slow, "Use fewer `*` in one pattern.") from None
    return found
