"""Conflict markers that were committed. https://git-scm.com/docs/git-merge#_how_conflicts_are_presented"""

from __future__ import annotations

import re

_MARKER = re.compile(rb"^(<{7}|>{7}|\|{7})( .*)?\r?$", re.MULTILINE)


def marker_line(content: bytes) -> int | None:
    """The number (from 1) of the first line that is a conflict marker, or None."""
    if match := _MARKER.search(content):
        return content.count(b"\n", 0, match.start()) + 1
    return None
