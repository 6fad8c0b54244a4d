"""`python -m graders.pages`: what `make course` runs."""

from __future__ import annotations

import sys

from graders.pages.build import COURSE, build
from graders.problems import Problem


def main() -> int:
    """Build the course; the exit code is 0, or 2 with a sentence where a page is wrong."""
    try:
        built = build(COURSE)
    except Problem as problem:
        print(f"course: {problem}", file=sys.stderr)
        return 2
    print(f"course: {', '.join(path.stem for path in built)} built, in course/source and course/release")
    return 0


if __name__ == "__main__":
    sys.exit(main())
