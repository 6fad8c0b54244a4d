"""Step 7's worked example, run: v1, v2, back to v1, and a broken release that its health check tells."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.drills.test_course_pages import page, run, shown


def taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
@pytest.mark.skipif(
    any(map(taken, (2019, 8001, 8002, 8080))), reason="the page's ports are taken: its example is not proven"
)
def test_the_worked_example_shows_what_the_page_says(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = page("07_deploy")
    end = next(place for place, cell in enumerate(book.cells) if cell.source.startswith("## Drills"))
    book.cells = book.cells[:end]

    run(book, tmp_path / "lab", monkeypatch)

    rollout, _, first, second, back, broken = [shown(cell) for cell in book.cells if cell.cell_type == "code"]
    assert "rollout undo" in rollout
    assert '"version": "1.0.0"' in first
    assert second.index('"version": "1.0.0"') < second.index('"version": "2.0.0"')
    assert second.count("widgets@sha256:") == 2
    assert '"version": "1.0.0"' in back
    assert "exit code 22" in broken
    assert '"version": "1.0.0"' in broken
    assert not any(map(taken, (2019, 8001, 8002, 8080)))
