"""What step 2's grader says to do next is done here, as it stands, and must help."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graders.attempts.make import carry_out, settled_environment
from graders.attempts.recipe import recipes
from graders.criterion import Kind, Verdict
from graders.forge.git_calls import learner_git
from graders.step import find
from graders.steps import ci as step
from graders.workspace.start import start

CI = find("ci")
RECIPES = {recipe.name: recipe for recipe in recipes(CI)}
WORKFLOW = ".github/workflows/ci.yml"
DELIVER = "deliver:\n"
SLOW = pytest.mark.slow


def judged(repo: Path, criterion: str) -> Verdict:
    """The verdict of this one criterion, without those before it."""
    with step.open_work(repo) as work:
        verdict: Verdict = getattr(step, criterion).judge(work)
        return verdict


# The attempt, the criterion, a word of the advice, and what a learner who follows it changes in the workflow.
ADVICE = [
    ("near_misspelt_key", "readable", "steps", "    step:", "    steps:"),
    ("near_needs_nobody", "readable", "`lint`", "needs: lnt", "needs: lint"),
    ("near_broken_expression", "readable", "finish the last part", "github.ref == }}", "github.ref == 'refs/heads/main' }}"),
    ("near_tabs", "readable", "spaces", "\t", "  "),
    ("near_pull_request_only", "starts_on_push", "`push:`", "  pull_request:", "  push:\n  pull_request:"),
    ("near_push_to_master", "starts_on_push", "`branches: [main]`", "[master]", "[main]"),
    ("near_paths_ignore_swallow_code", "starts_on_push", "nothing but documentation", ', "widgets/**"', ""),
    ("near_paths_without_lock", "starts_on_push", "Take the filter out", '\n    paths: ["**.py"]', ""),
    ("near_tags_only", "starts_on_push", "`branches: [main]`", "    tags:", "    branches: [main]\n    tags:"),
    ("near_push_only", "starts_on_pull_request", "`pull_request:`", "permissions:", "  pull_request:\npermissions:"),
    ("near_pull_request_target", "starts_on_pull_request", "`pull_request:`", "pull_request_target:", "pull_request:"),
    ("near_types_opened", "starts_on_pull_request", "`types:`", "\n    types: [opened]", ""),
    ("near_no_permissions", "least_privilege", "`permissions: {contents: read}`", "jobs:",
     "permissions: {contents: read}\njobs:"),
    ("near_write_all", "least_privilege", "`permissions: {contents: read}`", "permissions: write-all",
     "permissions: {contents: read}"),
    ("near_job_writes_in_vain", "least_privilege", "Take it out", "      packages: write\n", ""),
    ("near_title_in_script", "nothing_untrusted", "`env:`", '"Checking ${{ github.event.pull_request.title }}"',
     '"Checking $TITLE"\n        env:\n          TITLE: ${{ github.event.pull_request.title }}'),
    ("near_misspelt_input", "lint_of_the_workflow", "`actionlint`", "pyhton-version", "python-version"),
    pytest.param("near_or_true", "red_on_broken_test", "`||`", " || true", "", marks=SLOW),
    pytest.param("near_tee", "red_on_broken_test", "`shell: bash`", "pytest.log", "pytest.log\n        shell: bash", marks=SLOW),
    pytest.param("near_formats", "red_on_lint", "`ruff check .`", "ruff format .", "ruff check .", marks=SLOW),
    pytest.param("near_delivers_beside", "stops_after_failure", "`needs: [check]`", DELIVER, f"{DELIVER}    needs: [check]\n",
                 marks=SLOW),
    pytest.param("near_delivers_pull_requests", "stops_after_failure", "`if: ", DELIVER,
                 f"{DELIVER}    if: github.event_name == 'push' && github.ref == 'refs/heads/main'\n", marks=SLOW),
]  # fmt: skip


@pytest.mark.parametrize(("name", "criterion", "advice", "old", "new"), ADVICE)
def test_the_next_step_mends_it(name: str, criterion: str, advice: str, old: str, new: str, tmp_path: Path) -> None:
    recipe = RECIPES[name]
    made = start(CI, tmp_path / "work", recipe.seed)
    carry_out(CI, recipe, recipe.seed, made.repo, settled_environment(tmp_path))
    before = judged(made.repo, criterion)
    assert before.kind is Kind.FAILED
    assert advice in before.next
    assert re.match(r"[\w.-]", before.where)

    file = made.repo / WORKFLOW
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    learner_git(made.repo).commit("-q", "-a", "-m", "Mend it")

    after = judged(made.repo, criterion)
    assert after.kind is Kind.PASSED, after.found
