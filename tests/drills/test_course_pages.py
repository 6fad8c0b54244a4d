"""The pages' cells run in a real kernel, from top to bottom, as a learner's would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graders.drills.play import Asked
from graders.step import ROOT
from graders.workspace import progress

pytest.importorskip("nbclient")
notebook = pytest.importorskip("graders.pages.page", reason="the page build is not there yet").notebook
pytest.importorskip("graders.notebook", reason="the notebook's functions are not there yet")
pytest.importorskip("graders.cli", reason="the command is not there yet")

PAGES = sorted(page.stem for page in (ROOT / "course").glob("[0-9][0-9]_*.md"))


def page(name: str) -> Any:
    return notebook((ROOT / "course" / f"{name}.md").read_text(encoding="utf-8"), f"course/{name}.md")


def run(book: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a notebook's cells in a fresh kernel whose learner has no git settings of their own."""
    from nbclient import NotebookClient

    folder.mkdir(exist_ok=True)
    for name in [name for name in os.environ if name.startswith(("GIT_", "NBGRADER_", "JUPYTER_", "PYTEST_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    NotebookClient(book, timeout=180, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return book


def shown(cell: Any) -> str:
    """What a cell shows, as text; HTML only where there is nothing else."""
    parts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        parts.append(output.get("text", "") or data.get("text/plain", "") or data.get("text/html", ""))
    return "\n".join(parts)


def everything(book: Any) -> str:
    return "\n".join(shown(cell) for cell in book.cells)


def scores(book: Any) -> list[float]:
    return [float(shown(cell).split()[-1]) for cell in book.cells if cell.source.rstrip().endswith('check("git")')]


def answer(book: Any, drill_id: str, given: str) -> None:
    """Write an answer into the page's own cell, as a learner does."""
    cells = [cell for cell in book.cells if cell.source.startswith(f'answer("{drill_id}"')]
    assert len(cells) == 1, drill_id
    cells[0].source = f'answer("{drill_id}", {given!r})'


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_what_each_page_has(name: str) -> None:
    cells = page(name).cells
    text = "\n".join(cell.source for cell in cells)

    assert cells[0].source.count("\n# ") == 1
    assert "minutes" in text
    assert 'drill("' in text
    assert f'check("{"git" if name == "00_start" else name[3:]}")' in text
    assert "hint(" in text
    if name != "00_start":
        assert "| What is judged | Points | Why it matters |" in text
        assert len([cell for cell in cells if "nbgrader" in cell.metadata]) == 1
        assert 3 <= text.count('drill("') == len(re.findall(r'answer\("\w+\.', text)) <= 5
        assert "## Read next" in text


def test_a_learner_goes_through_the_tour_and_step_1(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tour = run(page("00_start"), tmp_path / "lab", monkeypatch)

    assert "Everything the course needs is there." in everything(tour) or "missing" in everything(tour)
    assert "The answer is still empty." in everything(tour)
    assert "Your clone:" in everything(tour)
    assert scores(tour) == [0.0, 1.0]
    assert "hint 1 of" in everything(tour)

    seed = progress.load().steps["git"].seed
    assert seed is not None
    step = page("01_git")
    for name in ("merge_base", "which_rebase", "refused_push", "broken_build", "mend_conflict"):
        answer(step, f"git.{name}", Asked(f"git.{name}", seed).question.right)
    run(step, tmp_path / "lab", monkeypatch)

    text = everything(step)
    assert text.count("✓ Right.") == 5
    assert "CONFLICT (content): Merge conflict in price.py" in text
    assert "Successfully rebased and updated refs/heads/member-price." in text
    assert "test_price: passed" in text
    assert "You started step 1 already" in text or "You have started step 1 already" in text
    assert scores(step) == [1.0]
    assert not list((tmp_path / "lab").iterdir())


def test_step_1_stands_on_its_own_and_wrong_answers_are_no_errors(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = page("01_git")
    answer(step, "git.merge_base", "c99")

    run(step, tmp_path / "lab", monkeypatch)

    text = everything(step)
    assert "There is no commit c99 in the drawing." in text
    assert text.count("The answer is still empty.") == 4
    assert "Your clone:" in text
    assert scores(step) == [0.0]


def test_the_terminal_shows_the_same_question(home: Path) -> None:
    code = (
        "from graders.drills.play import answer, drill\n"
        "print(drill('git.refused_push'))\n"
        "print(answer('git.refused_push', 'Z'))\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True,
        env={**os.environ, "PYTHONUTF8": "1"},
    ).stdout  # fmt: skip

    assert said.startswith("Drill: read a refused push\n")
    assert "`Z` is none of the options." in said
