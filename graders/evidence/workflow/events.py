"""The events that can start a workflow, their filters and activity types.

https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_BRANCHES = ("branches", "branches-ignore")
_PATHS = ("paths", "paths-ignore")
_PULL_REQUEST_TYPES = (
    "assigned unassigned labeled unlabeled opened edited closed reopened synchronize converted_to_draft locked "
    "unlocked enqueued dequeued milestoned demilestoned ready_for_review review_requested review_request_removed "
    "auto_merge_enabled auto_merge_disabled"
)
_DISCUSSION_TYPES = (
    "created edited deleted transferred pinned unpinned labeled unlabeled locked unlocked category_changed answered "
    "unanswered"
)
_ISSUE_TYPES = (
    "opened edited deleted transferred pinned unpinned closed reopened assigned unassigned labeled unlabeled locked "
    "unlocked milestoned demilestoned typed untyped"
)


@dataclass(frozen=True, slots=True)
class EventKind:
    """`filters` are the keys that may stand under the event. Without `types`, any is allowed, or there are none."""

    filters: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    default_types: frozenset[str] = frozenset()


def _kind(*filters: str, types: str = "", default: str = "") -> EventKind:
    keys = frozenset(filters) | ({"types"} if types else set())
    return EventKind(keys, frozenset(types.split()), frozenset(default.split()))


_OPENED = "opened synchronize reopened"
EVENTS: Mapping[str, EventKind] = {
    "branch_protection_rule": _kind(types="created edited deleted"),
    "check_run": _kind(types="created rerequested completed requested_action"),
    "check_suite": _kind(types="completed"),
    "create": _kind(),
    "delete": _kind(),
    "deployment": _kind(),
    "deployment_status": _kind(),
    "discussion": _kind(types=_DISCUSSION_TYPES),
    "discussion_comment": _kind(types="created edited deleted"),
    "fork": _kind(),
    "gollum": _kind(),
    "image_version": _kind("names", "versions"),
    "issue_comment": _kind(types="created edited deleted"),
    "issues": _kind(types=_ISSUE_TYPES),
    "label": _kind(types="created edited deleted"),
    "merge_group": _kind(*_BRANCHES, types="checks_requested"),
    "milestone": _kind(types="created closed opened edited deleted"),
    "page_build": _kind(),
    "project": _kind(types="created closed reopened edited deleted"),
    "project_card": _kind(types="created moved converted edited deleted"),
    "project_column": _kind(types="created updated moved deleted"),
    "public": _kind(),
    "pull_request": _kind(*_BRANCHES, *_PATHS, types=_PULL_REQUEST_TYPES, default=_OPENED),
    "pull_request_review": _kind(types="submitted edited dismissed"),
    "pull_request_review_comment": _kind(types="created edited deleted"),
    "pull_request_target": _kind(*_BRANCHES, *_PATHS, types=_PULL_REQUEST_TYPES, default=_OPENED),
    "push": _kind(*_BRANCHES, *_PATHS, "tags", "tags-ignore"),
    "registry_package": _kind(types="published updated"),
    "release": _kind(types="published unpublished created edited deleted prereleased released"),
    "repository_dispatch": _kind("types"),
    "schedule": _kind("cron", "timezone"),
    "status": _kind(),
    "watch": _kind(types="started"),
    "workflow_call": _kind("inputs", "outputs", "secrets"),
    "workflow_dispatch": _kind("inputs"),
    "workflow_run": _kind(*_BRANCHES, "workflows", types="completed requested in_progress"),
}
