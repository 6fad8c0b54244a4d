"""Every page of the course runs from top to bottom in a kernel, in one learner's folder, with no error and no noise."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from graders.pages.build import COURSE
from tests.lab.conftest import learners_environment


@pytest.fixture
def learner(tmp_path, monkeypatch):
    """A fresh learner, whose kernels run in this environment."""
    for name in set(os.environ) - set(env := learners_environment(tmp_path)):
        monkeypatch.delenv(name)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "ninesteps" / "notebooks"
    folder.mkdir(parents=True)
    return folder


def run(notebook, folder):
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return notebook


def cells(*sources: str):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def outputs(notebook):
    """Each cell's outputs, as (kind, text, html)."""
    return [[shown(one) for one in cell.outputs] for cell in notebook.cells]


def shown(output):
    data = output.get("data", {})
    return output.get("name", output.output_type), output.get("text") or data["text/plain"], data.get("text/html", "")


@pytest.mark.parametrize("name", sorted(path.stem for path in COURSE.glob("[0-9][0-9]_*.md")))
def test_the_page_runs(learner, name):
    mine = shutil.copy(COURSE / "release" / name / f"{name}.ipynb", learner)
    done = run(nbformat.read(mine, as_version=4), learner)
    for cell in done.cells:
        noise = [one for one in cell.get("outputs", []) if one.output_type == "error" or one.get("name") == "stderr"]
        assert not noise, cell.source
    cards = [one.data for cell in done.cells for one in cell.get("outputs", []) if "ns-card" in str(one.get("data"))]
    checks = [data for data in cards if "ns-run" not in str(data)]
    assert checks
    assert all(float(data["text/plain"]) >= 0 for data in checks)


def test_a_check_is_a_card_a_number_and_nothing_else(learner):
    (before, _, after, magic) = outputs(
        run(
            cells(
                "from graders.notebook import check\ncheck('git')",
                "from graders.notebook import start, solution\nstart('git')\nsolution('git', '--force', '--apply')",
                "score = check(1)\nassert score == 10 and score.max_score == 10\nscore",
                "%ninesteps check git",
            ),
            learner,
        )
    )
    assert [(kind, text) for kind, text, _ in before] == [("execute_result", "0.0")]
    assert "There is no workspace for step 1" in before[0][2]
    assert [(kind, text) for kind, text, _ in after] == [("execute_result", "10.0")]
    assert "10 of 10 points" in after[0][2]
    assert [(kind, text) for kind, text, _ in magic] == [("execute_result", "10.0")]


def test_the_terminals_words_work_in_a_cell(learner):
    said = outputs(
        run(
            cells(
                "%load_ext graders.notebook",
                "%ninesteps start git --seed 7",
                "from graders.notebook import hint, progress, submit\nhint('git')",
                "progress()",
                "submit('git')",
                "%ninesteps pr list",
                "%ninesteps start nothing",
                "%ninesteps pr create --title 'open",
                "!ninesteps --help",
            ),
            learner,
        )
    )
    assert all(kind == "stdout" for cell in said for kind, *_ in cell)
    text = ["".join(one for _, one, _ in cell) for cell in said]
    assert "Your clone:" in text[1]
    assert "hint 1 of" in text[2]
    assert "Git" in text[3]
    assert str(learner / "git.ninesteps") in text[4]
    assert (learner / "git.ninesteps").is_file()
    assert "There is no step called 'nothing'" in text[6]
    assert "Close every quote" in text[7]
    assert "Traceback" not in "".join(text)


def test_where_there_is_no_workspace_the_hand_in_beside_the_notebook_counts(learner, tmp_path):
    run(cells("%load_ext graders.notebook", "%ninesteps start git", "%ninesteps submit git"), learner)
    shutil.rmtree(tmp_path / "ninesteps" / "01_git")
    ((score,),) = outputs(run(cells("from graders.notebook import check\ncheck('git')"), learner))
    assert "There is no branch beside main yet." in score[2]


def test_importing_it_outside_a_kernel_needs_no_jupyter():
    heavy = "{'IPython', 'nbformat', 'jupyter_client', 'nbgrader', 'jupytext'}"
    script = f"import sys, graders.notebook; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
