"""The concurrency group of a run, as far as its workflow's own `concurrency:` says; that of single jobs is not played.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#concurrency
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graders.evidence.workflow.evaluate import Unknown, as_text, evaluate, truthy
from graders.evidence.workflow.expression import ExpressionProblem
from graders.evidence.workflow.model import Text, Workflow
from graders.evidence.workflow.template import pieces, whole
from graders.runners.workflow.events import Event
from graders.runners.workflow.picture import title_of


def group_of(workflow: Workflow, event: Event, variables: Mapping[str, str]) -> tuple[str, bool]:
    """The group (empty: none, or one that only a run could tell), and whether a run ends the one under way in it."""
    concurrency = workflow.concurrency
    if concurrency is None or concurrency.group is None:
        return "", False
    contexts = {
        "github": _github(workflow, event), "inputs": event.payload.get("inputs") or {}, "vars": dict(variables)
    }  # fmt: skip
    try:
        group = _text(concurrency.group, contexts)
        cancels = concurrency.cancel_in_progress is not None and _is_true(concurrency.cancel_in_progress, contexts)
    except ExpressionProblem:
        return "", False
    return group, cancels


def _github(workflow: Workflow, event: Event) -> dict[str, Any]:
    request = event.payload.get("pull_request") or {}
    name = event.ref.split("/", 2)[-1]
    return {
        "ref": event.ref, "ref_name": name, "sha": event.commit, "event_name": event.name, "workflow": title_of(workflow),
        "head_ref": (request.get("head") or {}).get("ref", ""), "base_ref": (request.get("base") or {}).get("ref", ""),
        "actor": "learner", "repository": event.payload["repository"]["full_name"], "event": dict(event.payload),
        "ref_type": "tag" if event.ref.startswith("refs/tags/") else "branch", "run_id": Unknown(),
        "run_number": Unknown(), "run_attempt": "1",
    }  # fmt: skip


def _text(text: Text, contexts: Mapping[str, Any]) -> str:
    found, position = "", 0
    for piece in pieces(text.value):
        value = evaluate(piece.expression, contexts)
        if isinstance(value, Unknown):
            return ""
        found += text.value[position : piece.start] + as_text(value)
        position = piece.end
    return found + text.value[position:]


def _is_true(text: Text, contexts: Mapping[str, Any]) -> bool:
    expression = whole(text.value)
    return bool(truthy(evaluate(expression, contexts))) if expression else bool(text.boolean)
