"""An action that is not known here: its inputs are recorded, and nothing is done; the grader may want it to fail."""

from __future__ import annotations

import os
from pathlib import Path

from ..said import fail, inputs, record, settings


def main(root: Path) -> int:
    name, given = os.environ.get("GITHUB_ACTION_REPOSITORY", "").lower(), " ".join(inputs().values())
    wanted = next(
        (
            answer
            for answer in settings(str(root))["answers"]
            if answer["tool"] == name and all(part in given for part in answer["containing"])
        ),
        None,
    )
    code = wanted["exit_code"] if wanted else 0
    record(unknown=True, exit_code=code)
    return fail(wanted["stderr"] or f"{name} failed") if wanted and code else 0


def missing(root: Path) -> int:
    """An action whose name is a slip of the pen: GitHub finds no such repository."""
    name = os.environ.get("GITHUB_ACTION_REPOSITORY", "")
    record(unknown=True, exit_code=1)
    return fail(
        f"Unable to resolve action {name}, repository not found. Did you mean {os.environ.get('NINESTEPS_MEANT')}?"
    )
