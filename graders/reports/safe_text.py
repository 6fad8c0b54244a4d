"""The one place that makes text from a submission safe to show: no escapes, no controls, no reordering, no floods."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 600
_MOST_MARKS = 3

# ECMA-48 control sequences (5.4), control strings such as OSC (5.6) and two-character escapes (5.3), 7 and 8 bit.
# https://ecma-international.org/publications-and-standards/standards/ecma-48/
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[PX\]^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
_INSTEAD = {
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’‚", "'"),
    **dict.fromkeys("–—−‑", "-"),
    "…": "...",
    "·": "-",
    "→": "->",
    "\N{NO-BREAK SPACE}": " ",
}


def one_line(text: str, longest: int = LONGEST) -> str:
    """`text` as one printable line of at most `longest` characters.

    Takes out terminal escapes, control and format characters (bidirectional overrides among them, see UTS #55), half
    surrogates, noncharacters and piled-up accents; white space becomes single spaces; what is too long ends in “…”.
    The outcome is legal in XML 1.0. https://www.unicode.org/reports/tr55/ https://www.w3.org/TR/xml/#charsets
    """
    # Bounded before anything else looks at it: what follows costs time for each character.
    text = _ESCAPES.sub("", text[: 20 * longest])
    kept: list[str] = []
    marks = 0
    for character in " ".join(text.split()):
        category = unicodedata.category(character)
        if category == "Cs":
            character, category = "\N{REPLACEMENT CHARACTER}", "So"
        if category in ("Cc", "Cf") or _is_noncharacter(character):
            continue
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return cut(" ".join("".join(kept).split()), longest)


def cut(text: str, longest: int) -> str:
    """`text`, or its beginning with “…” where it has more than `longest` characters."""
    return text if len(text) <= longest else text[: max(longest - 1, 0)].rstrip() + "…"


def encodable(text: str, encoding: str) -> str:
    """`text` with a plain stand-in for each character that `encoding` lacks, so that printing it never fails."""
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return "".join(_in_encoding(character, encoding) for character in text)
    return text


def _in_encoding(character: str, encoding: str) -> str:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return _INSTEAD.get(character, "?")
    except LookupError:
        return character if character.isascii() else _INSTEAD.get(character, "?")
    return character


def _is_noncharacter(character: str) -> bool:
    point = ord(character)
    return 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE
