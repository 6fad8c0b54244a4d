"""Step 5's worked example, run: what the page says that one sees is what one sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drills.test_course_pages import page, run, shown

SKIPPED, WAITING = "– skipped    production", "‖ waiting    production"


@pytest.mark.slow
def test_the_worked_example_shows_what_the_page_says(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = page("05_release")
    end = next(place for place, cell in enumerate(book.cells) if cell.source.startswith("## Drills"))
    book.cells = book.cells[:end]

    run(book, tmp_path / "lab", monkeypatch)

    waits, approved, failing, always, rebuilt = [
        shown(cell) for cell in book.cells if "run_workflow(shop" in cell.source
    ]
    assert WAITING in waits
    assert "production: kubectl" not in waits
    assert "production: kubectl --context production set image" in approved
    assert "Green" in approved
    assert SKIPPED in failing
    assert "Red" in failing
    assert WAITING in always
    assert "Red" in always
    assert rebuilt.count("docker build --tag") == 2
    assert "Green" in rebuilt
