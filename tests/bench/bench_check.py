"""`ninesteps check git` as a whole process against `nbgrader autograde` for one submission of the same step."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.measure import in_turns, line

COURSE = Path(__file__).parents[2] / "course"
_NBGRADER = [sys.executable, "-m", "nbgrader"]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ninesteps-bench-") as scratch:
        env = {**os.environ, "NINESTEPS_HOME": f"{scratch}/home"}
        course = Path(scratch) / "course"
        submitted = course / "submitted" / "ann" / "01_git"
        _run([sys.executable, "-m", "graders", "start", "git"], env)
        _run([sys.executable, "-m", "graders", "solution", "git", "--force", "--apply"], env)
        shutil.copytree(COURSE / "release" / "01_git", submitted)
        shutil.copytree(COURSE / "source", course / "source")
        shutil.copy(COURSE / "nbgrader_config.py", course)
        _run([sys.executable, "-m", "graders", "submit", "git", "--into", str(submitted)], env)
        _run([*_NBGRADER, "generate_assignment", "01_git", "--force"], env, course)
        check = [sys.executable, "-m", "graders", "check", "git", str(submitted), "--json", os.devnull]
        cache = Path(scratch) / "home" / ".cache"

        def first_time() -> None:
            shutil.rmtree(cache, ignore_errors=True)
            _run(check, env)

        taken = in_turns(
            {
                "cold": first_time,
                "check": lambda: _run(check, env),
                "autograde": lambda: _run([*_NBGRADER, "autograde", "01_git", "--student=ann", "--force"], env, course),
            },
            rounds=5,
        )
    slow = taken["autograde"]
    print("One submission of step 1, whole processes, against nbgrader autograde:")
    print(line("nbgrader autograde, our configuration", slow))
    print(
        line(
            "ninesteps check git, tests of these commits run before",
            taken["check"],
            slow / taken["check"],
            "15 times faster",
        )
    )
    print(line("ninesteps check git, all tests run", taken["cold"], slow / taken["cold"]))


def _run(argv: list[str], env: dict[str, str], cwd: Path | None = None) -> None:
    subprocess.run(argv, env=env, cwd=cwd, check=True, capture_output=True)
