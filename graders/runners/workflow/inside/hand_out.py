"""What happened, as one archive: act's log, the calls that shims saw, artifacts, caches. Regular files, bounded.

The format is a name, a tab, a size and a line break before the bytes of each member; it needs nothing imported.
"""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

_MOST_FILES = 4_000


def hand_out(report: str, root: str, log: bytes, end: dict[str, Any], most_bytes: int) -> None:
    """Write the archive to `report`. What exceeds the bounds is left out, and named."""
    left, left_out, count = most_bytes, [], 0
    with open(report, "wb") as archive:
        _add(archive, "act.jsonl", log)
        for name, path in _regular_files(root):
            data = _read(path, left + 1) if count < _MOST_FILES else None
            if data is None or len(data) > left or "\n" in name or "\t" in name:
                left_out.append(name)
                continue
            _add(archive, name, data)
            left, count = left - len(data), count + 1
        _add(archive, "stderr", end["stderr"].encode())
        _add(archive, "left_out", "\0".join(left_out[:50]).encode("utf-8", "replace"))
        _add(archive, "trouble", end["trouble"].encode())
        _add(archive, "exit_code", str(end["exit_code"]).encode())


def _regular_files(root: str) -> Iterator[tuple[str, str]]:
    for folder in ("record", "artifacts", "caches"):
        for here, folders, files in os.walk(f"{root}/{folder}"):
            folders.sort()
            for name in sorted(files):
                path = f"{here}/{name}"
                if stat.S_ISREG(os.lstat(path).st_mode):
                    yield os.path.relpath(path, root), path


def _read(path: str, most: int) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read(most)


def _add(archive: BinaryIO, name: str, content: bytes) -> None:
    archive.write(f"{name}\t{len(content)}\n".encode("utf-8", "surrogateescape") + content)
