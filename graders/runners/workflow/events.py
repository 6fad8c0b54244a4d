"""The events that start a workflow, as GitHub tells them to it.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

REPOSITORY = "learner/widgets"
_ACTOR = "learner"
_NOTHING = "0" * 40


@dataclass(frozen=True, slots=True)
class Event:
    """What happened: its name, the ref and commit the workflow runs for (GITHUB_REF, GITHUB_SHA), and its payload."""

    name: str
    ref: str
    commit: str
    payload: Mapping[str, Any] = field(default_factory=dict)


def push(branch: str, commit: str, *, before: str = _NOTHING, message: str = "", default_branch: str = "main") -> Event:
    """A push of `commit` to `branch`, which was at `before`."""
    return _push(f"refs/heads/{branch}", commit, before, message, default_branch)


def push_tag(
    tag: str, commit: str, *, base_ref: str | None = None, message: str = "", default_branch: str = "main"
) -> Event:
    """A push of a new tag that names `commit`; `base_ref` is the branch whose tip that is, if there is one."""
    event = _push(f"refs/tags/{tag}", commit, _NOTHING, message, default_branch)
    return replace(event, payload={**event.payload, "base_ref": base_ref})


def _push(ref: str, commit: str, before: str, message: str, default_branch: str) -> Event:
    head = {"id": commit, "message": message, "author": {"name": _ACTOR, "email": f"{_ACTOR}@users.noreply.example"}}
    payload = _common(default_branch) | {
        "ref": ref, "before": before, "after": commit, "created": before == _NOTHING, "deleted": False, "forced": False,
        "head_commit": head, "commits": [head], "pusher": {"name": _ACTOR},
    }  # fmt: skip
    return Event("push", ref, commit, payload)


def pull_request(
    number: int,
    *,
    head: tuple[str, str],
    base: tuple[str, str],
    merge: str,
    action: str = "synchronize",
    title: str = "",
    draft: bool = False,
    fork: bool = False,
    labels: tuple[str, ...] = (),
) -> Event:
    """A pull request from `head` into `base` (branch and commit each); `merge` is the commit that joins both.

    https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request
    """
    common = _common(base[0])
    theirs = common["repository"] | {"full_name": "stranger/widgets", "fork": True} if fork else common["repository"]
    request = {
        "number": number, "state": "open", "title": title, "draft": draft, "merged": action == "closed",
        "labels": [{"name": name} for name in labels], "user": {"login": _ACTOR}, "merge_commit_sha": merge,
        "head": {"ref": head[0], "sha": head[1], "repo": theirs},
        "base": {"ref": base[0], "sha": base[1], "repo": common["repository"]},
    }  # fmt: skip
    # act takes the ref from the number at the top
    payload = common | {"action": action, "number": number, "pull_request": request}
    return Event("pull_request", f"refs/pull/{number}/merge", merge, payload)


def workflow_dispatch(
    branch: str, commit: str, *, inputs: Mapping[str, str] | None = None, defaults: Mapping[str, str] | None = None
) -> Event:
    """A start by hand; `defaults` are the workflow's own, which act does not fill in."""
    given = {**(defaults or {}), **(inputs or {})}
    ref = f"refs/heads/{branch}"
    return Event("workflow_dispatch", ref, commit, _common("main") | {"ref": ref, "inputs": given})


def schedule(cron: str, commit: str, *, default_branch: str = "main") -> Event:
    """The clock; it always runs for the default branch."""
    return Event("schedule", f"refs/heads/{default_branch}", commit, _common(default_branch) | {"schedule": cron})


def release(tag: str, commit: str, *, action: str = "published", prerelease: bool = False) -> Event:
    """A release of `tag`."""
    ref = f"refs/tags/{tag}"
    about = {"tag_name": tag, "name": tag, "draft": False, "prerelease": prerelease, "target_commitish": "main"}
    return Event("release", ref, commit, _common("main") | {"action": action, "release": about})


def workflow_run(
    workflow: str, commit: str, branch: str, event: str, conclusion: str, *, default_branch: str = "main"
) -> Event:
    """Another workflow, called `workflow`, has ended for `event` on `branch`; runs for the default branch.

    https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#workflow_run
    """
    run = {
        "name": workflow, "event": event, "status": "completed", "conclusion": conclusion, "head_branch": branch,
        "head_sha": commit, "id": 1, "run_number": 1, "head_commit": {"id": commit, "message": ""},
    }  # fmt: skip
    payload = _common(default_branch) | {"action": "completed", "workflow_run": run, "workflow": {"name": workflow}}
    return Event("workflow_run", f"refs/heads/{default_branch}", commit, payload)


def _common(default_branch: str) -> dict[str, Any]:
    owner, name = REPOSITORY.split("/")
    repository = {"name": name, "full_name": REPOSITORY, "owner": {"login": owner}, "default_branch": default_branch}
    return {"repository": repository | {"private": False, "fork": False}, "sender": {"login": _ACTOR}}
