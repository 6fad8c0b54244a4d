"""What a job's token may do.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions
"""

from __future__ import annotations

import pytest

from graders.evidence.workflow.permissions import Effective, effective_permissions
from tests.evidence.workflow.samples import job_of, workflow


def effective(workflow_level: str, job_level: str) -> Effective:
    top = f"permissions: {workflow_level}\n" if workflow_level else ""
    own = f"    permissions: {job_level}\n" if job_level else ""
    found = workflow(f"on: push\n{top}jobs:\n  a:\n    runs-on: x\n{own}    steps: [{{run: make}}]\n")
    return effective_permissions(found, job_of(found, "a"))


@pytest.mark.parametrize(
    ("workflow_level", "job_level", "source", "contents", "packages", "writes"),
    [
        ("", "", "default", "unknown", "unknown", ()),
        ("{}", "", "workflow", "none", "none", ()),
        ("", "{}", "job", "none", "none", ()),
        ("{contents: read}", "", "workflow", "read", "none", ()),
        ("{contents: read}", "{packages: write}", "job", "none", "write", ("packages",)),
        ("{contents: write}", "{}", "job", "none", "none", ()),
        ("read-all", "", "workflow", "read", "read", ()),
        ("{contents: none}", "", "workflow", "none", "none", ()),
        ("write-all", "{contents: read}", "job", "read", "none", ()),
    ],
)
def test_the_nearest_key_replaces_all(
    workflow_level: str, job_level: str, source: str, contents: str, packages: str, writes: tuple[str, ...]
) -> None:
    found = effective(workflow_level, job_level)
    assert (found.source, found.level("contents"), found.level("packages"), found.writes) == (
        source, contents, packages, writes,
    )  # fmt: skip


def test_write_all_at_a_job_undoes_a_careful_workflow() -> None:
    found = effective("{contents: read}", "write-all")
    assert found.level("contents") == "write"
    assert found.level("id-token") == "write"
    assert found.level("models") == "read"


def test_read_all_gives_no_identity_token() -> None:
    assert effective("read-all", "").level("id-token") == "none"
