"""Calls of reusable workflows: what fits, and what GitHub refuses the caller's file for."""

from __future__ import annotations

import pytest

from graders.evidence.workflow.read import FOLDER, read_workflows
from tests.evidence.workflow.samples import JOB

CALLED = """
on:
  workflow_call:
    inputs:
      image: {type: string, required: true}
      replicas: {type: number, required: true, default: 2}
      note: {type: string}
    secrets:
      deploy-key: {required: true}
      other: {}
permissions: {contents: read}
jobs: {a: {runs-on: ubuntu-latest, steps: [{run: make}], permissions: {packages: write}}}
"""
RIGHT = "with: {image: x}, secrets: {deploy-key: '${{ secrets.KEY }}'}"


def said(call: str, called: str = CALLED, top: str = "", name: str = "called.yml") -> list[str]:
    """What is said of a workflow whose job `c` has `uses` and `call`, with `called` beside it."""
    text = f"on: push\n{top}\njobs:\n  c: {{uses: ./{FOLDER}/{name}, {call}}}\n"
    read, _ = read_workflows({f"{FOLDER}/ci.yml": text.encode(), f"{FOLDER}/called.yml": called.encode()})
    return [finding.what for one in read if one.path.endswith("ci.yml") for finding in one.refused]


@pytest.mark.parametrize(
    ("call", "top"),
    [
        (RIGHT, ""),
        ("with: {IMAGE: x, note: y, replicas: 3}, secrets: inherit", ""),
        (RIGHT + ", permissions: {packages: write, contents: read}", ""),
        (RIGHT, "permissions: write-all"),
        ("with: '${{ fromJSON(vars.ALL) }}', secrets: inherit", ""),
    ],
)
def test_a_call_that_fits(call: str, top: str) -> None:
    assert said(call, top=top) == []


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("secrets: inherit", "`c` does not give `./.github/workflows/called.yml` its input `image`."),
        ("with: {image: x}", "`c` does not give `./.github/workflows/called.yml` its secret `deploy-key`."),
        ("with: {image: x, imgae: y}, secrets: inherit", "`./.github/workflows/called.yml` has no input `imgae`."),
        ("with: {image: x}, secrets: {deploy-key: x, key: y}", "`./.github/workflows/called.yml` has no secret `key`."),
        (
            RIGHT + ", permissions: {packages: read}",
            "The job `a` of `./.github/workflows/called.yml` asks for `packages: write`, and `c` has `packages: read`.",
        ),
    ],
)
def test_a_call_that_does_not_fit(call: str, what: str) -> None:
    assert said(call) == [what]


def test_a_workflow_that_is_missing_or_can_not_be_called() -> None:
    assert said(RIGHT, name="caled.yml") == [
        "`c` calls `./.github/workflows/caled.yml`, and there is no such workflow."
    ]
    assert said(RIGHT, called="on: [") == ["`c` calls `./.github/workflows/called.yml`, and there is no such workflow."]
    (uncalled,) = said(RIGHT, called=f"on: push\n{JOB}")
    assert "its `on:` has no `workflow_call`" in uncalled
    (refused,) = said("secrets: inherit", called="on: workflow_call\njobs: {a: {steps: [{run: make}]}}\n")
    assert refused == "`./.github/workflows/called.yml` is refused itself: The job `a` has no `runs-on`."


def test_workflows_that_call_each_other_without_end() -> None:
    back = f"on: workflow_call\njobs: {{b: {{uses: ./{FOLDER}/ci.yml}}}}\n"
    assert said("secrets: inherit", called=back) == [
        "These workflows call each other without end: ci.yml → called.yml → ci.yml."
    ]
    own = f"on: workflow_call\njobs: {{b: {{uses: ./{FOLDER}/called.yml}}}}\n"
    assert said("secrets: inherit", called=own) == [
        "These workflows call each other without end: called.yml → called.yml."
    ]


def test_a_chain_that_is_too_long_and_one_with_countless_ways() -> None:
    def called(number: int, most: int) -> str:
        uses = f"{{uses: ./{FOLDER}/{number + 1}.yml}}"
        jobs = f"a: {uses}, b: {uses}" if number < most else "a: {runs-on: ubuntu-latest, steps: [{run: make}]}"
        return f"on: workflow_call\njobs: {{{jobs}}}\n"

    for most, what in ((9, ""), (60, "call more than 10 deep")):
        files = {f"{FOLDER}/{number}.yml": called(number, most).encode() for number in range(most + 1)}
        first = next(one for one in read_workflows(files)[0] if one.path.endswith("/0.yml"))
        assert [what in finding.what for finding in first.refused] == ([True, True] if what else [])
