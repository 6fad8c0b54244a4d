"""Pull requests on the forge, as `gh pr` has them: create, list, view, merge. Nothing is printed here.

Each function takes a folder in the learner's clone, and raises Problem with what to do where it can't go on.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import git

from graders.forge import change, inbox, log
from graders.forge.checks import Checks, checks_of, has_workflows, require_checks, wait_for_checks
from graders.forge.git_calls import ask, holds, reason, without_caller_variables
from graders.forge.merging import Method, Outcome, Person, merge_commit, rebased, squashed, tried
from graders.forge.origin import Clone, find_clone
from graders.forge.plain_text import many_lines
from graders.forge.pull import BASE, Pull, main_now, read_pulls
from graders.problems import Problem
from graders.reports.safe_text import one_line

# GitHub's limits, so that what works here works there.
_LONGEST_TITLE = 256
_LONGEST_BODY = 65_536


@dataclass(frozen=True, slots=True)
class Done:
    """A pull request after something was done to it, and sentences that the learner should read."""

    pull: Pull
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitLine:
    """One commit of a pull request."""

    sha: str
    subject: str
    author: str


@dataclass(frozen=True, slots=True)
class View:
    """A pull request looked at: its commits, oldest first, and whether it would merge (None once it has)."""

    pull: Pull
    commits: tuple[CommitLine, ...]
    mergeable: bool | None
    conflicts: tuple[str, ...]
    checks: Checks


@without_caller_variables()
def create(
    repo: Path,
    *,
    title: str | None = None,
    body: str | None = None,
    base: str = BASE,
    head: str | None = None,
    fill: bool = False,
) -> Done:
    """Open a pull request from a pushed branch into main; with `fill`, title and body come from its commits."""
    clone = find_clone(repo)
    if base != BASE:
        raise Problem(
            f"This forge takes pull requests into {BASE} only, not into {one_line(base)}.", "Leave --base out."
        )
    branch = _branch(clone, head)
    with log.locked(clone.origin):
        sha = _pushed(clone, branch)
        _refuse_second(clone, branch)
        main = main_now(clone.forge)
        _refuse_empty(clone, main, sha, branch)
        if fill:
            filled_title, filled_body = _filled(clone, main, sha, branch)
            title, body = title or filled_title, filled_body if body is None else body
        pull = change.open_pull(
            clone.origin,
            title=_checked_title(title),
            body=_checked_body(body),
            head=branch,
            author=str(_learner(clone)),
            sha=sha,
            at=_now(),
        )
    return Done(pull, (*_unpushed_note(clone, branch, sha), *_looked_at(clone, pull, "opened", sha)))


@without_caller_variables()
def list_pulls(repo: Path, state: str = "open") -> list[Pull]:
    """Pull requests, newest first; `state` is open, merged or all."""
    pulls = read_pulls(find_clone(repo).forge).values()
    return sorted((pull for pull in pulls if state in (pull.state, "all")), key=lambda pull: -pull.number)


@without_caller_variables()
def view(repo: Path, which: str | None = None) -> View:
    """One pull request, by its number or branch; that of the current branch where neither is given."""
    clone = find_clone(repo)
    pull = _find(clone, which)
    start = pull.merge.old if pull.merge else main_now(clone.forge)
    lines = str(clone.forge.log("-z", "--reverse", "--format=%H%x1f%s%x1f%an", f"{start}..{pull.sha}")).split("\0")
    commits = tuple(CommitLine(*line.split("\x1f", 2)) for line in lines if line)
    if pull.merge:
        return View(pull, commits, None, (), checks_of(clone.origin, pull))
    outcome = tried(clone.origin, start, pull.sha)
    return View(pull, commits, not outcome.conflicts, outcome.conflicts, checks_of(clone.origin, pull))


@without_caller_variables()
def checks(repo: Path, which: str | None = None, *, wait: bool = False) -> tuple[Pull, Checks]:
    """A pull request with its checks; with `wait`, when none of them runs any more."""
    clone = find_clone(repo)
    pull = _find(clone, which)
    return pull, (wait_for_checks if wait else checks_of)(clone.origin, pull)


@without_caller_variables()
def merge(
    repo: Path,
    which: str | None = None,
    *,
    method: Method,
    delete_branch: bool = False,
    subject: str | None = None,
    body: str | None = None,
    auto: bool = False,
    tell: Callable[[str], None] = lambda now: None,
) -> Done:
    """Merge a pull request into main; with `delete_branch`, the branch goes too, on the forge and in the clone.

    The subject is GitHub's where none is given. A local branch with commits that were not merged is kept. With `auto` it
    waits for the checks first, and says so through `tell`.
    """
    clone = find_clone(repo)
    by = _learner(clone)
    pull = _find(clone, which)
    _mergeable(clone, pull, main_now(clone.forge))
    if auto:
        wait_for_checks(clone.origin, pull, tell)
    with log.locked(clone.origin):
        pull = _find(clone, which)
        main = main_now(clone.forge)
        outcome = _mergeable(clone, pull, main)
        notes = require_checks(clone.origin, pull, checks_of(clone.origin, pull))
        match method:
            case Method.MERGE:
                message = _message(subject or f"Merge pull request #{pull.number} from {pull.head}", body, pull.title)
                new = merge_commit(clone.origin, main, pull.sha, outcome.tree, message, by)
            case Method.SQUASH:
                message = _message(subject or f"{pull.title} (#{pull.number})", body, _bullets(clone, main, pull.sha))
                new = squashed(clone.origin, main, outcome.tree, message, Person.read(pull.author))
            case Method.REBASE:
                new = rebased(clone.origin, main, pull.sha, by)
        if new == main:
            raise Problem(f"Everything in pull request #{pull.number} is in {BASE} already: nothing is left to merge.")
        change.merge_pull(
            clone.origin, pull, method=method.value, new=new, by=str(by), at=_now(), delete_branch=delete_branch
        )
        pull = read_pulls(clone.forge)[pull.number]
    notes += _looked_at(clone, pull, "closed", new)
    return Done(pull, (*notes, *(_without_local_branch(clone, pull) if delete_branch else ())))


def _looked_at(clone: Clone, pull: Pull, action: str, commit: str) -> tuple[str, ...]:
    """Tell the forge's CI what has happened to a pull request, where it can matter; and the learner that it looks."""
    note = {"kind": "pull_request", "number": pull.number, "action": action}
    if not has_workflows(clone.origin, commit) or not inbox.put(clone.origin, note):
        return ()
    return ("CI looks at it. What it starts: ninesteps run list",)


def _mergeable(clone: Clone, pull: Pull, main: str) -> Outcome:
    """Every reason not to merge is given here."""
    if pull.merge:
        raise Problem(
            f"Pull request #{pull.number} was merged already ({pull.merge.method}, {pull.merge.at}).",
            "To have the new main in your clone: git switch main, then git pull",
        )
    _refuse_empty(clone, main, pull.sha, pull.head)
    outcome = tried(clone.origin, main, pull.sha)
    if outcome.conflicts:
        raise Problem(
            f"Pull request #{pull.number} conflicts with {BASE} in {one_line(', '.join(outcome.conflicts))}.",
            f"Rebase the branch: git switch {shlex.quote(pull.head)}, git fetch origin, git rebase origin/main; mend "
            "the file, git add it, git rebase --continue; then git push --force-with-lease.",
        )
    return outcome


def _branch(clone: Clone, wanted: str | None) -> str:
    branch = _current_branch(clone) if wanted is None else wanted
    if not branch:
        raise Problem(
            "You are on no branch (a detached HEAD), so there is nothing to make a pull request from.",
            "Give your commits a branch: git switch -c my-change (or name one with --head BRANCH).",
        )
    if not holds(clone.forge, "check-ref-format", f"refs/heads/{branch}"):
        raise Problem(
            f"“{one_line(branch)}” can't be a branch's name.", "Give --head the name that `git branch` shows."
        )
    if branch == BASE:
        raise Problem(
            f"A pull request goes from a branch of your own into {BASE}, and this is {BASE}.",
            "Give your commits a branch: git switch -c my-change, git push -u origin my-change; then create it again.",
        )
    return branch


def _current_branch(clone: Clone) -> str:
    return ask(clone.mine, "symbolic-ref", "--short", "--quiet", "HEAD")


def _pushed(clone: Clone, branch: str) -> str:
    if sha := ask(clone.forge, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}"):
        return sha
    raise Problem(f"The branch {branch} is not on origin yet.", f"Push it: git push -u origin {shlex.quote(branch)}")


def _refuse_second(clone: Clone, branch: str) -> None:
    for pull in read_pulls(clone.forge).values():
        if pull.head == branch and pull.merge is None:
            raise Problem(
                f"There is an open pull request for {branch} already: #{pull.number}, “{one_line(pull.title)}”.",
                f"Push to the branch and it moves along. To look at it: ninesteps pr view {pull.number}",
            )


def _refuse_empty(clone: Clone, main: str, sha: str, branch: str) -> None:
    if not ask(clone.forge, "merge-base", main, sha):
        raise Problem(
            f"{branch} and {BASE} have entirely different histories.",
            f"Begin the branch anew: git switch -c my-change origin/{BASE}; bring your commits with git cherry-pick.",
        )
    if ask(clone.forge, "rev-list", "--count", f"{main}..{sha}") == "0":
        raise Problem(
            f"No commits between {BASE} and {branch}.",
            f"Commit something on it and push: git push origin {shlex.quote(branch)}",
        )


def _filled(clone: Clone, main: str, sha: str, branch: str) -> tuple[str, str]:
    messages = str(clone.forge.log("-z", "--reverse", "--format=%B", f"{main}..{sha}")).split("\0")
    messages = [message.strip() for message in messages if message.strip()]
    if len(messages) == 1:
        title, _, body = messages[0].partition("\n")
        return title, body.strip()
    title = re.sub(r"[-_\s]+", " ", branch.rpartition("/")[2]).strip() or branch
    return title[:1].upper() + title[1:], _bullets(clone, main, sha, "-")


def _bullets(clone: Clone, main: str, sha: str, bullet: str = "*") -> str:
    subjects = str(clone.forge.log("-z", "--reverse", "--no-merges", "--format=%s", f"{main}..{sha}")).split("\0")
    return "\n".join(f"{bullet} {one_line(subject)}" for subject in subjects if subject)


def _checked_title(title: str | None) -> str:
    title = one_line(title or "", _LONGEST_BODY)
    if not title:
        raise Problem(
            "A pull request needs a title.",
            'Say what it changes: --title "Limit the page size" --body "Why it is needed". '
            "Or take both from your commits: --fill",
        )
    if len(title) > _LONGEST_TITLE:
        raise Problem(
            f"The title has {len(title)} characters; {_LONGEST_TITLE} is the most.", "Move the rest into --body."
        )
    return title


def _checked_body(body: str | None) -> str:
    body = (body or "").strip()
    if len(body) > _LONGEST_BODY:
        raise Problem(f"The body has {len(body)} characters; {_LONGEST_BODY} is the most.", "Shorten it.")
    return body


def _unpushed_note(clone: Clone, branch: str, sha: str) -> tuple[str, ...]:
    mine = ask(clone.mine, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}")
    if not mine or mine == sha or holds(clone.mine, "merge-base", "--is-ancestor", mine, sha):
        return ()
    ahead = holds(clone.mine, "merge-base", "--is-ancestor", sha, mine)
    command = "git push" if ahead else "git push --force-with-lease"
    return (
        f"Your {branch} ({mine[:7]}) is not what origin has ({sha[:7]}); the pull request holds what origin has. "
        f"To bring it up to date: {command} origin {shlex.quote(branch)}",
    )


def _learner(clone: Clone) -> Person:
    try:
        return Person.read(str(clone.mine.var("GIT_AUTHOR_IDENT")))
    except git.GitCommandError as error:
        raise Problem(
            f"git can't say who you are: {reason(error)}.",
            'Tell it once: git config --global user.name "Your Name", git config --global user.email you@example.org',
        ) from None


def _find(clone: Clone, which: str | None) -> Pull:
    pulls = read_pulls(clone.forge)
    wanted = _current_branch(clone) if which is None else which.strip()
    if which is not None and (number := re.fullmatch(r"#?([0-9]{1,9})", wanted)) and int(number[1]) in pulls:
        return pulls[int(number[1])]
    of_branch = [pull for pull in pulls.values() if pull.head == wanted]
    if of_branch:
        return max(of_branch, key=lambda pull: (pull.merge is None, pull.number))
    known = ", ".join(f"#{number}" for number in sorted(pulls))
    raise Problem(
        f"No pull request found for {f'“{one_line(wanted)}”' if wanted else 'a detached HEAD'}.",
        (f"Name one ({known}), or make" if known else "Make") + " one: ninesteps pr create --fill",
    )


def _message(subject: str, body: str | None, usual: str) -> str:
    return f"{one_line(subject)}\n\n{many_lines(usual if body is None else body)}".strip()


def _without_local_branch(clone: Clone, pull: Pull) -> tuple[str, ...]:
    """Delete the merged branch in the clone, as gh does, if nothing would be lost by it; says what was done."""
    branch, mine = pull.head, f"refs/heads/{pull.head}"
    notes = []
    if not ask(clone.forge, "rev-parse", "--verify", "--quiet", mine):
        notes.append(f"Deleted {branch} on origin.")
    tip = ask(clone.mine, "rev-parse", "--verify", "--quiet", mine)
    if not tip:
        return tuple(notes)
    if tip != pull.sha:
        return (*notes, f"Your own {branch} was kept: it is not at the merged commit {pull.sha[:7]}.")
    if _current_branch(clone) == branch:
        if not holds(clone.mine, "switch", "--quiet", BASE):
            return (
                *notes,
                f"Your own {branch} was kept: git could not switch to {BASE} with your uncommitted changes.",
            )
        holds(clone.mine, "fetch", "--quiet", "--prune", "origin")
        forwarded = holds(clone.mine, "merge", "--quiet", "--ff-only", f"origin/{BASE}")
        after = "brought it up to date" if forwarded else "left it as it is: it has commits that origin does not have"
        notes.append(f"Switched to {BASE} and {after}.")
    if holds(clone.mine, "branch", "--quiet", "-D", "--", branch):
        notes.append(f"Deleted your own {branch}.")
    return tuple(notes)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
