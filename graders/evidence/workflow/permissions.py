"""What a job's GITHUB_TOKEN may do.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graders.evidence.workflow.model import Job, Permissions, Text, Where, Workflow, frozen
from graders.evidence.workflow.reader import Reader
from graders.evidence.yaml_document import Kind, Node, Scalar

_ANY = ("read", "write", "none")
SCOPES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "actions", "artifact-metadata", "attestations", "checks", "contents", "deployments", "discussions",
            "issues", "packages", "pages", "pull-requests", "repository-projects", "security-events", "statuses",
        ), _ANY,
    ),
    "id-token": ("write", "none"),
    "copilot-requests": ("write", "none"),
    "models": ("read", "none"),
    "vulnerability-alerts": ("read", "none"),
}  # fmt: skip
_SHORTHANDS = ("read-all", "write-all")


@dataclass(frozen=True, slots=True)
class Effective:
    """What a job may do. `source` is `job`, `workflow` or `default`: then the repository's settings decide."""

    levels: Mapping[str, str]
    source: str
    where: Where | None = None

    def level(self, scope: str) -> str:
        """`write`, `read`, `none`, or `unknown` where the file does not say."""
        return self.levels.get(scope, "unknown" if self.source == "default" else "none")

    @property
    def writes(self) -> tuple[str, ...]:
        """The scopes that may be written."""
        return tuple(sorted(scope for scope, level in self.levels.items() if level == "write"))


def read_permissions(reader: Reader, node: Node | None) -> Permissions | None:
    """The `permissions:` under a workflow or a job."""
    if node is None:
        return None
    where = reader.where(node)
    if isinstance(node, Scalar):
        if node.text in _SHORTHANDS:
            return Permissions(where, shorthand=node.text)
        if node.kind is Kind.NULL:
            reader.warn(
                "permissions",
                node,
                "`permissions:` is empty, and so says nothing.",
                "Write `permissions: {}` for none.",
            )
            return None
        reader.refuse(
            "permissions",
            node,
            f"`permissions: {node.text[:40]}` is unknown.",
            "Write `read-all`, or scopes: `contents: read`.",
        )
        return None
    mapping = reader.mapping(node, "`permissions`")
    scopes: dict[str, Text] = {}
    if mapping is not None:
        reader.known(mapping, SCOPES, "`permissions`")
        for entry in reader.entries(mapping):
            level = reader.text(entry.value, f"`permissions.{entry.key.text}`", empty=False)
            allowed = SCOPES.get(entry.key.text)
            if level is None or allowed is None:
                continue
            if level.value not in allowed:
                wanted = " or ".join(f"`{one}`" for one in allowed)
                what = f"`{entry.key.text}: {level.value[:40]}` is no level."
                reader.refuse("permissions", level.where, what, f"Write {wanted}.")
            else:
                scopes[entry.key.text] = level
    return Permissions(where, frozen(scopes))


def effective_permissions(workflow: Workflow, job: Job) -> Effective:
    """What `job` may do: its own `permissions` replace the workflow's as a whole; a scope not named there is none."""
    for source, given in (("job", job.permissions), ("workflow", workflow.permissions)):
        if given is not None:
            return Effective(_levels(given), source, given.where)
    return Effective(frozen(), "default")


def _levels(given: Permissions) -> Mapping[str, str]:
    if not given.shorthand:
        named = {scope: level.value for scope, level in given.scopes.items()}
        return frozen({**dict.fromkeys(SCOPES, "none"), **named})
    wanted = given.shorthand.removesuffix("-all")
    best = {
        scope: wanted if wanted in levels else "read" if "read" in levels else "none"
        for scope, levels in SCOPES.items()
    }
    return frozen(
        best if wanted == "write" else {scope: level if level != "write" else "none" for scope, level in best.items()}
    )
