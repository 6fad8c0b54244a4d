"""What strangers get into a workflow by way of inputs, and their code where it has main's rights."""

from __future__ import annotations

import pytest

from graders.evidence.workflow.data_flow import library
from graders.evidence.workflow.read import read_workflow
from graders.evidence.workflow.strangers import strangers_code, strangers_text

CI = ".github/workflows/ci.yml"
TITLE = "${{ github.event.pull_request.title }}"
SAY = b"""name: say
description: x
inputs: {what: {description: x}}
runs: {using: composite, steps: [{run: 'echo "%s"', shell: bash, env: {WHAT: "${{ inputs.what }}"}}]}
"""


def texts(steps: str, says: str) -> list[str]:
    workflow = read_workflow(f"on: pull_request\njobs: {{a: {{runs-on: x, steps: [{steps}]}}}}\n".encode(), CI)
    files = {".github/say/action.yml": SAY % says.encode()}
    return [f"{one.value} {one.where}" for one in strangers_text(workflow, library([workflow]), files)]


@pytest.mark.parametrize(
    ("given", "says", "expected"),
    [
        (TITLE, "${{ inputs.what }}", ["github.event.pull_request.title .github/say/action.yml:4"]),
        (TITLE, "${{ inputs.WHAT }}", ["github.event.pull_request.title .github/say/action.yml:4"]),
        (TITLE, "$WHAT", []),
        ("${{ github.sha }}", "${{ inputs.what }}", []),
    ],
)
def test_a_local_action_may_put_it_into_a_script(given: str, says: str, expected: list[str]) -> None:
    assert texts(f'{{uses: ./.github/say, with: {{what: "{given}"}}}}', says) == expected


@pytest.mark.parametrize("script", ["echo ${{ inputs.who }}", 'echo "$WHO"'])
def test_a_called_workflow_may_put_it_into_a_script(script: str) -> None:
    asks = "on: {workflow_call: {inputs: {who: {type: string}}}}\n"
    called = f"{asks}jobs: {{b: {{runs-on: x, steps: [{{run: '{script}'}}]}}}}\n"
    caller = 'on: push\njobs: {a: {uses: ./.github/workflows/b.yml, with: {who: "${{ github.head_ref }}"}}}\n'
    workflows = [read_workflow(caller.encode(), CI), read_workflow(called.encode(), ".github/workflows/b.yml")]

    found = list(strangers_text(workflows[0], library(workflows), {}))

    assert bool(found) is ("inputs" in script)


@pytest.mark.parametrize(
    ("on", "ref", "expected"),
    [
        ("pull_request_target", "${{ github.event.pull_request.head.sha }}", 1),
        ("pull_request_target", "${{ github.event.pull_request.merge_commit_sha }}", 1),
        ("pull_request_target", "pull/${{ github.event.number }}/head", 1),
        ("pull_request_target", "${{ env.ASKED }}", 1),
        ("pull_request_target", "${{ github.base_ref }}", 0),
        ("pull_request", "${{ github.event.pull_request.head.sha }}", 0),
    ],
)
def test_a_strangers_code_with_the_rights_of_main(on: str, ref: str, expected: int) -> None:
    step = f'{{uses: actions/checkout@v5, with: {{ref: "{ref}"}}}}'
    asked = 'env: {ASKED: "${{ github.event.number }}"}'
    workflow = read_workflow(f"on: {on}\n{asked}\njobs: {{a: {{runs-on: x, steps: [{step}]}}}}\n".encode(), CI)

    assert len(list(strangers_code(workflow))) == expected
