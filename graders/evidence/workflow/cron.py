"""Times of `on.schedule`.

https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule
"""

from __future__ import annotations

import re
from itertools import pairwise

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 6))
_NAMES = {"month": {name: number for number, name in enumerate(_MONTHS, 1)},
          "weekday": {name: number for number, name in enumerate(_DAYS)}}  # fmt: skip
_PART = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d{1,4}))?")
SHORTEST = 5  # minutes


def what_is_wrong(cron: str) -> str:
    """Why GitHub refuses `cron`, as a sentence, or empty."""
    fields = cron.split()
    if len(fields) != len(_FIELDS):
        return f"`{cron[:40]}` is no cron time."
    for field, (name, low, high) in zip(fields, _FIELDS, strict=True):
        if _values(field, name, low, high) is None:
            return f"`{field[:20]}` is no {name} of a cron time ({low} to {high})."
    return ""


def too_often(cron: str) -> bool:
    """Whether a right `cron` asks for less than the five minutes between runs that GitHub keeps."""
    minutes = sorted(_values(cron.split()[0], *_FIELDS[0]) or ())
    around = [*minutes, minutes[0] + 60] if minutes else []
    return len(minutes) > 1 and any(later - earlier < SHORTEST for earlier, later in pairwise(around))


def _values(field: str, name: str, low: int, high: int) -> set[int] | None:
    """The numbers that a field stands for, or None where it is wrong."""
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None or match["step"] in ("0", "00", "000", "0000"):
            return None
        first = low if match["first"] is None else _number(match["first"], name)
        open_end = match["first"] is None or (match["last"] is None and match["step"])
        last = high if open_end else _number(match["last"] or match["first"], name)
        if first is None or last is None or not low <= first <= last <= high:
            return None
        found |= set(range(first, last + 1, int(match["step"] or 1)))
    return found


def _number(word: str, name: str) -> int | None:
    if word.isascii() and word.isdigit() and len(word) < 5:
        return int(word)
    return _NAMES.get(name, {}).get(word.lower())
