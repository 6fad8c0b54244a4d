"""A learner's own copies of the course's notebooks: brought up to date, and never written over where changed."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from filelock import FileLock

from graders.problems import Problem

SCHEMA = 1


def bring_up_to_date(released: Iterable[Path], folder: Path, record: Path) -> list[str]:
    """Copy the `released` notebooks into `folder`; `record` remembers what was copied. Returns a sentence a change.

    A copy that the learner has only opened follows the course. One that they have changed stays, and the course's newer
    one is put beside it as `NAME.new.ipynb`, once. Raises Problem where a folder can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        record.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(record.with_suffix(".lock"), timeout=30):
            given = _read(record)
            said = [_bring(notebook, folder, given) for notebook in released]
            _write(record, (json.dumps({"schema": SCHEMA, "given": given}, indent=1, sort_keys=True) + "\n").encode())
    except OSError as trouble:
        raise Problem(
            f"The notebooks can't be copied to {folder}: {trouble.strerror or trouble}.",
            "Make that folder writable, or choose another with the variable NINESTEPS_HOME.",
        ) from None
    return [sentence for sentence in said if sentence]


def _bring(notebook: Path, folder: Path, given: dict[str, str]) -> str:
    """Bring one notebook; `given` maps a file's name to the digest of what the course last put there."""
    data = notebook.read_bytes()
    newest, mine = _digest(data), folder / notebook.name
    current = _digest(mine.read_bytes()) if mine.exists() else None
    before = given.get(notebook.name)
    given[notebook.name] = newest
    if current == newest:
        return ""
    if current is None or current == before:
        _write(mine, data)
        return "" if before is None else f"{mine.name} is now the course's newest."
    if before == newest:
        return ""
    beside = next(path for path in _names_beside(mine) if not path.exists() or given.get(path.name) == _of(path))
    given[beside.name] = newest
    _write(beside, data)
    return f"{mine.name} is yours and stays as it is; the course's newer one is beside it, in {beside.name}."


def _names_beside(mine: Path) -> Iterable[Path]:
    yield mine.with_suffix(".new.ipynb")
    for number in range(2, 1000):
        yield mine.with_suffix(f".new{number}.ipynb")


def _of(path: Path) -> str:
    return _digest(path.read_bytes())


def _digest(data: bytes) -> str:
    """Of what a reader sees: cells and outputs. JupyterLab rewrites a page's metadata as soon as it opens it."""
    try:
        cells = json.loads(data)["cells"]
        seen = [
            [cell["cell_type"], "".join(cell["source"]), cell.get("outputs"), cell.get("attachments")] for cell in cells
        ]
        data = json.dumps(seen, sort_keys=True).encode()
    except (ValueError, KeyError, TypeError, RecursionError):
        pass  # no notebook any more: then every byte of it counts
    return hashlib.sha256(data).hexdigest()


def _read(record: Path) -> dict[str, str]:
    """What was given before; nothing where the record is missing or spoilt, so that every copy counts as changed."""
    try:
        said: Any = json.loads(record.read_bytes())
        given = said["given"] if said["schema"] == SCHEMA else {}
        return {str(name): str(digest) for name, digest in given.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write(target: Path, data: bytes) -> None:
    handle, half = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(half).chmod(0o644)
        Path(half).replace(target)
    except BaseException:
        Path(half).unlink(missing_ok=True)
        raise
