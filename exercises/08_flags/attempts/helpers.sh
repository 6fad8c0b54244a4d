# Shell functions that several attempts share. Each stands in the learner's clone.
# The answer's files, before the removal.
answer() {
  for name in settings flags pricing app; do cp "$GIVEN/$name" "widgets/$name.py"; done
  cp "$GIVEN/test_flags" tests/test_flags.py
  cp "$GIVEN/env" .env.example
}
# What the removal changes in them.
removal() {
  for name in settings flags pricing; do cp "$GIVEN/${name}_removed" "widgets/$name.py"; done
  for name in test_flags test_pricing; do cp "$GIVEN/${name}_removed" "tests/$name.py"; done
  cp "$GIVEN/env_removed" .env.example
}
save() { git add -A && git commit -q -m "${1:-Put the new price behind a flag}"; }
# Everything but the one thing that an attempt is about: `ready; <change>; save; done_after`.
ready() { git switch -q -c price && answer; }
# The removal, as the answer does it; with a function, that comes on top.
done_after() { git switch -q -c remove-price-v2 && removal && "${1:-true}" && save "Remove the flag of the new price"; }
# A change of a file by sed, which must change something.
change() { cp "$2" "$2.before" && sed -i -E "$1" "$2" && ! cmp -s "$2" "$2.before" && rm "$2.before"; }
# A new text for a file, from standard input.
write() { mkdir -p "$(dirname "$1")" && cat >"$1"; }
# Flags without the SDK: a file that is read with each request, and a hash of flag and user.
reader() {
  write widgets/flags.py <<'END'
"""Feature flags: decided anew for each request, and logged. Whatever goes wrong, a flag is off."""

import hashlib
import json
import logging
import sys
from pathlib import Path
from typing import Annotated, Any

from fastapi import Header, Request

from widgets.settings import Settings

User = Annotated[str, Header(alias="X-User")]

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)
log.addHandler(logging.StreamHandler(sys.stderr))


class Flags:
    def __init__(self, settings: Settings) -> None:
        self._fixed = {"price-v2": settings.price_v2}
        self._file = Path(settings.flags_file) if settings.flags_file else None

    def on(self, flag: str, user: str) -> bool:
        if self._file is None:
            return self._fixed.get(flag, False)
        value, reason = decided(self._file, flag, user)
        variant = "on" if value else "off"
        log.info("flag=%s user=%s variant=%s reason=%s", flag, user, variant, reason)
        return value


def decided(file: Path, flag: str, user: str) -> tuple[bool, str]:
    try:
        found = json.loads(file.read_text())["flags"][flag]
        if found["state"] != "ENABLED":
            return False, "DISABLED"
        variant, reason = found["defaultVariant"], "STATIC"
        if "targeting" in found:
            weights = found["targeting"]["fractional"]
            variant, reason = drawn(weights, place(flag, user)), "SPLIT"
        value = found["variants"][variant]
        if not isinstance(value, bool):
            raise TypeError("no boolean")
        return value, reason
    except (OSError, ValueError, LookupError, TypeError):
        return False, "ERROR"


def place(flag: str, user: str) -> int:
    digest = hashlib.sha256(f"{flag}:{user}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 100


def drawn(weights: list[Any], place: int) -> str:
    for variant, weight in weights:
        if place < weight:
            return str(variant)
        place -= weight
    raise ValueError("no weights")


def is_on(request: Request, flag: str, user: str) -> bool:
    flags: Flags = request.app.state.flags
    return flags.on(flag, user)
END
}
