"""From a note in the forge's inbox to events: as a workflow's triggers see them, and as its runs are told them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import git

from graders.evidence.workflow import triggers
from graders.forge.git_calls import ask, forge_git, holds
from graders.forge.merging import Person, merge_commit, tried
from graders.forge.pull import BASE, Pull, read_pulls
from graders.problems import Problem
from graders.runners.workflow import events

_NOTHING = "0" * 40
_PUSH = re.compile(r"push ([0-9a-f]{40}) ([0-9a-f]{40}) (refs/(?:heads|tags)/\S+) (-|[0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Happening:
    """One event. `asked` decides which workflows of `commit` start, `event` is what their runs are told.

    `about` names it in words, `subject` what it is about; `branch` and `head` are the branch (or tag) and commit that
    it is for. With `broken`, workflow files that GitHub would refuse are reported for it.
    """

    about: str
    asked: triggers.Event
    event: events.Event
    commit: str
    subject: str
    branch: str
    head: str
    pull: int | None = None
    broken: bool = False
    only: str = ""
    depth: int = 0


def of_line(origin: Path, line: str) -> Iterator[Happening]:
    """What a note of the post-receive hook tells of; nothing where it makes no sense any more."""
    match = _PUSH.fullmatch(line.strip())
    if match is None or match[2] == _NOTHING:
        return
    old, new, ref, number = match.groups()
    yield from _push(origin, old, new, ref)
    if number != "-" and (pull := read_pulls(forge_git(origin)).get(int(number))):
        yield from of_pull(origin, replace(pull, sha=new), "synchronize")


def of_note(origin: Path, note: Mapping[str, Any]) -> Iterator[Happening]:
    """What a command's note tells of: a pull request that was opened or merged, a start by hand."""
    match note:
        case {"kind": "pull_request", "number": int(number), "action": str(action)}:
            pull = read_pulls(forge_git(origin)).get(number)
            if pull is not None:
                yield from of_pull(origin, pull, action)
                if action == "closed" and pull.merge:
                    yield from _push(origin, pull.merge.old, pull.merge.new, f"refs/heads/{BASE}")
        case {"kind": "dispatch", "workflow": str(path), "ref": str(ref), "inputs": dict(inputs)}:
            yield from _dispatch(origin, path, ref, inputs)


def _push(origin: Path, old: str, new: str, ref: str) -> Iterator[Happening]:
    forge = forge_git(origin)
    commit = ask(forge, "rev-parse", "--verify", "--quiet", f"{new}^{{commit}}")
    if not commit:
        return
    message = str(forge.log("-1", "--format=%B", commit))
    kind, _, name = ref.removeprefix("refs/").partition("/")
    about = f"The push of {'the tag ' if kind == 'tags' else ''}{name} ({commit[:7]})"
    if kind == "tags":
        asked, event = triggers.Push(tag=name, message=message), events.push_tag(name, commit, message=message)
    else:
        asked = triggers.Push(name, paths=_changed(forge, old, commit), message=message)
        event = events.push(name, commit, before=old, message=message)
    yield Happening(about, asked, event, commit, _title(message), name, commit, broken=True)


def of_pull(origin: Path, pull: Pull, action: str) -> Iterator[Happening]:
    """Something happened to a pull request. One with conflicts has no merge commit, so nothing runs for it."""
    forge = forge_git(origin)
    main = pull.merge.old if pull.merge else ask(forge, "rev-parse", "--verify", "--quiet", f"refs/heads/{BASE}")
    if not main or not holds(forge, "cat-file", "-e", f"{pull.sha}^{{commit}}"):
        return
    about = f"Pull request #{pull.number} ({action}, {pull.sha[:7]})"
    paths = _changed(forge, ask(forge, "merge-base", main, pull.sha), pull.sha)
    message = str(forge.log("-1", "--format=%B", pull.sha))
    asked = triggers.PullRequest(pull.base, pull.head, action, paths, message)
    merge = pull.merge.new if pull.merge else _merge(origin, pull, main)
    given: dict[str, Any] = {
        "head": (pull.head, pull.sha), "base": (pull.base, main), "action": action, "title": pull.title
    }  # fmt: skip
    if merge:
        event = events.pull_request(pull.number, merge=merge, **given)
        yield Happening(about, asked, event, merge, pull.title, pull.head, pull.sha, pull.number)
    targeted = replace(events.pull_request(pull.number, merge=merge or pull.sha, **given), name="pull_request_target")
    targeted = replace(targeted, ref=f"refs/heads/{pull.base}", commit=main)
    of_target = replace(asked, target=True)
    yield Happening(about, of_target, targeted, main, pull.title, pull.head, pull.sha, pull.number)


def of_completed(run: Mapping[str, Any], main: str) -> Happening:
    """Another workflow's run has ended: `run` has title, branch, event, conclusion and depth."""
    asked = triggers.WorkflowRun(run["title"], run["branch"])
    event = events.workflow_run(run["title"], main, run["branch"], run["event"], run["conclusion"])
    about = f"The end of {run['title']} for {run['branch']}"
    return Happening(about, asked, event, main, run["subject"], run["branch"], main, depth=run["depth"] + 1)


def _dispatch(origin: Path, path: str, ref: str, inputs: Mapping[str, Any]) -> Iterator[Happening]:
    forge = forge_git(origin)
    commit = ask(forge, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    if not commit:
        return
    kind, _, name = ref.removeprefix("refs/").partition("/")
    given = {str(key): str(value) for key, value in inputs.items()}
    event = events.workflow_dispatch(name, commit, inputs=given)
    if kind == "tags":
        event = replace(event, ref=ref, payload={**event.payload, "ref": ref})
    subject = _title(str(forge.log("-1", "--format=%B", commit)))
    asked = triggers.Other("workflow_dispatch")
    yield Happening(f"A start by hand on {name}", asked, event, commit, subject, name, commit, only=path)


def _changed(forge: git.Git, old: str, new: str) -> tuple[str, ...]:
    """The files that a push changes: against what was there before, or against main where nothing was.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#git-diff-comparisons
    """
    if old == _NOTHING:
        main = ask(forge, "rev-parse", "--verify", "--quiet", f"refs/heads/{BASE}")
        old = ask(forge, "merge-base", main, new) if main else ""
    words = ["diff-tree", "-r", "--name-only", "-z", "--no-renames", "--no-ext-diff", old, new]
    if not old or not holds(forge, "cat-file", "-e", f"{old}^{{commit}}"):
        words = ["ls-tree", "-r", "--name-only", "-z", new]
    return tuple(path for path in str(forge.execute(["git", *words])).split("\0") if path)


def _merge(origin: Path, pull: Pull, main: str) -> str:
    try:
        outcome = tried(origin, main, pull.sha)
    except Problem:
        return ""
    if outcome.conflicts:
        return ""
    by = Person("Nine Steps forge", "forge@example.org")
    return merge_commit(origin, main, pull.sha, outcome.tree, f"Merge {pull.sha} into {main}", by)


def _title(message: str) -> str:
    return message.strip().partition("\n")[0][:200]
