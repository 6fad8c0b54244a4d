"""An action that is not known here: its inputs are recorded, and nothing is done."""

from __future__ import annotations

from pathlib import Path

from ..said import record


def main(root: Path) -> int:
    record(unknown=True)
    return 0
