"""What happened, as one archive: act's log, the calls that shims saw, artifacts and caches. Regular files only, bounded."""

from __future__ import annotations

import io
import json
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_MOST_FILES = 4_000


def hand_out(report: Path, root: Path, log: bytes, end: dict[str, Any], settings: dict[str, Any]) -> None:
    """Write the archive to `report`. What exceeds the bounds is left out, and `end.json` names it."""
    left, left_out, count = settings["report_bytes"], [], 0
    with tarfile.open(report, "w") as archive:
        _add(archive, "act.jsonl", log)
        for name, content in _regular_files(root):
            size = content.stat().st_size
            if size > left or count >= _MOST_FILES:
                left_out.append(name)
                continue
            data = _read(content, size)
            if data is not None:
                _add(archive, name, data)
                left, count = left - len(data), count + 1
        _add(archive, "end.json", json.dumps({**end, "left_out": left_out[:50]}).encode())


def _regular_files(root: Path) -> Iterator[tuple[str, Path]]:
    for folder in ("record", "artifacts", "caches"):
        for here, folders, files in os.walk(root / folder):
            folders.sort()
            for name in sorted(files):
                path = Path(here, name)
                if stat.S_ISREG(path.lstat().st_mode):
                    yield path.relative_to(root).as_posix(), path


def _read(path: Path, size: int) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read(size)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))
