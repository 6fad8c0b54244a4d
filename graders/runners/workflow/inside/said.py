"""How stand-ins talk: inputs from the environment, files that GitHub reads, and a record line in the log.

The line goes through act, which says whose step it is; the base64 keeps act from masking what a secret holds.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

MARK = "ninesteps-record "


def inputs() -> dict[str, str]:
    """The step's inputs, by lower-case name, as GitHub passes them."""
    return {name[6:].lower(): value for name, value in os.environ.items() if name.startswith("INPUT_")}


def record(**what: Any) -> None:
    """Say what the action was given and did."""
    action = os.environ.get("GITHUB_ACTION_REPOSITORY", "")
    line = json.dumps({"action": action, "inputs": inputs(), "room": room(), **what})
    print(MARK + base64.b64encode(line[:48_000].encode()).decode(), flush=True)


def output(**values: str) -> None:
    """Set the step's outputs."""
    _append("GITHUB_OUTPUT", values)


def environment(**values: str) -> None:
    """Set variables for the steps that follow."""
    _append("GITHUB_ENV", values)


def path(folder: Path) -> None:
    """Put a folder first on PATH for the steps that follow."""
    with open(os.environ["GITHUB_PATH"], "a", encoding="utf-8") as file:
        file.write(f"{folder}\n")


def _append(variable: str, values: dict[str, str]) -> None:
    with open(os.environ[variable], "a", encoding="utf-8") as file:
        for name, value in values.items():
            name = name.replace("_", "-") if variable == "GITHUB_OUTPUT" else name
            file.write(f"{name}<<ninesteps_end\n{value}\nninesteps_end\n")


def fail(message: str) -> int:
    """An error as actions show it."""
    print(f"::error::{message}", flush=True)
    return 1


def workspace() -> Path:
    """Where the job's files are."""
    return Path(os.environ["GITHUB_WORKSPACE"])


def job_folder() -> Path:
    """A folder of this job alone."""
    return workspace().parent


def room() -> str:
    """The name of that folder, which tells jobs apart whose ids are the same: those of workflows that are called."""
    place = os.environ.get("GITHUB_WORKSPACE", "")
    return Path(place).parent.name if place else ""


def settings(root: str) -> dict[str, Any]:
    """What the launcher was told for this run."""
    found: dict[str, Any] = json.loads(Path(root, "bin", "settings.json").read_text())
    return found


def standard_error(message: str) -> None:
    """Say it where the log takes it up."""
    print(message, file=sys.stderr, flush=True)
