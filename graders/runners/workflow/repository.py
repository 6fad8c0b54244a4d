"""What the sandbox's `actions/checkout` fetches from, and commits of ours on top of the learner's.

All is done with plumbing in our own copy: no work tree, so no filter, hook or attribute of the repository acts.
"""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from graders.evidence.git_command import Git, GitFailed

_BY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Nine Steps"), ("EMAIL", "grader@ninesteps.example"), ("DATE", "2001-01-01T00:00:00Z"))
}
_CONFIG = b"[core]\n\trepositoryformatversion = 0\n\tbare = true\n"


def remote_files(git: Git, refs: Mapping[str, str], head: str = "main") -> dict[str, bytes]:
    """A bare repository as files: `refs` (full name to commit id), its objects borrowed from our copy's folder.

    https://git-scm.com/docs/gitrepository-layout
    """
    packed = "".join(f"{id} {name}\n" for name, id in sorted(refs.items()))
    return {
        "HEAD": f"ref: refs/heads/{head}\n".encode(),
        "config": _CONFIG,
        "packed-refs": b"# pack-refs with: sorted \n" + packed.encode(),
        "refs/heads/.keep": b"",
        "objects/info/alternates": f"{git.folder / 'objects'}\n".encode(),
    }


def project_files(commit: str, ref: str, url: str) -> dict[str, bytes]:
    """As much of a repository as tells act, in the folder it runs in, which commit of which ref it runs for."""
    files = {
        ".git/HEAD": f"{commit}\n".encode(),
        ".git/config": f'[remote "origin"]\n\turl = {url}\n'.encode(),
        ".git/refs/heads/.keep": b"",
        ".git/objects/.keep": b"",
    }
    if ref.startswith("refs/heads/"):
        files |= {".git/HEAD": f"ref: {ref}\n".encode(), f".git/{ref}": f"{commit}\n".encode()}
    return files


def with_changes(git: Git, commit: str, changes: Mapping[str, bytes | None], message: str = "A change") -> str:
    """A commit on top of `commit` in which each path has the content given, or is gone (None). The same in, same id.

    Raises GitFailed.
    """
    with tempfile.TemporaryDirectory(prefix="ninesteps-") as scratch:
        here = _with_environment(git, {"GIT_INDEX_FILE": str(Path(scratch) / "index"), **_BY})
        here.read("read-tree", commit)
        modes = _modes(here, commit, list(changes))
        lines = []
        for path, content in changes.items():
            if content is None:
                lines.append(f"0 {'0' * 40}\t{path}")
            else:
                blob = here.text("hash-object", "-w", "--stdin", stdin=content).strip()
                lines.append(f"{modes.get(path, '100644')} {blob}\t{path}")
        here.read("update-index", "-z", "--index-info", stdin="".join(f"{line}\0" for line in lines).encode())
        tree = here.text("write-tree").strip()
        return here.text("commit-tree", tree, "-p", commit, "-m", message).strip()


def empty_commit(git: Git) -> str:
    """A first commit that holds nothing."""
    here = _with_environment(git, _BY)
    return here.text("commit-tree", here.text("mktree", stdin=b"").strip(), "-m", "Begin").strip()


def merge_commit(git: Git, base: str, head: str) -> str | None:
    """What GitHub calls `refs/pull/N/merge`: both joined, or None where they conflict."""
    try:
        tree = git.text("merge-tree", "--write-tree", base, head).split()[0]
        here = _with_environment(git, _BY)
        return here.text("commit-tree", tree, "-p", base, "-p", head, "-m", f"Merge {head} into {base}").strip()
    except GitFailed:
        return None


def readable_by_all(folder: Path) -> None:
    """Let the sandbox's user read a folder of ours whose parents nobody else may pass."""
    if os.name == "nt" or os.geteuid() != 0 or (folder.stat().st_mode & 0o055) == 0o055:
        return
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def _modes(git: Git, commit: str, paths: list[str]) -> dict[str, str]:
    listed = git.text("--literal-pathspecs", "ls-tree", "-z", commit, "--", *paths) if paths else ""
    return {line.split("\t", 1)[1]: line.split()[0] for line in listed.split("\0") if line}


def _with_environment(git: Git, more: Mapping[str, str]) -> Git:
    here = copy.copy(git)
    here.environment = {**git.environment, **more}
    return here
