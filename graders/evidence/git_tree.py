"""Files of a commit, read from its objects: no checkout, so no filter, attribute or link of the repository acts."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence

from graders.evidence.git_command import AnswerTooLong, Git

MOST_FILES = 5_000
MOST_BYTES = 32 << 20
_MOST_LISTED = 16 << 20
_TOO_LARGE = f"more than {MOST_FILES:,} files or {MOST_BYTES >> 20} MiB"
_LONGEST_NAME = 255
_LONGEST_PATH = 2_000
_MOST_WALKED = 200_000
_FOLDER = b"40000"
_ENTRY = re.compile(rb"(\d+) ([^\0]+)\0(.{20})", re.DOTALL)
_REGULAR = ("100644", "100755")
_LINK = "120000"


class TreeTooLarge(Exception):
    """A tree of more than MOST_FILES files or MOST_BYTES bytes, or with a name that no disk takes."""


def blobs_of(git: Git, tree: str) -> dict[str, str]:
    """Path to blob id of every regular file in `tree`; links and submodules are left out. Raises TreeTooLarge."""
    try:
        listed = os.fsdecode(git.read("ls-tree", "-r", "-z", tree, most=_MOST_LISTED))
    except AnswerTooLong:
        raise TreeTooLarge(_TOO_LARGE) from None
    blobs: dict[str, str] = {}
    for line in listed.split("\0")[:-1]:
        about, _, path = line.partition("\t")
        mode, _, blob = about.split()
        if mode in _REGULAR:
            blobs[path] = blob
            if any(len(os.fsencode(part)) > _LONGEST_NAME for part in path.split("/")) or len(path) > _LONGEST_PATH:
                raise TreeTooLarge(f"a name of more than {_LONGEST_NAME} bytes")
    if len(blobs) > MOST_FILES:
        raise TreeTooLarge(_TOO_LARGE)
    return blobs


def files_of(git: Git, tree: str) -> dict[str, bytes]:
    """Path to content of every regular file in `tree`. Raises TreeTooLarge."""
    blobs = blobs_of(git, tree)
    sizes = sizes_of(git, set(blobs.values()))
    if sum(sizes[blob] for blob in blobs.values()) > MOST_BYTES:
        raise TreeTooLarge(_TOO_LARGE)
    content = contents(git, sizes)
    return {path: content[blob] for path, blob in blobs.items()}


def entries_of(git: Git, tree: str) -> dict[str, tuple[str, bytes]]:
    """Path to mode (`100644`, `100755`, `120000`) and content of every file and link. Raises TreeTooLarge.

    A link's content is where it leads.
    """
    files = files_of(git, tree)
    try:
        listed = os.fsdecode(git.read("ls-tree", "-r", "-z", tree, most=_MOST_LISTED))
    except AnswerTooLong:
        raise TreeTooLarge(_TOO_LARGE) from None
    modes, links = {}, {}
    for line in listed.split("\0")[:-1]:
        about, _, path = line.partition("\t")
        mode, _, blob = about.split()
        modes[path] = mode
        if mode == _LINK:
            links[path] = blob
    small = (
        {blob for blob, size in sizes_of(git, set(links.values())).items() if size <= _LONGEST_PATH} if links else set()
    )
    leads = contents(git, small) if small else {}
    found = {path: (modes[path], content) for path, content in files.items()}
    return found | {path: (_LINK, leads[blob]) for path, blob in links.items() if blob in leads}


def sizes_of(git: Git, blobs: Iterable[str]) -> dict[str, int]:
    """Blob id to its size in bytes. https://git-scm.com/docs/git-cat-file#_batch_output"""
    lines = git.text("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=_lines(sorted(blobs))).splitlines()
    return {id: int(size) for id, _, size in (line.partition(" ") for line in lines)}


def contents(git: Git, ids: Iterable[str]) -> dict[str, bytes]:
    """Object id to content, in one process; look at their sizes first."""
    wanted = sorted(ids)
    answer = git.read("cat-file", "--batch", stdin=_lines(wanted))
    found, position = {}, 0
    for id in wanted:
        end = answer.index(b"\n", position)
        size = int(answer[position:end].split()[2])
        found[id] = answer[end + 1 : end + 1 + size]
        position = end + 1 + size + 1
    return found


def touched(git: Git, trees: Mapping[str, tuple[str, Sequence[str]]]) -> dict[str, dict[str, str]]:
    """For each key, path to blob of the regular files in its tree that none of the trees before it holds so.

    Walked level by level, with one process a level for all of them, and only where trees differ: a tree can name
    itself a billion times. Raises TreeTooLarge.
    """
    found: dict[str, dict[str, str]] = {key: {} for key in trees}
    level = [(key, b"", tree, tuple(before)) for key, (tree, before) in trees.items()]
    walked = 0
    while level:
        walked += len(level)
        if walked > _MOST_WALKED:
            raise TreeTooLarge(_TOO_LARGE)
        entries = _entries(git, {id for _, _, tree, before in level for id in (tree, *before)})
        below = []
        for key, folder, tree, before in level:
            unchanged = set(entries[before[0]].items()) if len(before) == 1 else set()
            for name, (mode, id) in entries[tree].items() - unchanged:
                old = [entries[one].get(name, (b"", "")) for one in before]
                if id in [was for _, was in old]:
                    continue
                if mode == _FOLDER:
                    was = tuple(was for kind, was in old if kind == _FOLDER)
                    below.append((key, folder + name + b"/", id, was))
                elif mode.decode() in _REGULAR:
                    found[key][os.fsdecode(folder + name)] = id
        level = below
    return {key: dict(sorted(paths.items())) for key, paths in found.items()}


def _entries(git: Git, trees: set[str]) -> dict[str, dict[bytes, tuple[bytes, str]]]:
    """Tree id to its entries: name to mode and id. https://git-scm.com/book/en/v2/Git-Internals-Git-Objects"""
    found = {}
    for tree, content in contents(git, trees).items():
        found[tree] = {match[2]: (match[1], match[3].hex()) for match in _ENTRY.finditer(content)}
    return found


def _lines(ids: Iterable[str]) -> bytes:
    return "".join(f"{id}\n" for id in ids).encode()
