"""What detect-secrets finds in texts, in a process of its own that can be ended: its patterns run on hostile input.

Kinds with a shape of their own (keys of well-known suppliers, private keys, tokens) count wherever they stand. A value that
is only named like a secret, or stands in a URL, counts where it is long and random: placeholders and tests' values are not.
https://github.com/Yelp/detect-secrets
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from graders.problems import Problem

_SECONDS = 180
_MOST_BYTES = 8 << 20  # in all
_MOST_FOUND = 200


class SearchTooLong(Problem):
    """The search did not end in time: a busy machine, or hostile texts."""


@dataclass(frozen=True, slots=True, order=True)
class Suspect:
    """Something that looks like a secret: in which text, on which line (from 1), and of which kind. Never its value."""

    place: str
    line: int
    kind: str


def suspects(texts: Mapping[str, bytes]) -> tuple[Suspect, ...]:
    """What looks like a secret in `texts` (place to content); binary content is passed over.

    Raises SearchTooLong, and Problem where detect-secrets is missing.
    """
    given, left = {}, _MOST_BYTES
    for place, content in sorted(texts.items()):
        if b"\0" not in content[:8_000] and len(content) <= left:
            given[place] = content.decode("utf-8", "replace")
            left -= len(content)
    if not given:
        return ()
    argv = [sys.executable, "-I", "-m", "graders.evidence.secret_scan_child"]
    try:
        done = subprocess.run(argv, input=json.dumps(given).encode(), capture_output=True, timeout=_SECONDS)
        found = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise SearchTooLong("The search for secrets took too long on this machine.", "Check again.") from None
    except ValueError:
        raise Problem("detect-secrets gave no answer.", "`ninesteps doctor` says what is missing.") from None
    return tuple(sorted({Suspect(str(place), int(line), str(kind)) for place, line, kind in found[:_MOST_FOUND]}))
