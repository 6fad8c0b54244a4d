"""Which locks hold for a job, its callers' too, and what they are worth in one release and the next."""

from __future__ import annotations

import textwrap

import pytest

from graders.evidence.workflow.call_chains import Chain, jobs_before, leaf_jobs
from graders.evidence.workflow.concurrency import locks
from graders.evidence.workflow.data_flow import Library, library
from graders.evidence.workflow.evaluate import PartlyKnown
from graders.evidence.workflow.model import Workflow
from graders.evidence.workflow.read import read_workflow

RELEASE, DEPLOY = ".github/workflows/release.yml", ".github/workflows/deploy.yml"
CALLED = """
on:
  workflow_call:
    inputs: {environment: {type: string, default: nowhere}}
concurrency: "${{ inputs.environment }}-${{ github.ref }}"
jobs:
  before: {runs-on: ubuntu-latest, steps: [{run: echo}]}
  deploy: {needs: before, runs-on: ubuntu-latest, concurrency: "to-${{ inputs.environment }}", steps: [{run: echo}]}
"""
CALLS = """
on: push
concurrency: {group: release, cancel-in-progress: "${{ github.ref_type == 'branch' }}"}
jobs:
  build: {runs-on: ubuntu-latest, steps: [{run: echo}]}
  staging: {needs: build, uses: ./.github/workflows/deploy.yml, with: {environment: staging}}
  production: {needs: staging, uses: ./.github/workflows/deploy.yml}
"""


def read(text: str) -> tuple[Workflow, Library]:
    workflows = [
        read_workflow(textwrap.dedent(one).encode(), path) for one, path in ((text, RELEASE), (CALLED, DEPLOY))
    ]
    return workflows[0], library(workflows)


def of(text: str, job: str, **github: str) -> list[tuple[str, str | None, bool | None]]:
    workflow, others = read(text)
    chain: Chain = leaf_jobs(workflow, others)[job]
    return [(lock.level, lock.group, lock.cancels) for lock in locks(chain, PartlyKnown(github))]


def test_callers_locks_hold_and_inputs_are_passed_on() -> None:
    found = of(CALLS, "staging / deploy", ref="refs/tags/v1", ref_type="tag")

    assert found == [
        ("workflow", "release", False), ("workflow", "staging-refs/tags/v1", False), ("job", "to-staging", False),
    ]  # fmt: skip


def test_an_input_that_is_not_passed_has_its_default() -> None:
    assert of(CALLS, "production / deploy", ref="r", ref_type="branch")[-1] == ("job", "to-nowhere", False)


@pytest.mark.parametrize(("kind", "cancels"), [("branch", True), ("tag", False)])
def test_cancelling_may_be_an_expression(kind: str, cancels: bool) -> None:
    assert of(CALLS, "build", ref_type=kind) == [("workflow", "release", cancels)]


def test_what_only_a_run_can_tell_is_not_guessed() -> None:
    asks = "{group: '${{ vars.GROUP }}', cancel-in-progress: '${{ vars.CANCEL }}'}"
    text = f"on: push\njobs: {{a: {{runs-on: x, concurrency: {asks}}}}}"

    assert of(text, "a") == [("job", None, None)]


def test_a_job_comes_after_all_jobs_of_what_it_needs() -> None:
    workflow, others = read(CALLS)

    before = jobs_before(workflow, others)

    assert before["build"] == frozenset()
    assert before["staging / deploy"] == {"build", "staging / before"}
    assert before["production / deploy"] == {"build", "staging / before", "staging / deploy", "production / before"}
