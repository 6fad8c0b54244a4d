import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import ALL_PASSED, BROKEN, HOSTILE, MIXED, STARTER, with_text
from rich.cells import cell_len
from rich.console import Console
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from graders.reports import terminal
from graders.reports.safe_text import one_line
from graders.result import Result


class TextFile(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.mark.parametrize(
    "result", [ALL_PASSED, MIXED, STARTER, BROKEN], ids=["all_passed", "mixed", "starter", "broken"]
)
def test_report(result: Result, snapshot: SnapshotAssertion) -> None:
    assert terminal.render(result) == snapshot(extension_class=TextFile)


def test_same_result_same_bytes_whatever_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = terminal.render(MIXED), terminal.render(MIXED, color=True)
    for name, value in {"COLUMNS": "40", "FORCE_COLOR": "1", "TERM": "dumb", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    assert (terminal.render(MIXED), terminal.render(MIXED, color=True)) == before


@pytest.mark.parametrize("result", [ALL_PASSED, MIXED, STARTER])
def test_fits_one_screen(result: Result) -> None:
    assert terminal.render(result).count("\n") <= 42


def test_colour_only_adds_colour() -> None:
    coloured = terminal.render(MIXED, color=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == terminal.render(MIXED)


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 300])
def test_lines_keep_within_the_width(width: int) -> None:
    for line in terminal.render(MIXED, width=width).splitlines():
        assert "$ " in line or cell_len(line) <= min(max(width, 40), 100), line


def test_code_is_not_split_over_two_lines() -> None:
    report = terminal.render(MIXED, width=70)
    assert "`git rebase --continue`" in report
    assert "`ninesteps doctor`" in report


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_inert(text: str) -> None:
    report = terminal.render(with_text(text))
    assert not re.search(r"[^\S \n]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", report)
    assert "".join(one_line(text).split()) in "".join(report.split())
    coloured = terminal.render(with_text(text), color=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == report


@given(st.text(st.characters(exclude_categories=()), max_size=80))
@settings(deadline=None)
def test_any_text_makes_a_report(text: str) -> None:
    report = terminal.render(with_text(f"a{text}"), width=60)
    report.encode()
    assert report.count("passed") >= 1
    assert "\x1b" not in report


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("text", ["“wide” 漢字 …", "x" * 5000])
def test_a_stream_that_lacks_the_shapes_gets_plain_ones(encoding: str, text: str) -> None:
    out = io.BytesIO()
    stream = io.TextIOWrapper(out, encoding=encoding)  # its errors are strict
    terminal.show(with_text(text), Console(file=stream, width=100))
    stream.flush()
    lines = out.getvalue().decode(encoding).splitlines()
    verdicts = [line[0] for line in lines if re.match(r". (passed|failed|cannot check|grader error|waiting)", line)]
    assert verdicts == ["+", "x", "?", "!", "-"]
    assert all("$ " in line or len(line) <= 100 for line in lines)
