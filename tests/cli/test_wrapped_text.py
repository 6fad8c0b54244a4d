"""Text in the terminal's width: paragraphs and items are filled, code stays as it is."""

from __future__ import annotations

import pytest

from graders.console import wrapped


def test_code_keeps_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    code = (
        "    changes:\n      a: {action: create}        # a line that is longer than the terminal is wide\n      b: {}"
    )
    text = f"Write\nthis:\n\n{code}\n\n- and an item that is filled, with the lines after the first set in"
    assert wrapped(text) == (
        f"Write this:\n\n{code}\n\n- and an item that is filled, with the\n  lines after the first set in"
    )
