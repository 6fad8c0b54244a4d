"""The process in which patterns meet paths: `[[pattern, …], …]` and paths on standard input, what matches on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from e2b_dockerfile_utils import PatternMatcher


def main() -> None:
    """Read `{"sets": …, "paths": …}`, and print a list for each set: the paths that it matches, or its error as a string."""
    given = json.load(sys.stdin)
    json.dump([matched(patterns, given["paths"]) for patterns in given["sets"]], sys.stdout)


def matched(patterns: Sequence[str], paths: Sequence[str]) -> list[str] | str:
    """The paths that the patterns match, or what is wrong with one of the patterns. May take forever."""
    try:
        matcher = PatternMatcher(list(patterns))
    except ValueError as wrong:
        return str(wrong)
    return [path for path in paths if matcher.matches(path)]


if __name__ == "__main__":
    main()
