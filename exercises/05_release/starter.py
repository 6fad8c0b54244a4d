"""Step NUMBER's exercise."""

from __future__ import annotations

from collections.abc import Mapping

from graders.starter import Commit, Starter, left_by_earlier, trailer
from graders.step import find

_WHEN = 1_788_253_200  # 2026-09-01 09:00 UTC


def starter(seed: int) -> Starter:
    """The demo service with what the steps before this one left."""
    files = left_by_earlier(find("release"))
    message = f"Bring in the widgets service\n\n{trailer('release', seed)}"
    return Starter((Commit(message, "Noor Haddad <noor@example.org>", _WHEN, files),))


def ticket(variant: Mapping[str, str]) -> str:
    """What to do."""
    return "**Ticket.** …"
