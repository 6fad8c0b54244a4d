"""nbgrader's settings for a class: what `nbgrader_config.py` in an instructor's course folder calls."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from graders.evidence.hand_in import MOST_BYTES

COURSE_ID = "ninesteps"
_OURS = "graders.classroom.nbgrader_parts"
_THEIRS = "nbgrader.preprocessors"


def configure(c: Any, folder: Path, exchange: Path | None = None) -> None:
    """Set nbgrader up to grade this course in `folder`; `exchange` is its own subfolder unless you share one.

    https://nbgrader.readthedocs.io/en/stable/configuration/config_options.html
    """
    folder = folder.absolute()
    exchange = (exchange or folder / "exchange").absolute()
    exchange.mkdir(exist_ok=True)  # without one nbgrader makes a folder that every user of the machine can write
    c.CourseDirectory.course_id = COURSE_ID
    c.CourseDirectory.root = str(folder)
    c.CourseDirectory.max_file_size = c.CourseDirectory.max_dir_size = 2 * MOST_BYTES // 1000  # in kB
    c.Exchange.root = str(exchange)
    c.OverwriteCells.add_missing_cells = True
    c.Autograde.exporter_class = f"{_OURS}.ToleratingExporter"
    c.Autograde.sanitize_preprocessors = [
        f"{_THEIRS}.ClearOutput",
        f"{_OURS}.RestoreCells",
        f"{_THEIRS}.OverwriteKernelspec",
        f"{_THEIRS}.OverwriteCells",
        f"{_THEIRS}.CheckCellMetadata",
    ]
    c.Autograde.autograde_preprocessors = [
        f"{_OURS}.JudgeSubmission",  # where nbgrader would run the learner's notebook
        f"{_THEIRS}.SaveAutoGrades",
        f"{_THEIRS}.AssignLatePenalties",
        f"{_THEIRS}.CheckCellMetadata",
        f"{_OURS}.KeepReportOnly",
    ]
    # nbgrader asks a program called `alembic` for its database's version, and finds it on PATH alone
    here = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    if here not in path.split(os.pathsep):
        os.environ["PATH"] = f"{here}{os.pathsep}{path}"
