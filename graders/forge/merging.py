"""What a merge would give: conflicts, or the commit that main moves to. Moves no ref."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from graders.forge.git_calls import ask, feed, forge_git, holds, settings_free_git
from graders.problems import Problem
from graders.reports.safe_text import one_line


class Method(StrEnum):
    """GitHub's three ways.

    https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/about-merge-methods-on-github
    """

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A merge tried: the tree it gives, or the paths that conflict."""

    tree: str
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A name and a mail address, as git writes them: `Name <mail>`."""

    name: str
    mail: str

    @classmethod
    def read(cls, text: str) -> Person:
        """Of `Name <mail>`, with or without what follows."""
        name, _, rest = text.partition("<")
        return cls(name.strip(), rest.partition(">")[0].strip())

    def __str__(self) -> str:
        return f"{self.name} <{self.mail}>"


def tried(origin: Path, main: str, head: str) -> Outcome:
    """Merge two commits without a working tree. See https://git-scm.com/docs/git-merge-tree"""
    command = ["git", "merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", main, head]
    status, out, err = forge_git(origin).execute(command, with_extended_output=True, with_exceptions=False)
    if status not in (0, 1):
        raise Problem(f"git could not try the merge: {one_line(str(err))[:300]}")
    tree, *paths = [part for part in str(out).split("\0") if part.strip()]
    return Outcome(tree.strip(), tuple(paths) if status else ())


def merge_commit(origin: Path, main: str, head: str, tree: str, message: str, by: Person) -> str:
    """A merge commit with both as its parents."""
    return _commit(origin, tree, [main, head], message, by)


def squashed(origin: Path, main: str, tree: str, message: str, by: Person) -> str:
    """One commit on top of main with everything."""
    return _commit(origin, tree, [main], message, by)


def rebased(origin: Path, main: str, head: str, by: Person) -> str:
    """The tip of the branch's commits put on top of main one by one, with their authors; `head` where they are already.

    Raises Problem where a commit conflicts on its way, though the whole would merge.
    """
    forge = forge_git(origin)
    if holds(forge, "merge-base", "--is-ancestor", main, head) and not ask(
        forge, "rev-list", "--min-parents=2", "--max-count=1", f"{main}..{head}"
    ):
        return head
    with tempfile.TemporaryDirectory(prefix="ninesteps-rebase-", ignore_cleanup_errors=True) as folder:
        command = ["--quiet", "--shared", "--no-checkout", "--template=", "--", str(origin), "clone"]
        settings_free_git(Path(folder)).clone(*command)
        clone = settings_free_git(Path(folder) / "clone")
        clone.update_environment(GIT_COMMITTER_NAME=by.name, GIT_COMMITTER_EMAIL=by.mail)
        hooks_off = ["git", "-c", f"core.hooksPath={folder}/none", "-c", "core.autocrlf=false"]
        clone.execute([*hooks_off, "checkout", "--quiet", "--detach", head])
        command = [*hooks_off, "rebase", "--quiet", main]
        status, _, _ = clone.execute(command, with_extended_output=True, with_exceptions=False)
        if status:
            stopped_at = ask(clone, "rev-parse", "--verify", "--quiet", "REBASE_HEAD")
            raise Problem(
                f"The branch merges as a whole, but its commits can't be rebased: {stopped_at[:7]} conflicts.",
                "Rebase it yourself (`git fetch origin`, `git rebase origin/main`, `git push --force-with-lease`), "
                "or merge with --squash or --merge.",
            )
        tip = str(clone.rev_parse("HEAD"))
        forge.fetch("--quiet", "--no-tags", "--no-write-fetch-head", "--", str(Path(folder) / "clone"), "HEAD")
        return tip


def _commit(origin: Path, tree: str, parents: list[str], message: str, by: Person) -> str:
    forge = forge_git(origin)
    forge.update_environment(GIT_AUTHOR_NAME=by.name, GIT_AUTHOR_EMAIL=by.mail)
    options = [option for parent in parents for option in ("-p", parent)]
    return feed(forge, message.rstrip("\n") + "\n", "commit-tree", tree, *options, "-F", "-")
