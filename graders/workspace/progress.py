"""What a learner has done: one JSON file that survives crashes, restarts and two processes that write at once."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from graders.criterion import Kind
from graders.problems import Problem
from graders.result import Result
from graders.workspace.home import state_dir

SCHEMA = 1
_PATIENCE = 30  # seconds to wait for another process of the same learner


@dataclass(slots=True)
class StepProgress:
    """One step. `hints` counts the rungs already shown for each criterion; `workspace` is the latest start's folder.

    `others` holds what a newer version of the course wrote; it is kept when writing.
    """

    seed: int | None = None
    workspace: str | None = None
    attempts: int = 0
    best: float = 0.0
    last: float = 0.0
    max_score: float = 0.0
    passed_at: str | None = None
    hints: dict[str, int] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Progress:
    """All steps.

    `latest` is the step started last, `told` the notices shown once, `kept_aside` earlier files that were unreadable.
    `notice` is set by the one call that found the file unreadable: a sentence for the learner.
    """

    steps: dict[str, StepProgress] = field(default_factory=dict)
    latest: str | None = None
    told: list[str] = field(default_factory=list)
    kept_aside: list[str] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)
    notice: str = ""

    def step(self, name: str) -> StepProgress:
        """The progress of one step, begun where there is none yet."""
        return self.steps.setdefault(name, StepProgress())


def progress_file() -> Path:
    """The one file that holds it all."""
    return state_dir() / "progress.json"


def load() -> Progress:
    """Read the learner's progress; empty where there is none. An unreadable file is kept aside, see `notice`."""
    if not progress_file().exists():
        return Progress()
    with _locked():
        progress = _read()
        if progress.notice:
            _write(progress)
        return progress


def record_start(step: str, seed: int, workspace: Path) -> Progress:
    """Remember where the step called `step` was started (the folder that holds `repo/`), and with which seed."""
    with _changing() as progress:
        one = progress.step(step)
        one.seed, one.workspace = seed, str(workspace.absolute())
        progress.latest = step
    return progress


def record_check(result: Result) -> Progress:
    """Count an attempt, keep the best score, and take back the hints of criteria that pass now."""
    with _changing() as progress:
        one = progress.step(result.step)
        one.attempts += 1
        one.last, one.max_score = result.score, result.max_score
        one.best = min(max(one.best, one.last), one.max_score)
        if result.exit_code == 0 and one.passed_at is None:
            one.passed_at = datetime.now(UTC).isoformat(timespec="seconds")
        for judged in result.criteria:
            if judged.verdict.kind is Kind.PASSED:
                one.hints.pop(judged.id, None)
    return progress


def next_rung(criterion_id: str, how_many: int) -> int:
    """The hint to show now, from 0 to `how_many` - 1: one further at each call, the last one again at the end."""
    if how_many < 1:
        raise ValueError(f"{criterion_id} has no hints")
    with _changing() as progress:
        hints = progress.step(criterion_id.partition(".")[0]).hints
        rung = min(max(hints.get(criterion_id, 0), 0), how_many - 1)
        hints[criterion_id] = rung + 1
    return rung


def told_once(name: str) -> bool:
    """True the first time it is asked for `name`, so that a notice is shown once."""
    with _changing() as progress:
        first = name not in progress.told
        if first:
            progress.told.append(name)
    return first


@contextmanager
def _locked() -> Iterator[None]:
    from filelock import FileLock, Timeout

    folder = state_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "progress.lock", timeout=_PATIENCE):
            yield
    except Timeout:
        raise Problem(
            f"Another `ninesteps` has held your progress ({folder}) for {_PATIENCE} seconds.",
            "Wait for it to end, or end it, then run this again.",
        ) from None
    except OSError as trouble:
        raise Problem(
            f"Your progress can't be kept in {folder}: {trouble.strerror or trouble}.",
            "Make that folder writable, or choose another with the variable NINESTEPS_HOME.",
        ) from None


@contextmanager
def _changing() -> Iterator[Progress]:
    with _locked():
        progress = _read()
        yield progress
        _write(progress)


def _read() -> Progress:
    path = progress_file()
    try:
        return _from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Progress()
    except (ValueError, RecursionError, PermissionError, IsADirectoryError):
        aside = next(name for name in _names_aside(path) if not name.exists())
        os.replace(path, aside)
        notice = f"Your progress file could not be read. It is kept as {aside}, and a new one begins."
        return Progress(kept_aside=[str(aside)], notice=notice)


def _names_aside(path: Path) -> Iterator[Path]:
    number = 1
    while True:
        yield path.with_name(f"progress.unreadable-{number}.json")
        number += 1


def _write(progress: Progress) -> None:
    path = progress_file()
    text = json.dumps(_as_json(progress), indent=2) + "\n"
    handle, temporary = tempfile.mkstemp(prefix=".progress-", suffix=".json", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _as_json(progress: Progress) -> dict[str, Any]:
    return {
        **progress.others,
        "schema": progress.others.get("schema", SCHEMA),
        "latest": progress.latest,
        "told": progress.told,
        "kept_aside": progress.kept_aside,
        "steps": {name: _step_as_json(one) for name, one in sorted(progress.steps.items())},
    }


def _step_as_json(one: StepProgress) -> dict[str, Any]:
    known = {item.name: getattr(one, item.name) for item in fields(one) if item.name != "others"}
    return {**one.others, **known}


def _from_json(data: Any) -> Progress:
    """Raises ValueError where a value is not what this version wrote."""
    rest = dict(_mapping(data))
    return Progress(
        steps={name: _step_from_json(one) for name, one in _mapping(rest.pop("steps", {})).items()},
        latest=_text(rest.pop("latest", None)),
        told=_texts(rest.pop("told", [])),
        kept_aside=_texts(rest.pop("kept_aside", [])),
        others=rest,
    )


def _step_from_json(data: Any) -> StepProgress:
    rest = dict(_mapping(data))
    seed = rest.pop("seed", None)
    return StepProgress(
        seed=None if seed is None else _count(seed),
        workspace=_text(rest.pop("workspace", None)),
        attempts=_count(rest.pop("attempts", 0)),
        best=_points(rest.pop("best", 0.0)),
        last=_points(rest.pop("last", 0.0)),
        max_score=_points(rest.pop("max_score", 0.0)),
        passed_at=_text(rest.pop("passed_at", None)),
        hints={name: _count(rungs) for name, rungs in _mapping(rest.pop("hints", {})).items()},
        others=rest,
    )


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("not a list of texts")
    return value


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("not a count")
    return value


def _points(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        raise ValueError("not a number of points")
    return float(value)
