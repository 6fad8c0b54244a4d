"""What is true of each sample: shapes that well-known projects use, in our words."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from graders.evidence.workflow.matrix import expand
from graders.evidence.workflow.permissions import effective_permissions
from graders.evidence.workflow.triggers import (
    Event,
    MergeGroup,
    Other,
    PullRequest,
    Push,
    Schedule,
    WorkflowRun,
    runs_on,
)
from tests.evidence.workflow.samples import samples

API, DOCS = ("api/src/main.py", "README.md"), ("docs/guide.md", "README.md")
EVENTS: dict[str, Event] = {
    "main": Push("main", paths=API),
    "main docs": Push("main", paths=DOCS),
    "feature": Push("feature/x", paths=API),
    "wip": Push("wip/x", paths=API),
    "tag v1.2.3": Push(tag="v1.2.3"),
    "tag v0.1.0": Push(tag="v0.1.0"),
    "tag x": Push(tag="x"),
    "pr": PullRequest("main", "feature/x", paths=API),
    "pr docs": PullRequest("main", "feature/x", paths=DOCS),
    "pr to dev": PullRequest("dev", "feature/x", paths=API),
    "pr ready": PullRequest("main", "feature/x", action="ready_for_review", paths=API),
    "pr target": PullRequest("main", "feature/x", target=True),
    "queue": MergeGroup("main"),
    "time": Schedule(),
    "by hand": Other("workflow_dispatch"),
    "called": Other("workflow_call"),
    "issue": Other("issues", "opened"),
    "tests done": WorkflowRun("Tests", "feature/x"),
    "tests done on main": WorkflowRun("Tests", "main"),
}


@dataclass(frozen=True)
class Truth:
    """`writes` and `legs` name only jobs that have any; `legs` is 0 where only a run can tell."""

    started_by: str
    needs: dict[str, str]
    writes: dict[str, str]
    legs: dict[str, int]
    environments: dict[str, str]


def truth(
    started_by: str,
    needs: dict[str, str],
    writes: dict[str, str] | None = None,
    legs: dict[str, int] | None = None,
    environments: dict[str, str] | None = None,
) -> Truth:
    return Truth(started_by, needs, writes or {}, legs or {}, environments or {})


PUSHES = "main, main docs, feature, wip"
TAGS = "tag v1.2.3, tag v0.1.0, tag x"
TRUTHS = {
    "after_ci": truth("tests done", {"comment": ""}, {"comment": "pull-requests"}),
    "anchors": truth("main, main docs, pr, pr docs", {"unit": "", "integration": "unit", "package": ""}),
    "compiled_language": truth("main, main docs, pr, pr docs, pr to dev", {"build": ""}, legs={"build": 3}),
    "container_image": truth(
        "main, main docs, tag v1.2.3, tag v0.1.0",
        {"image": "", "scan": "image"},
        {"image": "attestations id-token packages"},
    ),
    "docs_ignored": truth(f"main, feature, {TAGS}, pr, pr to dev".replace(f", {TAGS}", ""), {"build": ""}),
    "dynamic_matrix": truth(
        "main, main docs, pr, pr docs, pr to dev, pr ready", {"plan": "", "test": "plan"}, legs={"test": 0}
    ),
    "issue_triage": truth("issue", {"triage": ""}, {"triage": "issues"}),
    "labeler": truth("pr target", {"label": ""}, {"label": "pull-requests"}),
    "merge_queue": truth("pr, pr docs, pr to dev, queue", {"quick": "", "slow": ""}),
    "nightly": truth("time, by hand", {"test": ""}, {"test": "issues"}),
    "node_service": truth(f"{PUSHES}, {TAGS}, pr, pr docs, pr to dev", {"test": ""}),
    "pages": truth(
        "main, main docs, by hand",
        {"build": "", "deploy": "build"},
        {"deploy": "id-token pages"},
        environments={"deploy": "github-pages"},
    ),
    "path_filters": truth("main, pr, pr to dev", {"api": ""}),
    "python_library": truth(
        "main, main docs, pr, pr docs", {"lint": "", "test": "lint", "all-green": "lint test"}, legs={"test": 8}
    ),
    "release_on_tag": truth(
        "tag v1.2.3",
        {"build": "", "staging": "build", "production": "build staging"},
        {"build": "packages", "production": "id-token"},
        environments={"staging": "staging", "production": "production"},
    ),
    "reusable_caller": truth(
        "main, main docs",
        {"build": "", "staging": "build", "production": "build staging", "announce": "production"},
        {"build": "packages"},
    ),
    "reusable_deploy": truth("called", {"deploy": ""}, environments={"deploy": "${{ inputs.environment }}"}),
    "smallest": truth(f"{PUSHES}, {TAGS}", {"a": ""}),
}


def test_each_sample_has_its_truth() -> None:
    assert sorted(samples()) == sorted(TRUTHS)


@pytest.mark.parametrize("name", sorted(TRUTHS))
def test_what_is_true_of_it(name: str) -> None:
    found = samples()[name]
    legs = {
        job.id: expand(job.strategy.matrix).count for job in found.jobs.values() if job.strategy and job.strategy.matrix
    }
    writes = {job.id: " ".join(effective_permissions(found, job).writes) for job in found.jobs.values()}
    assert (
        Truth(
            ", ".join(event for event in EVENTS if runs_on(found, EVENTS[event])),
            {job.id: " ".join(need.value for need in job.needs) for job in found.jobs.values()},
            {id: scopes for id, scopes in writes.items() if scopes},
            legs,
            {job.id: job.environment.name.value for job in found.jobs.values() if job.environment},
        )
        == TRUTHS[name]
    )
