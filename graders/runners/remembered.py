"""What a run came to, kept in a file that is named by all that it depended on, so that the same run is not repeated."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any


def fingerprint(settings: Sequence[Any], files: Mapping[str, bytes]) -> str:
    """A name, in hexadecimal digits, for all that a run depended on: `settings`, as JSON has them, and path to content."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for name, content in sorted(files.items()):
        digest.update(json.dumps([name, len(content)]).encode() + content)
    return digest.hexdigest()


def recall(file: Path | None) -> bytes:
    """What was kept there; empty where nothing was, or where there is no file to look in."""
    try:
        return file.read_bytes() if file else b""
    except OSError:
        return b""


def remember(file: Path | None, content: bytes) -> None:
    """Keep it, whole or not at all. A full or read-only disk costs the next run's time, and nothing else."""
    if file is None:
        return
    temporary = file.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        os.replace(temporary, file)
