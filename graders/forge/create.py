"""Make a forge: a bare repository with protection and a log, holding a step's starter."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from graders.forge import change, inbox, log
from graders.forge.git_calls import forge_environment, forge_git, settings_free_git
from graders.forge.log import ABSENT, Change, Entry
from graders.forge.merging import Method
from graders.forge.protection import HOOKS, SETTINGS
from graders.forge.pull import BASE
from graders.problems import Problem
from graders.reports.safe_text import one_line
from graders.starter import Starter, StartPoint, write_history


def create_forge(origin: Path, starter: Starter) -> StartPoint:
    """Make `origin` (a bare repository that must not exist yet) with main at the starter's base.

    Call it, and `bring_meanwhile`, inside `without_caller_variables()`. The same starter gives the same ids, the log's
    too.
    """
    options = ["--quiet", "--bare", "--template=", f"--initial-branch={BASE}", "--object-format=sha1"]
    settings_free_git(origin.parent).init(*options, "--", str(origin))
    with (origin / "config").open("a", encoding="utf-8", newline="\n") as config:
        config.write(SETTINGS)
    for folder in ("hooks", "forge"):
        (origin / folder).mkdir()
    inbox.prepare(origin)
    for name, text in HOOKS.items():
        hook = origin / "hooks" / name
        hook.write_text(text, encoding="utf-8", newline="\n")
        hook.chmod(0o755)
        if not os.access(hook, os.X_OK):
            raise Problem(
                f"{origin.parent} is on a disk that runs no programs, so main could not be protected there.",
                "Choose a folder on another disk: --into DIR",
            )
    points = write_history(origin, starter, forge_environment())
    event = {"event": "opened", "main": points.base}
    entry = Entry(f"Open the forge: {BASE} is {points.base[:7]}", event, _iso(starter.commits[-1].when))
    log.append(forge_git(origin), [entry], [Change(f"refs/heads/{BASE}", points.base, ABSENT)])
    return points


def bring_meanwhile(origin: Path, starter: Starter, points: StartPoint) -> None:
    """Let the colleague's pull request come in: opened, approved, and merged by rebase. Nothing where there is none."""
    if not starter.meanwhile:
        return
    first, last = starter.meanwhile[0], starter.meanwhile[-1]
    title, _, body = first.message.partition("\n")
    branch = "-".join(re.findall(r"[a-z0-9]+", title.lower())[:6]) or "meanwhile"
    at = _iso(last.when)
    forge_git(origin).update_ref(f"refs/heads/{branch}", points.moved, ABSENT)
    pull = change.open_pull(
        origin, title=one_line(title), body=body.strip(), head=branch, author=first.author, sha=points.moved, at=at
    )
    change.merge_pull(
        origin, pull, method=Method.REBASE.value, new=points.moved, by=first.author, at=at, delete_branch=True
    )


def _iso(when: int) -> str:
    return datetime.fromtimestamp(when, UTC).isoformat(timespec="seconds")
