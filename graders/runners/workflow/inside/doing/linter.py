"""Actions that bring a linter along and run it: the linter of the wheels at hand, with the words that the action is given.

https://github.com/astral-sh/ruff-action#usage https://black.readthedocs.io/en/stable/integrations/github_actions.html
"""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from ..said import fail, inputs, job_folder, path, record, workspace
from ..virtual_environment import make


def ruff(root: Path) -> int:
    """astral-sh/ruff-action; returns the linter's exit code, or 1 where it can't be installed."""
    given = inputs()
    words = [*shlex.split(given.get("args") or "check"), *(given.get("src") or ".").split()]
    return _run(root, "ruff", words)


def black(root: Path) -> int:
    """psf/black; the same."""
    given = inputs()
    return _run(root, "black", [*shlex.split(given.get("options", "")), *(given.get("src") or ".").split()])


def _run(root: Path, linter: str, words: list[str]) -> int:
    record()
    folder = job_folder() / "linters" / linter
    make(folder, str(root))
    if subprocess.call([str(folder / "bin" / "pip"), "install", "--quiet", linter]):
        return fail(f"{linter} is not at hand here")
    path(folder / "bin")
    return subprocess.call([str(folder / "bin" / linter), *words], cwd=workspace())
