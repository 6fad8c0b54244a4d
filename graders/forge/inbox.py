"""What has happened in the forge and may start workflows: notes in `forge/inbox`, and the process that reads them.

The hooks leave a note for each push (a line `push OLD NEW REF PULL`), the commands one for what they do (a JSON object).
The process runs apart from whoever made the note, and outlives their terminal. With NINESTEPS_CI=off in the environment
nothing is noted, and nothing starts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MODULE = "graders.pipelines"
_STARTER = "forge/runner"  # for the hooks, which know no Python


def prepare(origin: Path) -> None:
    """Make the inbox of a new forge, and tell its hooks which Python there is."""
    (origin / "forge" / "inbox").mkdir(parents=True, exist_ok=True)
    (origin / _STARTER).write_text(f"{sys.executable}\n", encoding="utf-8", newline="\n")


def put(origin: Path, note: Mapping[str, Any]) -> bool:
    """Leave a note, and see that somebody reads it; whether it was left."""
    if os.environ.get("NINESTEPS_CI") == "off":
        return False
    prepare(origin)  # the course may have moved since
    folder = origin / "forge" / "inbox"
    handle, name = tempfile.mkstemp(prefix=".", dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(json.dumps(note) + "\n")
    os.replace(name, folder / f"note{Path(name).name}")
    start_runner(origin)
    return True


def notes(origin: Path) -> list[Path]:
    """The notes that nobody has read yet, oldest first."""
    try:
        found = [path for path in (origin / "forge" / "inbox").iterdir() if not path.name.startswith(".")]
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))
    except FileNotFoundError:
        return []


def start_runner(origin: Path) -> None:
    """Start the process that reads the notes and runs what they start; one that finds another at work ends at once."""
    with open(origin / "forge" / "runner.log", "ab") as log:
        subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE, str(origin)], cwd=origin, stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, start_new_session=True,
        )  # fmt: skip
