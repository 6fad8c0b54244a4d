"""What a run left: its jobs with their logs, its calls, its artifacts; and the caches that later runs find.

Names in artifacts are a learner's: they stand inside archives, never as names of files here.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from graders.forge.runs import StoredArtifact, WorkflowRun, folder_of, job_of, write_json
from graders.problems import Problem
from graders.reports.safe_text import one_line
from graders.runners.workflow.record import ActionCall, Artifact, CacheEntry, Call, JobRun, Run

_MOST_CACHE_BYTES = 256 << 20  # of all entries together; the oldest go first, as on GitHub


def keep_record(origin: Path, number: int, run: Run, more: Mapping[str, Any]) -> tuple[StoredArtifact, ...]:
    """Keep the record of a run and its artifacts; `more` is kept beside it. Returns what artifacts there are."""
    folder = folder_of(origin, number)
    content = {
        "jobs": [asdict(job) for job in run.jobs], "actions": [asdict(one) for one in run.actions],
        "calls": [asdict(one) for one in run.calls], "registry": dict(run.registry), "left_out": list(run.left_out),
        **more,
    }  # fmt: skip
    write_json(folder / "details.json", content)
    (folder / "artifacts").mkdir(exist_ok=True)
    return tuple(_keep_artifact(folder, place, one) for place, one in enumerate(run.artifacts))


def read_record(origin: Path, run: WorkflowRun) -> tuple[Run, dict[str, Any]]:
    """The record as it was kept, and what was kept beside it; nothing of a run that has none yet."""
    try:
        found = json.loads((folder_of(origin, run.id) / "details.json").read_bytes())
    except FileNotFoundError:
        return Run(), {}
    artifacts = [Artifact(one.name, _files(origin, run.id, place)) for place, one in enumerate(run.artifacts)]
    record = Run(
        jobs=tuple(map(job_of, found.pop("jobs"))),
        actions=tuple(ActionCall(**one) for one in found.pop("actions")),
        calls=tuple(
            Call(**{**one, "argv": tuple(one["argv"]), "names": tuple(one["names"])}) for one in found.pop("calls")
        ),
        artifacts=tuple(artifacts),
        registry=found.pop("registry"),
        left_out=tuple(found.pop("left_out")),
    )
    return record, found


def read_jobs(origin: Path, run: WorkflowRun) -> tuple[JobRun, ...]:
    """The jobs of a run with their logs, where there are any; else as they stand."""
    try:
        found = json.loads((folder_of(origin, run.id) / "details.json").read_bytes())
        return tuple(map(job_of, found["jobs"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return run.jobs


def unpack_artifact(origin: Path, run: WorkflowRun, name: str, into: Path) -> int:
    """Write an artifact's files into a folder, and return how many. Raises Problem where one would be overwritten.

    Regular files only, and none outside the folder.
    """
    place = next((place for place, one in enumerate(run.artifacts) if one.name == name), None)
    if place is None:
        known = ", ".join(one_line(one.name, 60) for one in run.artifacts) or "none"
        raise Problem(f"Run {run.id} has no artifact “{one_line(name, 60)}”.", f"It has: {known}.")
    files = _files(origin, run.id, place)
    targets = {path: into.joinpath(*PurePosixPath(path).parts) for path in files}
    for path, target in targets.items():
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or not target.resolve().is_relative_to(into.resolve()):
            raise Problem(
                f"The artifact holds a path that leaves its folder: {one_line(path, 80)}.", "It was left alone."
            )
        if os.path.lexists(target):
            raise Problem(f"{target} is there already.", "Name another folder: --dir DIR")
    for path, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(files[path])
    return len(files)


def caches_for(origin: Path, refs: Iterable[str]) -> tuple[CacheEntry, ...]:
    """The entries that a run may restore: those saved for any of `refs`; of one key, that of the first ref counts.

    https://docs.github.com/en/actions/reference/workflows-and-actions/dependency-caching#restrictions-for-accessing-a-cache
    """
    found: dict[str, CacheEntry] = {}
    for ref in refs:
        folder = _cache_folder(origin, ref)
        for file in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            try:
                settings = file.read_bytes()
                entry = json.loads(settings)
                archive = file.with_suffix(".tar").read_bytes()
                found.setdefault(entry["key"], CacheEntry(entry["key"], tuple(entry["paths"]), archive, settings))
            except (OSError, ValueError, KeyError, TypeError, RecursionError):
                continue
    return tuple(found.values())


def keep_caches(origin: Path, ref: str, given: Iterable[CacheEntry], now: Iterable[CacheEntry]) -> None:
    """Keep, for `ref`, the entries that a run has added. An entry never changes."""
    known = {entry.key for entry in given}
    folder = _cache_folder(origin, ref)
    for entry in now:
        file = folder / f"{hashlib.sha256(entry.key.encode()).hexdigest()[:32]}.json"
        if entry.key not in known and not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _replace(file.with_suffix(".tar"), entry.archive)
            _replace(file, entry.settings)
    _forget_oldest_caches(origin)


def _forget_oldest_caches(origin: Path) -> None:
    archives = sorted((origin / "forge" / "caches").glob("*/*.tar"), key=lambda file: -file.stat().st_mtime_ns)
    total = 0
    for file in archives:
        total += file.stat().st_size
        if total > _MOST_CACHE_BYTES:
            file.with_suffix(".json").unlink(missing_ok=True)
            file.unlink(missing_ok=True)


def _cache_folder(origin: Path, ref: str) -> Path:
    return origin / "forge" / "caches" / hashlib.sha256(ref.encode()).hexdigest()[:32]


def _keep_artifact(folder: Path, place: int, artifact: Artifact) -> StoredArtifact:
    file = folder / "artifacts" / f"{place}.zip"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(artifact.files.items()):
            member = zipfile.ZipInfo(name)
            member.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    _replace(file, packed.getvalue())
    return StoredArtifact(artifact.name, len(artifact.files), sum(map(len, artifact.files.values())))


def _files(origin: Path, number: int, place: int) -> dict[str, bytes]:
    with zipfile.ZipFile(folder_of(origin, number) / "artifacts" / f"{place}.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _replace(file: Path, content: bytes) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    temporary.write_bytes(content)
    os.replace(temporary, file)
