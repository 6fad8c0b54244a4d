"""Take a `uses:` apart.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsuses
"""

from __future__ import annotations

import re

from graders.evidence.workflow.model import Uses, UsesKind, Where
from graders.evidence.workflow.template import OPEN

_REMOTE = re.compile(
    r"(?P<owner>[A-Za-z0-9][A-Za-z0-9-]*)/(?P<repo>[A-Za-z0-9._-]+)(?:/(?P<path>[^@]+))?@(?P<ref>[^\s@]+)"
)
_WORKFLOW_FILE = re.compile(r"\.github/workflows/[^/]+\.ya?ml")


def parse_uses(text: str, where: Where, *, calls_workflow: bool = False) -> Uses:
    """What `text` names: of a step, or with `calls_workflow` of a job. What can't be read is of kind UNREADABLE."""
    text = text.strip()
    if OPEN in text:
        return Uses(text, UsesKind.DYNAMIC, where)
    if text.startswith("docker://") and not calls_workflow:
        image, _, ref = text.removeprefix("docker://").partition("@")
        return Uses(text, UsesKind.DOCKER, where, path=image, ref=ref)
    if text.startswith(("./", ".\\", "$/")):
        path = text[2:].rstrip("/")
        kind = UsesKind.LOCAL_WORKFLOW if calls_workflow else UsesKind.LOCAL
        is_file = bool(_WORKFLOW_FILE.fullmatch(path))
        wrong = not is_file if calls_workflow else is_file or (text[0] == "$" and "@" in path)
        return Uses(text, UsesKind.UNREADABLE if wrong else kind, where, path=path)
    match = _REMOTE.fullmatch(text)
    if not match:
        return Uses(text, UsesKind.UNREADABLE, where)
    path = (match["path"] or "").strip("/")
    if bool(_WORKFLOW_FILE.fullmatch(path)) is not calls_workflow:
        return Uses(text, UsesKind.UNREADABLE, where)
    kind = UsesKind.WORKFLOW if calls_workflow else UsesKind.ACTION
    return Uses(text, kind, where, match["owner"], match["repo"], path, match["ref"])


def what_is_wrong(uses: Uses, *, calls_workflow: bool = False) -> tuple[str, str] | None:
    """A sentence on a `uses` that GitHub refuses and what to write instead; None where it is fine."""
    if uses.kind is UsesKind.DYNAMIC:
        return "`uses` can't hold an expression.", "Write the action and its version out."
    if uses.kind is not UsesKind.UNREADABLE:
        return None
    if calls_workflow:
        forms = "`./.github/workflows/file.yml`, or `owner/repo/.github/workflows/file.yml@ref`"
        return f"`{uses.text}` names no reusable workflow.", f"Write {forms}."
    if _WORKFLOW_FILE.search(uses.text):
        return f"`{uses.text}` is a workflow, which no step can run.", "Give it a job of its own: `jobs.<id>.uses`."
    if "@" not in uses.text:
        return f"`{uses.text}` has no version.", "Add one, at best a full commit SHA: `owner/repo@<40 hex digits>`."
    return f"`{uses.text}` names no action.", "Write `owner/repo@ref`, `./path` or `docker://image`."
