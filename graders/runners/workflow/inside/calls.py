"""A line for each call that a shim sees: what was called, with which words, where, and the names it could read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .said import room

_LONGEST = 16_000


def note(root: str, tool: str, argv: list[str], **more: Any) -> None:
    """Append the call; one write, so that lines of jobs that run side by side stay whole."""
    environment = os.environ
    line = {
        "tool": tool, "argv": argv, "cwd": _from_workspace(), "names": sorted(environment),
        "job": environment.get("GITHUB_JOB", ""), "step": environment.get("GITHUB_ACTION", ""), "room": room(), **more,
    }  # fmt: skip
    text = json.dumps(line)
    if len(text) > _LONGEST:
        text = json.dumps({**line, "argv": [word[:500] for word in argv[:20]], "names": []})
    with open(Path(root, "record", "calls.jsonl"), "a", encoding="utf-8") as file:
        file.write(text + "\n")


def _from_workspace() -> str:
    here, workspace = Path.cwd(), os.environ.get("GITHUB_WORKSPACE", "")
    return here.relative_to(workspace).as_posix() if workspace and here.is_relative_to(workspace) else str(here)
