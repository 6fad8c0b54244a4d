"""Start a service in the sandbox, once for each of several environments, and record how it behaves in each."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from graders.runners.remembered import fingerprint, recall, remember
from graders.runners.sandbox import Limits, run

_PROBE = Path(__file__).with_name("service_probe.py")
_FORMAT = 2
_SECONDS = 15.0  # until it answers
_ARGV = (
    "python",
    "-m",
    "uvicorn",
    "--factory",
    "widgets.app:create_app",
    "--uds",
    "{socket}",
    "--log-level",
    "warning",
)
_ENV = {"LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True, slots=True)
class Start:
    """One start: the `env` it gets, the requests it is sent (`method`, `path`, `json`) once it answers `/healthz`.

    `files` are paths in the sandbox of which it is noted whether they hold one of `words` afterwards.
    """

    env: Mapping[str, str]
    requests: tuple[Mapping[str, Any], ...] = ()
    files: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """How a start went. `exit_code` is None where it still ran when it was ended; `said` is what it printed.

    `answers` are status and body of each request; `files` says of each file that is there whether it holds a word.
    """

    up: bool
    exit_code: int | None
    said: str
    answers: tuple[tuple[int, str], ...] = ()
    files: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Service:
    """What came of all starts, in their order; `trouble` says, as the middle of a sentence, why nothing did."""

    starts: tuple[Started, ...] = ()
    trouble: str = ""


def start_service(files: Mapping[str, bytes], starts: Sequence[Start], cache: Path | None = None) -> Service:
    """Start the service in `files` (path to content) with each environment; all at once, each in its own process.

    With `cache`, a folder, the same starts of the same files by the same interpreter are not repeated.
    """
    known = cache / f"{_fingerprint(files, starts)}.json" if cache else None
    record = _known(known)
    if record is None:
        token = secrets.token_hex(16)
        task = {
            "token": token, "argv": _ARGV, "env": _ENV, "seconds": _SECONDS, "starts": [asdict(one) for one in starts],
        }  # fmt: skip
        done = run(
            ["python", "-I", "-c", _PROBE.read_text(encoding="utf-8"), "{report}"], files=files,
            stdin=json.dumps(task).encode(), limits=Limits(seconds=90, cpu_seconds=60),
        )  # fmt: skip
        record = _checked(done.report, token, len(starts))
        if record is None:
            why = (
                "it did not end in time" if done.timed_out else "what watches over it was disturbed, and left no record"
            )
            return Service(trouble=why)
        remember(known, json.dumps(record).encode())
    return Service(tuple(_started(one) for one in record))


def _started(one: Mapping[str, Any]) -> Started:
    answers = tuple((int(answer["status"]), str(answer["body"])) for answer in one["answers"])
    return Started(bool(one["up"]), one["exit_code"], str(one["said"]), answers, dict(one["files"]))


def _checked(report: bytes, token: str, count: int) -> list[dict[str, Any]] | None:
    try:
        record = json.loads(report)
        results = record["results"] if secrets.compare_digest(str(record["token"]), token) else None
        return results if isinstance(results, list) and len(results) == count else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _fingerprint(files: Mapping[str, bytes], starts: Sequence[Start]) -> str:
    head = [_FORMAT, sys.version, _PROBE.read_text(encoding="utf-8"), [asdict(one) for one in starts]]
    return fingerprint(head, files)


def _known(file: Path | None) -> list[dict[str, Any]] | None:
    try:
        found = json.loads(recall(file))
    except ValueError:
        return None
    return found if isinstance(found, list) else None
