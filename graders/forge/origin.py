"""From a learner's clone to the forge it pushes to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import git

from graders.forge.git_calls import ask, forge_git, holds, learner_git
from graders.forge.log import LOG
from graders.problems import Problem
from graders.reports.safe_text import one_line

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
_SCP = re.compile(r"^(?:[^/:@]+@)?([^/:]{2,}):")  # two letters at least: C: is a drive
_TOOLS = {
    "github": "`gh pr create`, `gh pr merge`",
    "gitlab": "`glab mr create`, `glab mr merge`",
    "gitea": "`tea pulls create`, `tea pulls merge`",
    "forgejo": "`tea pulls create`, `tea pulls merge`",
    "codeberg": "`tea pulls create`, `tea pulls merge`",
}


@dataclass(frozen=True, slots=True)
class Clone:
    """A learner's clone (the top of its working tree) and the forge that is its `origin`."""

    repo: Path
    origin: Path

    @property
    def mine(self) -> git.Git:
        return learner_git(self.repo)

    @property
    def forge(self) -> git.Git:
        return forge_git(self.origin)


def find_clone(repo: Path, command: str = "pr") -> Clone:
    """The clone that `repo` is in, and its forge; `command` is the one that asks.

    Raises Problem where `repo` is in no repository, has no `origin`, or has one that is no forge of this course.
    """
    top = ask(learner_git(repo), "rev-parse", "--show-toplevel") if repo.is_dir() else ""
    if not top:
        raise Problem(
            f"{repo} is not inside a clone.",
            "Go into the one that `ninesteps start` made (its folder is called repo), and run this there.",
        )
    url = ask(learner_git(Path(top)), "remote", "get-url", "origin")
    if not url:
        raise Problem(
            "This clone has no remote called origin.",
            "In a clone that `ninesteps start` made: `git remote add origin ../origin.git`",
        )
    origin = _local_path(url, Path(top), command)
    if not origin.is_dir():
        raise Problem(
            f"origin ({one_line(url)}) is not there.",
            "Was the folder moved? `git remote set-url origin PATH` tells git where it is now.",
        )
    if not holds(forge_git(origin), "rev-parse", "--verify", "--quiet", LOG):
        raise Problem(
            f"origin ({one_line(url)}) is not a forge of this course, so it knows no pull requests and no runs.",
            "Run this in the clone that `ninesteps start` made.",
        )
    return Clone(Path(top), origin)


def _local_path(url: str, top: Path, command: str) -> Path:
    if _SCHEME.match(url):
        parts = urlsplit(url)
        if parts.scheme.lower() == "file":
            return Path(url2pathname(parts.path))
        raise _elsewhere(parts.hostname or url, command)
    if match := _SCP.match(url):
        raise _elsewhere(match[1], command)
    return (top / url).resolve()  # git resolves a relative URL from the top of the working tree, too


def _elsewhere(host: str, command: str) -> Problem:
    known = _TOOLS if command == "pr" else {"github": f"`gh {command}`"}
    tool = next((tools for name, tools in known.items() if name in host.lower()), None)
    return Problem(
        f"origin is on {one_line(host)}, and `ninesteps {command}` works with the course's own forge only.",
        f"Use that host's own tool ({tool}), or its web page." if tool else "Use that host's own tool or web page.",
    )
