"""Workflows that can't be run, or that GitHub would not run: each ends in one clear sentence, at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from graders.problems import Problem
from graders.runners.workflow.known_actions import KNOWN, meant
from graders.runners.workflow.record import Run
from graders.runners.workflow.run import Limits

Runner = Callable[..., Run]
ERRORS = Path(__file__).parents[2] / "evidence" / "workflow" / "err"
ONE = "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [%s]}}\n"
FILES: Mapping[str, str] = {
    "loop/action.yml": "{name: x, description: x, runs: {using: composite, steps: [{uses: ./loop}]}}",
    "container/action.yml": "{name: x, description: x, runs: {using: docker, image: Dockerfile}}",
    "nothing/action.yml": "name: [",
}


def error(name: str) -> str:
    return (ERRORS / f"{name}.yaml").read_text()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("on: [push\njobs: {", "The bracket that opens on line 1 is not closed"),
        ("", "The file is empty."),
        ("\0", "The invisible character U+0000"),
        (error("tab"), "This line is indented with a tab."),
        (error("bomb"), "the aliases of this file make more than 100,000 values"),
        (error("list"), "The file is a list, and no workflow."),
        (error("duplicate_key"), "The key `steps` stands here again"),
        ("# " + "x" * (1 << 20), "1,048,576 is the most that is read."),
    ],
    ids=["no YAML", "empty", "binary", "tab", "bomb", "list", "duplicate key", "too large"],
)
def test_a_file_that_is_no_workflow(run: Runner, text: str, what: str) -> None:
    with pytest.raises(Problem) as trouble:
        run(text)
    assert what in trouble.value.found
    assert trouble.value.next
    assert "\n" not in str(trouble.value)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        (error("no_on"), "(.github/workflows/ci.yml:2): The workflow has no `on:`, so nothing ever starts it"),
        (error("needs_circle"), "(.github/workflows/ci.yml:4): These jobs wait for each other: a → b → c → a"),
        (error("needs_unknown"), "(.github/workflows/ci.yml:8): `deploy` needs a job `biuld`, which is not here"),
        (error("unknown_keys"), "(.github/workflows/ci.yml:2): The workflow has a key `permision`"),
        (error("expression_syntax"), "(.github/workflows/ci.yml:6): `run`: A single `=` is no operator"),
        (error("matrix_too_big"), "(.github/workflows/ci.yml:7): The matrix makes 10,000 jobs; GitHub starts 256"),
        (
            "on: push\njobs: {a: {uses: ./.github/workflows/none.yml}}\n",
            "`a` calls `./.github/workflows/none.yml`, and",
        ),
        (
            "on: workflow_call\njobs: {a: {uses: ./.github/workflows/ci.yml}}\n",
            "call each other without end: ci.yml → ci.yml",
        ),
    ],
    ids=["no on", "circle", "needs", "key", "expression", "10,000 jobs", "no workflow to call", "calls itself"],
)
def test_a_workflow_that_github_refuses_is_not_started(run: Runner, text: str, trouble: str) -> None:
    result = run(text)
    assert result.trouble.startswith("GitHub refuses the file (")
    assert trouble in result.trouble
    assert "\n" not in result.trouble
    assert result.jobs == ()


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            "uses: actions/chekout@v4",
            "Unable to resolve action actions/chekout, repository not found. Did you mean actions/checkout?",
        ),
        (
            "uses: actions/cache/retsore@v4",
            "Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action 'actions/cache/retsore@v4'.",
        ),
        ("uses: ./no/such/action", "for action './no/such/action'. Did you forget to run actions/checkout before"),
        ("uses: ./nothing", "yaml: line 1"),
        ("{run: 'true', shell: bahs}", "Cannot find: bahs in PATH"),
        ("run: echo ${{ fromJSON('{') }}", "Invalid JSON"),
    ],
    ids=["slip", "part", "local", "broken local", "shell", "JSON"],
)
def test_what_only_a_step_can_find_out_ends_it_red_and_says_why(run: Runner, step: str, said: str) -> None:
    step = step if step.startswith("{") else "{" + step.replace(": ", ': "', 1) + '"}'
    result = run(ONE % ("{uses: actions/checkout@v4}, " * ("nothing" in step) + step), FILES)
    assert result.trouble == ""
    assert [job.result for job in result.jobs] == ["failure"]
    log = "\n".join(line for step_run in result.jobs[0].steps for line in step_run.log)
    assert said in log
    assert "/sandbox" not in log


@pytest.mark.parametrize(
    ("steps", "trouble"),
    [
        ("{uses: ./loop}", "its action `./loop` uses itself, without end"),
        ("{uses: ./container}", "its action `./container` is a container, which needs Docker"),
    ],
)
def test_local_actions_that_can_not_run_here(run: Runner, steps: str, trouble: str) -> None:
    assert run(ONE % steps, FILES).trouble == trouble


DYNAMIC = """
on: push
jobs:
  plan:
    runs-on: ubuntu-latest
    outputs: {list: "${{ steps.x.outputs.list }}"}
    steps: [{id: x, run: 'echo "list=[$(seq -s, %d)]" >> "$GITHUB_OUTPUT"'}]
  each:
    needs: plan
    runs-on: ubuntu-latest
    strategy: {matrix: {n: "${{ fromJSON(needs.plan.outputs.list) }}"}}
    steps: [{run: "true"}]
"""


def test_a_matrix_that_a_run_makes_too_large_or_empty(run: Runner) -> None:
    many = run(DYNAMIC % 260, limits=Limits(seconds=100))
    assert many.trouble == "the matrix of its job `each` makes more than 256 jobs, and GitHub fails such a run"
    none = run(DYNAMIC % 0)
    assert (none.trouble, none.green) == ("", False)
    assert none.legs("each")[0].why == "its matrix has no values, and GitHub fails such a job"
    assert run(DYNAMIC % 2).green


@pytest.mark.parametrize(
    ("runner", "why"),
    [
        ("ubuntu-lastest", "`ubuntu-lastest` is none of GitHub's own runners (`ubuntu-latest` is one)"),
        ("ubuntu-18.04", "`ubuntu-18.04` is none of GitHub's own runners"),
        (
            "[self-hosted, ubuntu-latest]",
            "it runs on self-hosted, ubuntu-latest, and only GitHub's Linux runners are played here",
        ),
        ("windows-latest", "it runs on windows-latest, and only GitHub's Linux runners are played here"),
        ("macos-15", "it runs on macos-15, and only GitHub's Linux runners are played here"),
    ],
)
def test_a_runner_that_is_not_here(run: Runner, runner: str, why: str) -> None:
    result = run(f"on: push\njobs: {{a: {{runs-on: {runner}, steps: [{{run: 'true'}}]}}}}\n")
    assert result.trouble.startswith(f"its job `a` was not run: {why}")


def test_runners_are_called_in_any_case(run: Runner) -> None:
    assert run("on: push\njobs: {a: {runs-on: Ubuntu-Latest, steps: [{run: 'true'}]}}\n").green


def test_a_large_workflow_runs(run: Runner) -> None:
    """As large as is read at all."""
    text = ONE % "{run: 'true'}"
    assert run(text + "# a comment, as long as the file may be\n" * (((1 << 20) - len(text)) // 41)).green


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("actions/chekout", "actions/checkout"), ("Actions/Setup-Pyhton", "actions/setup-python"),
        ("action/checkout", "actions/checkout"), ("actions/upload-artifacts", "actions/upload-artifact"),
        ("my-org/checkout", ""), ("my-actions/checkout", ""), ("actions/setup-haskell", ""), ("actions/Checkout", ""),
        ("docker/something-else", ""), ("gradle/actions/setup-gradle", ""), ("ruby/setup-ruby", ""),
    ],
)  # fmt: skip
def test_a_slip_of_the_pen_is_told_from_an_unknown_action(name: str, known: str) -> None:
    assert meant(name) == known
    assert [one for one in KNOWN if meant(one)] == []
