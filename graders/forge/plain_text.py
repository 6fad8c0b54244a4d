"""Learners' text of more than one line, made safe to show."""

from __future__ import annotations

from graders.reports.safe_text import one_line

_LONGEST = 100_000


def many_lines(text: str) -> str:
    """`text` with its line breaks and indentation, and nothing else that steers a terminal."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line[: len(line) - len(line.lstrip(" "))] + one_line(line, _LONGEST) for line in lines).strip("\n")
