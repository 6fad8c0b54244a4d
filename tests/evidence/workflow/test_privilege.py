"""Rights that a job's token has and that nothing in the job plausibly uses."""

from __future__ import annotations

import textwrap

import pytest

from graders.evidence.workflow.data_flow import library
from graders.evidence.workflow.privilege import excesses
from graders.evidence.workflow.read import read_workflow

GIVEN = 'env: {GH_TOKEN: "${{ github.token }}"}'
PUSH_IMAGE = "{uses: docker/build-push-action@v6, with: {push: true}}"


def found(permissions: str, steps: str, job: str = "", files: dict[str, bytes] | None = None) -> list[str]:
    text = f"on: push\n{permissions}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    {job}\n    steps: [{steps}]\n"
    workflow = read_workflow(text.encode(), ".github/workflows/ci.yml")
    assert not workflow.refused
    every = excesses(workflow, library([workflow]), files or {})
    return [f"{one.source} {' '.join(one.scopes[:3])}".strip() for one in every]


@pytest.mark.parametrize(
    ("permissions", "steps", "job", "expected"),
    [
        ("", "{run: pytest}", "", ["default"]),
        ("permissions: {}", "{run: pytest}", "", []),
        ("permissions: read-all", "{run: pytest}", "", []),
        ("permissions: write-all", "{run: pytest}", "", ["workflow actions artifact-metadata attestations"]),
        ("", "{run: pytest}", "permissions: {contents: read}", []),
        ("permissions: {contents: write}", "{run: pytest}", "permissions: {contents: read}", []),
        ("permissions: {contents: read}", "{run: pytest}", "permissions: write-all",
         ["job actions artifact-metadata attestations"]),
        ("permissions: {contents: write}", "{uses: actions/checkout@v5}, {run: pytest}", "", ["workflow contents"]),
        ("permissions: {contents: write}", "{run: 'git tag v1; git push --tags'}", "", []),
        ("permissions: {contents: write}", "{run: 'echo git push'}", "", ["workflow contents"]),
        ("permissions: {contents: write}", "{uses: softprops/action-gh-release@v2}", "", []),
        ("permissions: {contents: write}", "{uses: dorny/test-reporter@v2}", "", ["workflow contents"]),
        ("permissions: {checks: write}", "{uses: dorny/test-reporter@v2}", "", []),
        ("permissions: {checks: write}", "{uses: reviewdog/action-actionlint@v1}", "", []),
        ("permissions: {checks: write}", "{uses: astral-sh/setup-uv@v7}", "", ["workflow checks"]),
        ("permissions: {checks: write}", "{uses: actions/upload-artifact@v5}", "", ["workflow checks"]),
        ("permissions: {packages: write}", PUSH_IMAGE, "", []),
        ("permissions: {packages: write}", "{run: pytest}", "", ["workflow packages"]),
        ("permissions: {issues: write}", "{run: gh issue create, " + GIVEN + "}", "", []),
        ("permissions: {issues: write}", "{run: gh issue create}", GIVEN, []),
        ("permissions: {issues: write}", "{run: gh issue create}", "", ["workflow issues"]),
        ("permissions: {pull-requests: write}", "{uses: py-cov-action/python-coverage-comment-action@v3}", "", []),
        ("permissions: {pull-requests: write}", "{uses: actions/github-script@v8, with: {script: x}}", "", []),
    ],
)  # fmt: skip
def test_excess(permissions: str, steps: str, job: str, expected: list[str]) -> None:
    assert found(permissions, steps, job) == expected


def test_a_local_action_is_looked_into() -> None:
    action = b"name: x\ndescription: x\nruns: {using: composite, steps: [{run: 'git push', shell: bash}]}\n"

    assert found("permissions: {contents: write}", "{uses: ./.github/x}", files={".github/x/action.yml": action}) == []
    assert found("permissions: {contents: write}", "{uses: ./.github/x}") == ["workflow contents"]


def test_a_called_workflow_has_its_callers_rights_at_most_its_own() -> None:
    def of(caller: str, called: str) -> list[str]:
        texts = {
            "a.yml": f"on: push\n{caller}\njobs: {{call: {{uses: ./.github/workflows/b.yml}}}}\n",
            "b.yml": textwrap.dedent(called),
        }
        workflows = [read_workflow(text.encode(), f".github/workflows/{name}") for name, text in texts.items()]
        return [f"{one.workflow.path[-5:]} {one.source}" for one in excesses(workflows[0], library(workflows), {})]

    inner = "on: workflow_call\n{}\njobs: {{b: {{runs-on: ubuntu-latest, steps: [{{run: pytest}}]}}}}\n"
    assert of("permissions: {contents: read}", inner.format("")) == []
    assert of("", inner.format("")) == ["b.yml default"]
    assert of("", inner.format("permissions: {}")) == []
    assert of("permissions: {contents: write}", inner.format("")) == ["b.yml workflow"]
