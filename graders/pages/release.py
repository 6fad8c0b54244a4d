"""What nbgrader makes of the course's notebooks for learners, in a process of its own."""

# These libraries carry no types of their own.
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

from graders.problems import Problem


def generate(root: Path) -> None:
    """Run nbgrader's `generate_assignment` on every notebook of `root/source/`; writes `root/release/` and a gradebook.

    No configuration of the user's is read, and no exchange is made. Raises Problem with nbgrader's last words.
    https://nbgrader.readthedocs.io/en/stable/user_guide/creating_and_grading_assignments.html
    """
    # nbgrader asks a program called `alembic` for its database's version, and finds it on PATH alone
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    done = subprocess.run(
        [sys.executable, "-I", "-m", "graders.pages.release", str(root)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", env={**os.environ, "PATH": path},
    )  # fmt: skip
    if done.returncode:
        words = done.stderr.strip().splitlines()[-30:]
        raise Problem("nbgrader could not make the release:\n" + "\n".join(words), "Mend the page it names.")


def _main(root: str) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s")  # or nbgrader keeps its reasons to itself
    from nbgrader.converters import GenerateAssignment  # 3 s to import
    from nbgrader.coursedir import CourseDirectory

    GenerateAssignment(coursedir=CourseDirectory(root=root, assignment_id="*")).start()


if __name__ == "__main__":
    _main(sys.argv[1])
