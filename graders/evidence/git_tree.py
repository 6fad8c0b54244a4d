"""Files of a commit, read from its objects: no checkout, so no filter, attribute or link of the repository acts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graders.evidence.git_command import Git

MOST_FILES = 5_000
MOST_BYTES = 32 << 20
_REGULAR = ("100644", "100755")


class TreeTooLarge(Exception):
    """A tree of more than MOST_FILES files or MOST_BYTES bytes."""


@dataclass(frozen=True, slots=True)
class Change:
    """One path that a commit changed: the blob it has now, or None where the commit deleted it."""

    commit: str
    path: str
    blob: str | None


def files_of(git: Git, tree: str) -> dict[str, bytes]:
    """Path to content of every regular file in `tree`; links and submodules are left out. Raises TreeTooLarge."""
    blobs: dict[str, str] = {}
    total = 0
    for line in git.text("ls-tree", "-r", "-z", "--long", tree).split("\0"):
        if line:
            (mode, _, blob, size), path = line.split("\t", 1)[0].split(), line.split("\t", 1)[1]
            if mode in _REGULAR:
                blobs[path] = blob
                total += int(size)
    if len(blobs) > MOST_FILES or total > MOST_BYTES:
        raise TreeTooLarge(f"more than {MOST_FILES:,} files or {MOST_BYTES >> 20} MiB")
    content = contents(git, set(blobs.values()))
    return {path: content[blob] for path, blob in blobs.items()}


def contents(git: Git, blobs: Iterable[str]) -> dict[str, bytes]:
    """Blob id to content, in one process. https://git-scm.com/docs/git-cat-file#_batch_output"""
    wanted = sorted(blobs)
    if not wanted:
        return {}
    answer = git.read("cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in wanted).encode())
    found, position = {}, 0
    for blob in wanted:
        end = answer.index(b"\n", position)
        size = int(answer[position:end].split()[2])
        found[blob] = answer[end + 1 : end + 1 + size]
        position = end + 1 + size + 1
    return found


def changes(git: Git, commits: Iterable[str]) -> list[Change]:
    """What each of `commits` changed against its parent; of a merge, what differs from every parent."""
    ids = "".join(f"{id}\n" for id in commits)
    if not ids:
        return []
    answer = git.text("diff-tree", "--stdin", "-r", "-z", "-c", "--no-renames", "--root", stdin=ids.encode())
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
