"""Carry a recipe out in a workspace: bash, in the clone, with the step's own helpers and the variant's values.

Short values of the variant are variables (`$MINE`), long ones files (`$GIVEN/routes_both`). Functions that several
recipes share stand in `attempts/helpers.sh`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from graders.attempts.recipe import Recipe, folder_of
from graders.problems import Problem
from graders.starter import starter_for
from graders.step import Place

_SECONDS = 300


def carry_out(place: Place, recipe: Recipe, seed: int, repo: Path, env: Mapping[str, str]) -> str:
    """Run the recipe in `repo` with `env`; returns what it printed. Raises Problem where a command of it failed."""
    variant = starter_for(place, seed).variant
    with tempfile.TemporaryDirectory(prefix="ninesteps-given-") as given:
        variables = {}
        for name, value in variant.items():
            if "\n" in value:
                (Path(given) / name).write_text(value, encoding="utf-8")
            else:
                variables[name.upper()] = value
        helpers = folder_of(place) / "helpers.sh"
        script = "set -euo pipefail\n" + (f'. "{helpers}"\n' if helpers.exists() else "") + recipe.run
        path = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", os.defpath)])
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=repo,
            env={
                **env,
                **variables,
                "GIVEN": given,
                "WORKSPACE": str(repo.parent),
                "PATH": path,
                "GIT_EDITOR": "true",
                "NINESTEPS_CI": "off",  # a recipe makes what is judged; its pushes start nothing
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
        )
    said = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        raise Problem(f"The recipe {recipe.name} failed with exit code {done.returncode}:\n{said}")
    return said


def settled_environment(home: Path) -> dict[str, str]:
    """An environment in which the same recipe makes the same commit ids: fixed identity, dates, language and home."""
    (home / "gitconfig").write_text(
        "[user]\n\tname = Sam Learner\n\temail = sam@example.org\n[init]\n\tdefaultBranch = main\n"
    )
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "NINESTEPS_HOME": str(home / "ninesteps"),
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": "1789000000 +0000",
        "GIT_COMMITTER_DATE": "1789000000 +0000",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }
