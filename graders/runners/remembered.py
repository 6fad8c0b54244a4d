"""What a run came to, kept in a file that is named by all that it depended on, so that the same run is not repeated."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


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
