"""Refuse a `.git` that points somewhere else, before git looks at it.

A gitfile, a symbolic link, `commondir` or `alternates` makes git answer for another repository than the one that was
handed in; a clone does not stop that. A main clone that has linked worktrees answers for itself, and is read.
https://git-scm.com/docs/gitrepository-layout
"""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from graders.problems import Problem

MOST_BYTES = 1 << 30
MOST_FILES = 200_000
_REDIRECTS = {
    "commondir": "is a linked worktree's",
    "objects/info/alternates": "borrows objects from another repository",
    "objects/info/http-alternates": "borrows objects from another repository",
}
_NEVER_READ = ("hooks",)  # many teams link theirs to files of the working tree


def git_dir_of(repository: Path) -> Path:
    """The git folder of a clone or of a bare repository, found without asking git.

    Raises Problem where there is none, or where it is a file or a link that leads elsewhere.
    """
    inside = repository / ".git"
    if inside.is_symlink():
        raise Problem(
            f"{inside} is a symbolic link, so it leads to another repository.", "Give the path of a real clone."
        )
    if inside.is_file():
        raise Problem(
            f"{inside} is a file that points to another repository (a linked worktree or a submodule).",
            f"Give the path of the main clone{_main_clone(inside)}.",
        )
    folder = inside if inside.is_dir() else repository
    if not ((folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()):
        raise Problem(f"{repository} is not a git repository.", "Go into your clone, or give its path.")
    return folder


def _main_clone(gitfile: Path) -> str:
    with gitfile.open("rb") as file:
        target, found, _ = os.fsdecode(file.read(4096)).strip().removeprefix("gitdir: ").partition("/.git/worktrees/")
    return f": {target}" if found else ""


def refuse_redirects(git_dir: Path) -> None:
    """Raise Problem where `git_dir` leads elsewhere, is shallow, or is larger than a course's repository can be."""
    for name, what in _REDIRECTS.items():
        if (git_dir / name).exists():
            mend = f"Make it whole: `git -C {shlex.quote(str(git_dir))} repack -ad`, then delete that file."
            raise Problem(
                f"{git_dir / name} is there: this repository {what}, and that is not followed.",
                mend if "alternates" in name else "Give the path of the main clone.",
            )
    clone = git_dir.parent if git_dir.name == ".git" else git_dir
    if (git_dir / "shallow").exists():
        raise Problem(
            f"{clone} is a shallow clone: its history is cut off.", "Complete it with `git fetch --unshallow`."
        )
    files = size = 0
    for folder, folders, names in os.walk(git_dir):
        if folder == str(git_dir):
            folders[:] = [name for name in folders if name not in _NEVER_READ]
        for name in (*folders, *names):
            entry = os.lstat(os.path.join(folder, name))
            if stat.S_ISLNK(entry.st_mode):
                raise Problem(
                    f"{os.path.join(folder, name)} is a symbolic link; a git folder is judged only without links.",
                    "Make a plain clone with `git clone` and check that.",
                )
            if not (stat.S_ISREG(entry.st_mode) or stat.S_ISDIR(entry.st_mode) or stat.S_ISSOCK(entry.st_mode)):
                raise Problem(
                    f"{os.path.join(folder, name)} is neither a file nor a folder; git does not make such things.",
                    "Make a plain clone with `git clone` and check that.",
                )
            if name.endswith(".promisor"):
                raise Problem(
                    f"{clone} is a partial clone: some of its files are only on its origin.",
                    "Clone it again without `--filter`, and check the new clone.",
                )
            files, size = files + 1, size + entry.st_size
        if files > MOST_FILES or size > MOST_BYTES:
            raise Problem(
                f"{git_dir} holds more than {MOST_BYTES >> 30} GiB or {MOST_FILES:,} files, too much to judge.",
                "Run `git gc` and check again.",
            )
