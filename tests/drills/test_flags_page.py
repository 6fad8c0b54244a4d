"""Step 8's worked example, run: a variable needs a restart, a file does not, and a share keeps whom it has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.drills.test_course_pages import page, run, shown


@pytest.mark.slow
def test_the_worked_example_shows_what_the_page_says(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FEATURE_PRICE_V2", raising=False)
    book = page("08_flags")
    end = next(place for place, cell in enumerate(book.cells) if cell.source.startswith("## Drills"))
    book.cells = book.cells[:end]

    run(book, tmp_path / "lab", monkeypatch)

    said = [text for cell in book.cells if cell.cell_type == "code" if (text := shown(cell)).strip()]
    first, variable, values, by_file, switched, rollout, broken = said
    assert re.fullmatch(r'process \d+ {"cents":250,"path":"stable"}\s*', first)
    before, after = re.findall(r"process (\d+) .*", variable)
    assert before in first
    assert before != after
    assert re.findall(r'"path":"(\w+)"', variable) == ["stable", "new"]
    assert re.findall(r'"path":"(\w+)"', values) == ["stable"] * 4
    assert '"path":"stable"' in by_file
    (served,) = re.findall(r"process (\d+)", by_file)
    assert re.findall(r"process (\d+) .*\"path\":\"(\w+)\"", switched) == [(served, "new"), (served, "stable")]
    assert re.findall(r"flag=price-v2 user=u1 variant=(\w+) reason=(\w+)", switched) == [
        ("off", "STATIC"),
        ("on", "STATIC"),
        ("None", "DISABLED"),
    ]
    quarter, half = (int(count) for count in re.findall(r"asked for: (\d+) of 200", rollout))
    assert 25 <= quarter <= 75
    assert 70 <= half <= 130
    assert "taken out: 0" in rollout
    assert "after a restart: the same users" in rollout
    assert re.findall(r'"path":"(\w+)"', broken) == ["new", "new", "stable"]
