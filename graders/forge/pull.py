"""A pull request, as the forge's log tells it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import git

from graders.forge import log
from graders.forge.git_calls import ask
from graders.problems import Problem

BASE = "main"
REVIEWER = "reviewer-bot"


@dataclass(frozen=True, slots=True)
class Merge:
    """How a pull request came into main: `old` and `new` are main before and after."""

    method: str
    old: str
    new: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Pull:
    """`head` is its branch, `sha` that branch's commit now, or the merged one; `merge` is None while it is open."""

    number: int
    title: str
    body: str
    base: str
    head: str
    author: str
    sha: str
    at: str
    approved_by: tuple[str, ...] = ()
    merge: Merge | None = None

    @property
    def state(self) -> str:
        return "merged" if self.merge else "open"

    @property
    def ref(self) -> str:
        return pull_ref(self.number)


def pull_ref(number: int) -> str:
    """The ref of a pull request, as GitHub, Gitea and Forgejo publish it."""
    return f"refs/pull/{number}/head"


def read_pulls(forge: git.Git) -> dict[int, Pull]:
    """Every pull request by its number: the log replayed, then open ones looked up. Raises Problem on a broken log."""
    pulls = replayed(log.read(forge))
    tips = dict(
        line.split(" ", 1)[::-1]
        for line in str(forge.for_each_ref("--format=%(objectname) %(refname)", "refs/pull/")).splitlines()
    )
    return {
        number: pull if pull.merge else replace(pull, sha=tips.get(pull.ref, pull.sha))
        for number, pull in pulls.items()
    }


def replayed(events: Iterable[dict[str, Any]]) -> dict[int, Pull]:
    """The pull requests that these events make. Raises Problem where they don't fit together."""
    pulls: dict[int, Pull] = {}
    try:
        for event in events:
            _apply(event, pulls)
    except (KeyError, TypeError) as defect:
        raise Problem(
            f"The forge's log does not fit together ({defect}).",
            "Begin again with `ninesteps reset`; it keeps your work aside.",
        ) from None
    return pulls


def _apply(event: dict[str, Any], pulls: dict[int, Pull]) -> None:
    if not all(isinstance(value, int if name == "number" else str) for name, value in event.items()):
        raise TypeError("a field is of the wrong type")
    match event["event"]:
        case "pr_opened":
            names = ("number", "title", "body", "base", "head", "author", "sha", "at")
            pulls[event["number"]] = Pull(**{name: event[name] for name in names})
        case "pr_approved":
            pull = pulls[event["number"]]
            pulls[pull.number] = replace(pull, approved_by=(*pull.approved_by, event["by"]))
        case "pr_merged":
            pull = pulls[event["number"]]
            done = Merge(**{name: event[name] for name in ("method", "old", "new", "by", "at")})
            pulls[pull.number] = replace(pull, sha=event["head"], merge=done)


def main_now(forge: git.Git) -> str:
    """The commit main stands at. Raises Problem where the forge has no main."""
    if tip := ask(forge, "rev-parse", "--verify", "--quiet", f"refs/heads/{BASE}^{{commit}}"):
        return tip
    raise Problem(
        "The forge has lost its main branch.", "Begin again with `ninesteps reset`; it keeps your work aside."
    )
