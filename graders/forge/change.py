"""The two changes a forge makes: a pull request opens, a pull request is merged. Call them under `log.locked`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from graders.forge import log
from graders.forge.git_calls import ask, forge_git
from graders.forge.log import Change, Entry
from graders.forge.pull import BASE, REVIEWER, Pull, main_now, read_pulls


def open_pull(origin: Path, *, title: str, body: str, head: str, author: str, sha: str, at: str) -> Pull:
    """Open the next pull request from the branch `head`, which stands at `sha`."""
    forge = forge_git(origin)
    pulls = read_pulls(forge)
    number = max(pulls, default=0) + 1
    pull = Pull(number, title, body, BASE, head, author, sha, at)
    event = {"event": "pr_opened", "number": number, "title": title, "body": body, "base": BASE, "head": head}
    event |= {"author": author, "sha": sha, "at": at}
    # The hook learns of it first: a push that comes in between then fails this, and no push goes unnoticed.
    _tell_hook(origin, [*pulls.values(), pull])
    try:
        changes = [Change(pull.ref, sha, None), Change(f"refs/heads/{head}", sha, sha)]
        log.append(forge, [Entry(f"Open pull request #{number}: {title}", event, at)], changes)
    except BaseException:
        _tell_hook(origin, pulls.values())
        raise
    return pull


def merge_pull(origin: Path, pull: Pull, *, method: str, new: str, by: str, at: str, delete_branch: bool) -> None:
    """Move main to `new`, the commit that merging made, with the reviewer's approval before it."""
    forge = forge_git(origin)
    old = main_now(forge)
    entries = []
    if REVIEWER not in pull.approved_by:
        approved = {"event": "pr_approved", "number": pull.number, "by": REVIEWER, "at": at}
        entries.append(Entry(f"Approve pull request #{pull.number}", approved, at))
    merged = {"event": "pr_merged", "number": pull.number, "method": method, "head": pull.sha, "old": old, "new": new}
    merged |= {"by": by, "at": at}
    entries.append(Entry(f"Merge pull request #{pull.number} ({method})", merged, at))
    changes = [Change(f"refs/heads/{BASE}", new, old), Change(pull.ref, pull.sha, pull.sha)]
    branch = f"refs/heads/{pull.head}"
    if delete_branch and ask(forge, "rev-parse", "--verify", "--quiet", branch) == pull.sha:
        changes.append(Change(branch, None, pull.sha))
    others = [one for one in read_pulls(forge).values() if one.number != pull.number]
    _tell_hook(origin, others)
    try:
        log.append(forge, entries, changes)
    except BaseException:
        _tell_hook(origin, [*others, pull])
        raise


def _tell_hook(origin: Path, pulls: Iterable[Pull]) -> None:
    """Write the list that the post-receive hook reads: the branches of open pull requests."""
    lines = [f"{pull.number} {pull.head}\n" for pull in pulls if pull.merge is None]
    path = origin / "forge" / "open-pulls"
    temporary = path.with_suffix(".new")
    temporary.write_text("".join(lines), encoding="utf-8", newline="\n")
    os.replace(temporary, path)
