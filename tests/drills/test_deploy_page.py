"""Step 7's worked example, run on processes and with `kubectl`: v1, v2, back to v1, and a release that is not healthy."""

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

    _, first, second, back, broken, *rollout = [shown(cell) for cell in book.cells if cell.cell_type == "code"]
    assert '"version": "1.0.0"' in first
    assert second.index('"version": "1.0.0"') < second.index('"version": "2.0.0"')
    assert second.count("widgets@sha256:") == 2
    assert '"version": "1.0.0"' in back
    assert "exit code 22" in broken
    assert '"version": "1.0.0"' in broken
    applied, updated, undone, unhealthy = rollout
    assert '"version": "1.0.0"' in applied
    assert '"version": "2.0.0"' in updated
    assert updated.count("successfully rolled out") == 1
    assert '"version": "1.0.0"' in undone
    assert [line.split()[0] for line in undone.splitlines() if line[:1].isdigit()] == ["2", "3"]
    assert "exit code 1" in unhealthy
    assert '"version": "1.0.0"' in unhealthy
    assert "0/1" in unhealthy
    assert not any(map(taken, (2019, 8001, 8002, 8080)))
