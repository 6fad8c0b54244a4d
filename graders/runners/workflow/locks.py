"""Which files of pinned packages a run installed from, and such a file changed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from graders.runners.workflow.mutants import lock_comment, lock_package
from graders.runners.workflow.record import Call

_OPTIONS = ("-r", "--requirement", "--requirements", "-c", "--constraint")
_OF_PROJECT = ("uv.lock", "poetry.lock", "Pipfile.lock", "package-lock.json")
_KNOWN = ("requirements-dev.lock", "requirements.lock", *_OF_PROJECT, "requirements-dev.txt", "requirements.txt")


def installed_from(calls: Iterable[Call], files: Mapping[str, bytes]) -> tuple[str, ...]:
    """The files of the repository that pip or uv read pins from; where none was, the first lock that is there."""
    named = {path for call in calls for path in _named(call) if path in files}
    return tuple(sorted(named)) or tuple(path for path in _KNOWN if path in files)[:1]


def _named(call: Call) -> Iterator[str]:
    words = list(call.argv)
    for before, word in zip(["", *words], words, strict=False):
        if before in _OPTIONS:
            yield _path(call.cwd, word)
        elif word.startswith("-r") and not word.startswith("--") and len(word) > 2:
            yield _path(call.cwd, word[2:])
        elif word.startswith(("--requirement=", "--constraint=")):
            yield _path(call.cwd, word.partition("=")[2])
    if call.tool == "uv" and words[:1] in (["sync"], ["run"], ["export"]):
        yield "uv.lock"
    if call.tool == "uv" and words[:2] == ["pip", "sync"]:
        yield from (_path(call.cwd, word) for word in words[2:] if not word.startswith("-"))


def _path(folder: str, name: str) -> str:
    """From the repository's root. A workspace is a folder called `hostexecutor` to act."""
    return posixpath.normpath(posixpath.join(folder, name)).rpartition("/hostexecutor/")[2]


def changed_lock(files: Mapping[str, bytes], lock: str) -> bytes:
    """Another lock that can be installed: one package more where packages have hashes, else another comment."""
    if lock.endswith(".json"):
        return files[lock].rstrip(b"\n") + b"\n\n"
    change = lock_package if b"--hash=" in files[lock] else lock_comment
    return change(files, lock).changes[lock]
