"""The step of a job that waits for an approval: it says for which environment."""

from __future__ import annotations

from pathlib import Path

from ..said import record


def main(root: Path) -> int:
    record()
    return 0
