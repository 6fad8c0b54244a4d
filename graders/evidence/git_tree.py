"""Files of a commit, read from its objects: no checkout, so no filter, attribute or link of the repository acts."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from graders.evidence.git_command import AnswerTooLong, Git

MOST_FILES = 5_000
MOST_BYTES = 32 << 20
_LONGEST_NAME = 255
_LONGEST_PATH = 2_000
_REGULAR = ("100644", "100755")


class TreeTooLarge(Exception):
    """A tree of more than MOST_FILES files or MOST_BYTES bytes, or with a name that no disk takes."""


@dataclass(frozen=True, slots=True)
class Change:
    """One path that a commit changed: the blob it has now, or None where the commit deleted it."""

    commit: str
    path: str
    blob: str | None


def files_of(git: Git, tree: str) -> dict[str, bytes]:
    """Path to content of every regular file in `tree`; links and submodules are left out. Raises TreeTooLarge."""
    too_large = TreeTooLarge(f"more than {MOST_FILES:,} files or {MOST_BYTES >> 20} MiB")
    try:
        listed = os.fsdecode(git.read("ls-tree", "-r", "-z", "--long", tree, most=MOST_BYTES))
    except AnswerTooLong:
        raise too_large from None
    blobs: dict[str, str] = {}
    total = 0
    for line in listed.split("\0"):
        if line:
            (mode, _, blob, size), path = line.split("\t", 1)[0].split(), line.split("\t", 1)[1]
            if mode in _REGULAR:
                blobs[path] = blob
                total += int(size)
                if any(len(os.fsencode(part)) > _LONGEST_NAME for part in path.split("/")) or len(path) > _LONGEST_PATH:
                    raise TreeTooLarge(f"a name of more than {_LONGEST_NAME} bytes")
    if len(blobs) > MOST_FILES or total > MOST_BYTES:
        raise too_large
    content = contents(git, set(blobs.values()))
    return {path: content[blob] for path, blob in blobs.items()}


def contents(git: Git, blobs: Iterable[str], largest: int = MOST_BYTES) -> dict[str, bytes]:
    """Blob id to content; those of more than `largest` bytes are left out.

    https://git-scm.com/docs/git-cat-file#_batch_output
    """
    sizes = git.text("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=_lines(sorted(blobs)))
    wanted = [id for id, _, size in (line.partition(" ") for line in sizes.splitlines()) if int(size) <= largest]
    answer = git.read("cat-file", "--batch", stdin=_lines(wanted)) if wanted else b""
    found, position = {}, 0
    for blob in wanted:
        end = answer.index(b"\n", position)
        size = int(answer[position:end].split()[2])
        found[blob] = answer[end + 1 : end + 1 + size]
        position = end + 1 + size + 1
    return found


def _lines(ids: Iterable[str]) -> bytes:
    return "".join(f"{id}\n" for id in ids).encode()


def changes(git: Git, commits: Iterable[str]) -> list[Change]:
    """What each of `commits` changed against its parent; of a merge, what differs from every parent."""
    answer = git.text("diff-tree", "--stdin", "-r", "-z", "-c", "--no-renames", "--root", stdin=_lines(commits))
    found: list[Change] = []
    commit, words = "", iter(answer.split("\0"))
    for word in words:
        if word.startswith(":"):
            parents = len(word) - len(word.lstrip(":"))
            parts = word.lstrip(":").split()
            mode, blob = parts[parents], parts[2 * parents + 1]
            regular = mode in _REGULAR and set(blob) != {"0"}
            found.append(Change(commit, next(words), blob if regular else None))
        elif word:
            commit = word.strip()
    return found
