"""Where things stand in HCL text: comments and texts told from code, in one pass, without a grammar.

https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

import re

_HEREDOC = re.compile(r"<<(-?)([A-Za-z_][\w-]*)[ \t]*\r?\n")
_IN_TEXT = re.compile(r"[\\\"$%\n]")
_IN_CODE = re.compile(r"[\"#/<{}()\[\]]")
MOST_DEPTH = 100


class TooDeep(Exception):
    """Brackets are nested deeper than MOST_DEPTH; `line` is where."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def code_of(text: str) -> str:
    """The text with comments and the letters of texts blanked out; lines stay. What `${…}` holds is code.

    Raises TooDeep.
    """
    out = list(text)
    open_ones: list[str] = []  # brackets that are open; `$` is an interpolation, `"` a text, anything longer a heredoc
    at, end = 0, len(text)

    def blank(start: int, stop: int) -> None:
        for index in range(start, min(stop, end)):
            if out[index] not in "\n\r":
                out[index] = " "

    while at < end:
        inside = open_ones[-1] if open_ones else ""
        if inside == '"' or len(inside) > 1:
            at = _through_text(text, at, inside, open_ones, blank)
            continue
        found = _IN_CODE.search(text, at)
        if not found:
            break
        at, letter = found.start(), found[0]
        if letter == "#" or text.startswith("//", at):
            stop = text.find("\n", at)
            stop = end if stop < 0 else stop
            blank(at, stop)
            at = stop
        elif text.startswith("/*", at):
            stop = text.find("*/", at + 2)
            stop = end if stop < 0 else stop + 2
            blank(at, stop)
            at = stop
        elif letter == '"':
            open_ones.append('"')
            at += 1
        elif letter == "<" and (heredoc := _HEREDOC.match(text, at)):
            open_ones.append("\n" + heredoc[2])
            at = heredoc.end()
        else:
            if letter in "{([":
                open_ones.append(letter)
                if len(open_ones) > MOST_DEPTH:
                    raise TooDeep(text.count("\n", 0, at) + 1)
            elif letter in "})]" and open_ones:
                open_ones.pop()
            at += 1
    return "".join(out)


def _through_text(text: str, at: int, inside: str, open_ones: list[str], blank) -> int:  # type: ignore[no-untyped-def]
    """Go on from `at` in a text or a heredoc to what ends or interrupts it."""
    if inside != '"':
        line_end = text.find("\n", at)
        line_end = len(text) if line_end < 0 else line_end
        if text[at:line_end].strip() == inside[1:] and (at == 0 or text[at - 1] == "\n"):
            open_ones.pop()
            return line_end
    found = _IN_TEXT.search(text, at)
    if not found:
        blank(at, len(text))
        return len(text)
    stop, letter = found.start(), found[0]
    blank(at, stop)
    if letter == "\\" and inside == '"':
        blank(stop, stop + 2)
        return stop + 2
    if letter == '"' and inside == '"':
        open_ones.pop()
        return stop + 1
    if letter in "$%":
        if text.startswith(letter * 2 + "{", stop):
            blank(stop, stop + 3)
            return stop + 3
        if text.startswith("{", stop + 1):
            open_ones.append("{")
            if len(open_ones) > MOST_DEPTH:
                raise TooDeep(text.count("\n", 0, stop) + 1)
            return stop + 2
    if letter == "\n" and inside == '"':
        open_ones.pop()  # a text does not run over the end of a line: whoever parses it says so
    blank(stop, stop + 1) if letter != "\n" else None
    return stop + 1
