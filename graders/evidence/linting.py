"""Linters as they are shipped with the course: found, called on a copy in a folder of ours, and their words brought in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graders.evidence.workflow.model import Where
from graders.problems import Problem

SECONDS = 60
MOST_OUTPUT = 8 << 20


class LinterMissing(Problem):
    """A linter that is not installed: what needs its word can't be checked."""


@dataclass(frozen=True, slots=True)
class Lint:
    """One thing that a linter says, in its own words; `severity` is the linter's, empty where it gives none."""

    tool: str
    rule: str
    message: str
    where: Where
    severity: str = ""
    url: str = ""

    def __str__(self) -> str:
        return f"{self.where}:{self.where.column}: {self.message} [{self.tool}: {self.rule}]"


def program(name: str) -> str:
    """The program that was installed with the course, else one on PATH. Raises LinterMissing."""
    ours = shutil.which(name, path=str(Path(sys.executable).parent))
    found = ours or shutil.which(name)
    if not found:
        raise LinterMissing(f"{name} is not installed.", "Run `make`, which installs it with the course.")
    return str(Path(found).absolute())


def said_as_json(argv: Sequence[str], folder: Path, expected: tuple[int, ...]) -> Any:
    """What a linter prints when it runs in `folder`, with none of the caller's environment and `folder`'s parent as home.

    Raises Problem where it takes too long, ends with an exit code that is not `expected`, or prints no JSON.
    """
    name = Path(argv[0]).stem
    environment = {"HOME": str(folder.parent), "PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC", "NO_COLOR": "1"}
    environment |= {key: os.environ[key] for key in ("SYSTEMROOT", "TEMP", "TMP") if key in os.environ}
    try:
        done = subprocess.run(
            argv, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise Problem(f"{name} gave no answer within {SECONDS} seconds.", "Is the file unusually large?") from None
    if done.returncode not in expected or len(done.stdout) > MOST_OUTPUT:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise Problem(f"{name} failed: {last[0][:200]}.", "See `ninesteps doctor`.")
    try:
        return json.loads(done.stdout or b"null")
    except ValueError:
        raise Problem(f"{name} gave an answer that can't be read.", "See `ninesteps doctor`.") from None
