"""The parts that replace nbgrader's when it grades this course.

nbgrader runs a learner's notebook and reads scores from its outputs, so that notebook can write its own score. Here the
notebook is not run: `ninesteps check` judges the hand-in beside it. What a learner did to the notebook's cells decides
nothing, and no notebook, however broken, ends a batch or loses its learner.
"""

# These libraries carry no types of their own.
# mypy: disable-error-code="import-untyped,no-untyped-call,misc"

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade
from traitlets import Float

from graders.classroom.judged_apart import Grade, judge_apart, nothing_judged

_CHECK = "check-"
_MOST_NOTEBOOK = 20 << 20
_KEPT = ("*.ipynb", "timestamp.txt", "submission_secret.txt")


class ToleratingExporter(NotebookExporter):
    """Reads a notebook that may be anything at all, and keeps none of its metadata but nbgrader's."""

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> Any:
        notebook = _read(Path(filename))
        notebook.metadata = {"language_info": {"name": "python"}}
        for cell in notebook.cells:
            cell.metadata = {key: cell.metadata[key] for key in ("nbgrader",) if key in cell.metadata}
        return self.from_notebook_node(nbformat.from_dict(notebook), resources=resources)


def _read(file: Path) -> Any:
    try:
        if not file.is_file() or file.stat().st_size > _MOST_NOTEBOOK:
            raise ValueError(f"it is no regular file of at most {_MOST_NOTEBOOK >> 20} MB")
        notebook = nbformat.reads(file.read_text(encoding="utf-8"), as_version=4)
        nbformat.validate(notebook)
    except Exception as trouble:  # whatever is wrong with it, its learner is graded
        reason = (str(trouble).splitlines() or [type(trouble).__name__])[0][:200]
        return new_notebook(cells=[new_markdown_cell(f"This notebook cannot be read, and does not count: {reason}.")])
    return notebook


class RestoreCells(NbGraderPreprocessor):
    """Puts nbgrader's own cells back as they were released, drops copies of them, and metadata that nobody released.

    A copied cell, or metadata of an older schema, would end the whole batch: nbgrader's own step for copies leaves
    metadata that its next step refuses.
    """

    def preprocess(self, nb: Any, resources: Any) -> Any:
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            released = _released(gradebook.find_notebook(about["notebook"], about["assignment"]))
        seen: set[str] = set()
        for index in reversed(range(len(nb.cells))):  # the last copy stays, as in nbgrader's DeduplicateIds
            cell = nb.cells[index]
            if "nbgrader" not in cell.metadata:
                continue
            name = cell.metadata.pop("nbgrader")
            name = name.get("grade_id") if isinstance(name, dict) else None
            if isinstance(name, str) and name in released and name not in seen:
                seen.add(name)
                nb.cells[index] = _as_released(cell, *released[name])
        return nb, resources


def _released(notebook: Any) -> dict[str, tuple[dict[str, Any], str]]:
    """Metadata and source of each of nbgrader's cells, by grade id, from the gradebook."""
    graded = {cell.name: cell.max_score for cell in [*notebook.grade_cells, *notebook.task_cells]}
    solutions = {cell.name for cell in notebook.solution_cells}
    tasks = {cell.name for cell in notebook.task_cells}
    return {
        cell.name: (
            {
                "grade_id": cell.name,
                "grade": cell.name in graded and cell.name not in tasks,
                "solution": cell.name in solutions,
                "task": cell.name in tasks,
                "locked": cell.locked,
                "cell_type": cell.cell_type,
                "checksum": cell.checksum,
                "schema_version": 3,
                **({"points": graded[cell.name]} if cell.name in graded else {}),
            },
            cell.source,
        )
        for cell in notebook.source_cells
    }


def _as_released(cell: Any, metadata: dict[str, Any], source: str) -> Any:
    make = new_code_cell if metadata["cell_type"] == "code" else new_markdown_cell
    text = source if metadata["locked"] else cell.source
    return make(text, metadata={"nbgrader": metadata}, id=cell.get("id", metadata["grade_id"]))


class JudgeSubmission(NbGraderPreprocessor):
    """Runs `ninesteps check` for each check cell and puts its card and score in, as running the cell would have."""

    timeout = Float(900.0, help="Seconds that one check may take before it is ended, with 0 points.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> Any:
        folder = _folder(self, "submitted", resources)
        for cell in nb.cells:
            if cell.cell_type == "code" and is_grade(cell):
                grade = self._judge(cell.metadata.nbgrader["grade_id"], folder)
                cell.outputs = [_output(grade, float(cell.metadata.nbgrader["points"]))]
        return nb, resources

    def _judge(self, grade_id: str, folder: Path) -> Grade:
        if not grade_id.startswith(_CHECK):
            return nothing_judged(f"The cell {grade_id} is none of the course's checks.", "Grade it by hand.")
        try:
            return judge_apart(grade_id.removeprefix(_CHECK), folder, self.timeout)
        except Exception as defect:  # a defect of ours must not end the batch, nor give points by silence
            self.log.exception("judging %s broke", folder)
            return nothing_judged(
                f"The grader itself broke here ({type(defect).__name__}).", "This is our defect: please report it."
            )


def _output(grade: Grade, points: float) -> Any:
    # nbgrader takes the score from the text of the first execute_result, and gives full points where there is none
    data = {"text/html": grade.card, "text/plain": repr(min(max(grade.score, 0.0), points))}
    return new_output("execute_result", data=data, execution_count=1)


class KeepReportOnly(NbGraderPreprocessor):
    """Clears nbgrader's working copy of a submission of everything but the notebook.

    nbgrader copies it on into the feedback that learners get back, and follows symbolic links as the instructor.
    """

    def preprocess(self, nb: Any, resources: Any) -> Any:
        for path in _folder(self, "autograded", resources).iterdir():
            if any(path.match(pattern) for pattern in _KEPT):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        return nb, resources


def _folder(preprocessor: Any, kind: str, resources: Any) -> Path:
    """A submission's folder in `submitted/` or `autograded/`, from the course folder of the running command."""
    course, about = preprocessor.parent.parent.coursedir, resources["nbgrader"]
    return Path(course.format_path(getattr(course, f"{kind}_directory"), about["student"], about["assignment"]))
