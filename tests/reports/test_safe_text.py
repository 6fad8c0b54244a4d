import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from report_samples import HOSTILE

from graders.reports.safe_text import encodable, one_line

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("price-filter", "price-filter"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;new title\x07after", "after"),
        ("\x1b]8;;https://x.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPdevice\x1b\\after", "after"),
        ("\x1b(Bcharset", "charset"),
        ("\x1b\x1b[31m[31m", "[31m"),
        ("rub\b\b\bout\rover", "rubout over"),
        ("two\nlines\u2028three\tfour", "two lines three four"),
        ("abc\u202etxt.exe\u202c", "abctxt.exe"),
        ("\u2066a\u2069\u200e\u200f\u061cb\ufeff\u200b", "ab"),
        ("half \udcff", "half \ufffd"),
        ("\uffff\ufdd0\U0001fffe", ""),
        ("e\u0301" + "\u0301" * 9, "e\u0301\u0301\u0301"),
        ("e\u0301\u0301\u0301\u200d\u0301\u0301", "e\u0301\u0301\u0301"),
        ("שלום 漢字 👍", "שלום 漢字 👍"),
    ],
)
def test_what_is_left_of_a_text(text: str, shown: str) -> None:
    assert one_line(text) == shown


@given(ANY_TEXT)
@settings(deadline=None)
@example(HOSTILE[7])
def test_one_line_is_printable_and_stays_as_it_is(text: str) -> None:
    shown = one_line(text, 40)
    assert len(shown) <= 40
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert one_line(shown, 40) == shown


def test_long_text_ends_in_an_ellipsis() -> None:
    assert one_line("x" * 11, 10) == "x" * 9 + "…"
    assert one_line("x" * 10, 10) == "x" * 10
    assert one_line("x" * 10_000_000, 10) == "x" * 9 + "…"


@given(ANY_TEXT, st.sampled_from(["ascii", "cp1252", "latin-1", "utf-8", "no-such-encoding"]))
@settings(deadline=None)
def test_encodable_never_fails_to_print(text: str, encoding: str) -> None:
    printable = encodable(one_line(text), encoding)
    printable.encode("ascii" if encoding == "no-such-encoding" else encoding)


def test_encodable_keeps_what_it_can() -> None:
    assert encodable("“é” … 漢", "ascii") == '"?" ... ?'
    assert encodable("“é” … 漢", "latin-1") == '"é" ... ?'
    assert encodable("“é” … 漢", "utf-8") == "“é” … 漢"
