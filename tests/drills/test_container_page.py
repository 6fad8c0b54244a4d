"""Step 4's worked example, run on a real engine: what the page says that one sees is what one sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from graders.runners.engine.connection import Engine
from tests.drills.test_course_pages import page, run, shown


def worked_example() -> object:
    book = page("04_containers")
    end = next(place for place, cell in enumerate(book.cells) if cell.source.startswith("## Drills"))
    book.cells = book.cells[:end]
    return book


@pytest.mark.slow
def test_the_worked_example_shows_what_the_page_says(
    engine: Engine, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = run(worked_example(), tmp_path / "lab", monkeypatch)

    def of(word: str) -> list[str]:
        return [shown(cell) for cell in book.cells if word in cell.source.splitlines()[-1:]]

    careless, lean = of("build_image(node)")
    assert "1 deleted" in careless
    assert "RUN rm .env" in careless
    assert "node --test" not in lean
    (broken,) = of('build_image(node, "test")')
    assert broken.startswith("Red: `RUN node --test` failed.")
    in_shell, itself = of("run_image(node)")
    assert "/bin/sh -c node server.js`, with user id 0" in in_shell
    assert "was killed" in in_shell
    assert "PID 1 is `node server.js`, with user id 1000" in itself
    assert "healthy" in itself
    assert "it stopped, with exit code 0" in itself
    first, again = of("build_image(widgets)")
    assert "COPY /venv /venv" in first
    assert "cached: [build 4/7] RUN /venv/bin/pip install --no-cache-dir --requirement requirements.lock" in again
    assert "done: [build 6/7] COPY widgets widgets" in again
    (stops,) = of("run_image(widgets)")
    assert "uvicorn" in stops
    assert "it stopped" in stops


def test_without_an_engine_each_cell_says_so(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")

    book = run(worked_example(), tmp_path / "lab", monkeypatch)

    asked = [cell for cell in book.cells if "_image(" in cell.source.splitlines()[-1]]
    assert len(asked) == 8
    assert all("nothing answers there" in shown(cell) for cell in asked)
