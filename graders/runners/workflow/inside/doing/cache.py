"""actions/cache, restore and save: archives in a folder, which the grader hands from one run to the next.

Entries never change; a path list is part of what must match; a prefix may match but is no hit.
https://github.com/actions/cache#inputs  https://docs.github.com/en/actions/reference/workflows-and-actions/dependency-caching
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from glob import glob
from pathlib import Path

from ..pip import linked_cache
from ..said import fail, inputs, job_folder, output, record, settings, workspace

_MOST_BYTES = 48 << 20
_LONGEST_SCRIPT = 64 << 10


def main(root: Path) -> int:
    """Restore; the post step saves."""
    return _restore(root, "restored")


def restore(root: Path) -> int:
    """Only restore; https://github.com/actions/cache/tree/main/restore"""
    return _restore(root, "restored")


def post(root: Path) -> int:
    """Save what a key without a hit should hold; GitHub runs it where the job succeeded."""
    if os.environ.get("STATE_HIT") == "true":
        return 0
    return _save(root, os.environ.get("STATE_KEY", ""))


def save(root: Path) -> int:
    """Only save; https://github.com/actions/cache/tree/main/save"""
    return _save(root, inputs().get("key", ""))


def _restore(root: Path, word: str) -> int:
    given = inputs()
    key, patterns = given.get("key", ""), _lines(given.get("path", ""))
    if not key or not patterns or len(key) > 512 or "," in key:
        record(cache="refused")
        return fail(
            f"Key Validation Error: {key[:80]} is not a usable key"
            if patterns
            else "Input required and not supplied: path"
        )
    others = _lines(given.get("restore-keys", ""))
    found = _find(root, key, others, _version(patterns))
    hit = found == key
    only_look = given.get("lookup-only") == "true"
    record(cache=word, key=key, restore_keys=others, paths=_in_any_job(patterns), hit=hit, found=found or "")
    if "GITHUB_STATE" in os.environ:
        with open(os.environ["GITHUB_STATE"], "a", encoding="utf-8") as state:
            state.write(f"KEY={key}\nHIT={'true' if hit else 'false'}\n")
    if found and not only_look:
        _unpack(_file(root, found), root)
    output(
        cache_hit="true" if hit else ("false" if found else ""), cache_primary_key=key, cache_matched_key=found or ""
    )
    if not found:
        print(f"Cache not found for input keys: {', '.join([key, *others])}")
        if given.get("fail-on-cache-miss") == "true":
            return fail(f"Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key: {key}")
    else:
        print(f"Cache restored from key: {found}")
    return 0


def _find(root: Path, key: str, others: list[str], version: str) -> str:
    entries = []
    for file in sorted((root / "caches").glob("*.json")):
        entry = json.loads(file.read_text())
        if entry["version"] == version:
            entries.append((entry["order"], entry["key"]))
    keys = [name for _, name in sorted(entries, reverse=True)]
    if key in keys:
        return key
    return next((name for wanted in [key, *others] for name in keys if name.startswith(wanted)), "")


def _save(root: Path, key: str) -> int:
    patterns = _lines(inputs().get("path", ""))
    bases = [base for pattern in patterns for base in sorted(glob(_absolute(pattern), recursive=True))]
    if not bases:
        record(cache="not saved", key=key, paths=_in_any_job(patterns), reason="path does not exist")
        print(
            "Warning: Path Validation Error: Path(s) specified in the action for caching do(es) not exist, hence no "
            "cache is being saved."
        )
        return 0
    file = _file(root, key)
    if file.exists():
        record(cache="not saved", key=key, paths=_in_any_job(patterns), reason="key exists")
        print(f"Failed to save: Unable to reserve cache with key {key}, another job may be creating this cache.")
        return 0
    places = _places()
    beside = file.with_suffix(f".{os.getpid()}")
    with tarfile.open(beside, "w:gz", compresslevel=1) as archive:  # an environment is large
        for base in bases:
            place = next((one for one in places if Path(base).is_relative_to(places[one])), "")
            name = Path(place, Path(base).relative_to(places[place])) if place else Path(base.lstrip("/"))
            archive.add(base, arcname=str(name))
    size = beside.stat().st_size
    if size > _MOST_BYTES:
        beside.unlink()
        record(cache="not saved", key=key, paths=_in_any_job(patterns), reason=f"more than {_MOST_BYTES >> 20} MB")
        return 0
    entry = {
        "key": key,
        "version": _version(patterns),
        "paths": _in_any_job(patterns),
        "room": str(job_folder()),
        "order": len(list((root / "caches").glob("*.json"))),
    }
    os.replace(beside, file)
    file.with_suffix(".json").write_text(json.dumps(entry))
    record(cache="saved", key=key, paths=_in_any_job(patterns), size=size)
    print(f"Cache saved with key: {key}")
    return 0


def _unpack(file: Path, root: Path) -> None:
    """Environments name the folder they stand in, which here is another one in each job, and link to wheels at hand."""
    told, entry = settings(str(root)), json.loads(file.with_suffix(".json").read_text())
    if told["wheels"]:
        linked_cache(root, Path(told["wheels"]))
    before, now = entry.get("room", "").encode(), str(job_folder()).encode()
    places = _places()
    with tarfile.open(file) as archive:
        for member in archive:
            place, _, rest = member.name.partition("/")
            member.name = rest or "."
            if place in places and rest:
                archive.extract(member, places[place], filter="fully_trusted")  # links to the Python at hand
                if before and member.isreg() and member.size < _LONGEST_SCRIPT:
                    _moved(places[place] / rest, before, now)


def _moved(file: Path, before: bytes, now: bytes) -> None:
    content = file.read_bytes()
    if before in content and b"\0" not in content:
        file.write_bytes(content.replace(before, now))


def _places() -> dict[str, Path]:
    """What is somewhere else in each job: its home, its workspace, and its folder with the Python that was set up."""
    return {"HOME": Path.home(), "WORKSPACE": workspace(), "JOB": job_folder()}


def _file(root: Path, key: str) -> Path:
    return root / "caches" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.tar"


def _version(patterns: list[str]) -> str:
    return hashlib.sha256("|".join(_in_any_job(patterns)).encode()).hexdigest()


def _in_any_job(patterns: list[str]) -> list[str]:
    """The same for each run and job: on GitHub the folders of all of them have the same names."""
    return [pattern.replace(str(job_folder()), "/home/runner/work/_job") for pattern in patterns]


def _absolute(pattern: str) -> str:
    return os.path.normpath(workspace() / Path(pattern).expanduser())


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
