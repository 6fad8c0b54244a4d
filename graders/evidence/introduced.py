"""All that a branch's commits brought in: every version of every file, whether or not it is still there, and what was said."""

from __future__ import annotations

from graders.evidence.git_tree import MOST_BYTES, TreeTooLarge, contents, sizes_of, touched
from graders.evidence.snapshot import Snapshot

MOST_COMMITS = 1_000


def introduced(snapshot: Snapshot, root: str, tip: str) -> dict[str, bytes]:
    """`COMMIT PATH` to content for each file as each commit of `root..tip` left it, `COMMIT message` for each message.

    A version that a later commit brings in again stands there once, with the first. Raises TreeTooLarge.
    """
    history, git = snapshot.history, snapshot.git
    commits = history.between(root, tip)
    if len(commits) > MOST_COMMITS:
        raise TreeTooLarge(f"more than {MOST_COMMITS:,} commits")
    before = {commit.id: [history[parent].tree for parent in commit.parents] for commit in commits}
    brought = touched(git, {commit.id: (commit.tree, before[commit.id]) for commit in commits})
    sizes = sizes_of(git, {blob for paths in brought.values() for blob in paths.values()})
    if sum(sizes.values()) > MOST_BYTES:
        raise TreeTooLarge(f"more than {MOST_BYTES >> 20} MiB of changes")
    content = contents(git, sizes)
    found: dict[str, bytes] = {}
    seen: set[tuple[str, str]] = set()
    for commit in commits:
        found[f"{commit.short} message"] = git.read("show", "-s", "--format=%an%n%B", commit.id)
        for path, blob in brought[commit.id].items():
            if (path, blob) not in seen:
                seen.add((path, blob))
                found[f"{commit.short} {path}"] = content[blob]
    return found
