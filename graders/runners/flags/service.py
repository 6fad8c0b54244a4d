"""Start a service with flags in the sandbox, carry out what `plan.py` says, and record it."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from graders.runners.flags.plan import Start
from graders.runners.flags.record import Observed, read
from graders.runners.remembered import fingerprint, recall, remember
from graders.runners.sandbox import Limits, run

_INSIDE = Path(__file__).with_name("inside.py")
_FORMAT = 2
_SECONDS = 20.0  # until it answers
_LIMITS = Limits(seconds=240, cpu_seconds=120, processes=512, output_bytes=4 << 20)
_ARGV = ("--factory", "widgets.app:create_app", "--uds", "{socket}")
_FRAMEWORKS = ("fastapi", "uvicorn", "uvicorn.main", "uvicorn.protocols.http.h11_impl", "sqlalchemy.orm",
               "sqlalchemy.dialects.sqlite", "asyncio", "logging.config")  # fmt: skip
_SDK = ("openfeature.api", "openfeature.contrib.provider.flagd")


def observe(files: Mapping[str, bytes], groups: Sequence[Sequence[Start]], cache: Path | None = None) -> Observed:
    """What the service in `files` (path to content) does; groups of starts run one after another.

    With `cache`, a folder, the same starts of the same files by the same interpreter are not repeated.
    """
    known = cache / f"{_fingerprint(files, groups)}.json" if cache else None
    if remembered := _read(recall(known)):
        return remembered
    token = secrets.token_hex(16)
    asks_sdk = any(b"openfeature" in content for name, content in files.items() if name.endswith(".py"))
    task = {
        "token": token, "argv": _ARGV, "env": {}, "seconds": _SECONDS,
        "groups": [[one.task for one in group] for group in groups], "modules": [*_FRAMEWORKS, *(_SDK if asks_sdk else ())],
    }  # fmt: skip
    done = run(
        ["python", "-I", "-c", _INSIDE.read_text(encoding="utf-8"), "{report}"], files=files,
        stdin=json.dumps(task).encode(), limits=_LIMITS,
    )  # fmt: skip
    data = _checked(done.report, token)
    if data is None:
        why = "it did not end in time" if done.timed_out else "what watches over it was disturbed, and left no record"
        return Observed({}, why)
    record = json.dumps(data).encode()
    found = _read(record)
    if found is None:
        return Observed({}, "what watches over it was disturbed, and left no record")
    if not found.trouble:
        remember(known, record)
    return found


def _checked(report: bytes, token: str) -> dict[str, Any] | None:
    try:
        data = json.loads(report)
        return data if secrets.compare_digest(str(data.pop("token")), token) else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _read(record: bytes) -> Observed | None:
    try:
        return read(json.loads(record)) if record else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _fingerprint(files: Mapping[str, bytes], groups: Sequence[Sequence[Start]]) -> str:
    tasks = [[one.task for one in group] for group in groups]
    return fingerprint([_FORMAT, sys.version, _INSIDE.read_text(encoding="utf-8"), tasks], files)
