"""Step 7's grader: every attempt gets the verdicts and the feedback that it must get, and together they prove it."""

from __future__ import annotations

import pytest

from graders.attempts.recipe import Recipe
from graders.runners.deployment.releases import service_text
from graders.runners.sandbox import isolates
from graders.starter import starter_for
from graders.step import find
from tests.steps.every_attempt import attempts_of, gets_what_it_must, leave_no_gap, say_what_they_are

DEPLOY = find("deploy")
QUICK = ("reference", "starter_untouched", "near_any_answer_is_healthy", "near_not_committed", "bad_other_target")


@pytest.mark.skipif(not isolates(), reason="deployments in a sandbox: they need bubblewrap")
@attempts_of(DEPLOY, QUICK)
def test_attempt(recipe: Recipe) -> None:
    gets_what_it_must(DEPLOY, recipe)


def test_the_attempts_leave_no_gap() -> None:
    leave_no_gap(DEPLOY, without="record")


def test_every_right_answer_earns_all_and_every_near_miss_names_its_mistake() -> None:
    say_what_they_are(DEPLOY)


def test_the_starter_holds_the_service_that_the_check_deploys_and_no_script_of_the_answer() -> None:
    commits = starter_for(DEPLOY, 1).commits
    files = {path: text for commit in commits for path, text in commit.files.items()}

    assert files["scripts/service"] == service_text()
    assert not {"scripts/deploy.sh", "scripts/rollback.sh", "scripts/target"} & set(files)
    assert {"releases/", "deployments.jsonl"} <= set((files[".gitignore"] or "").splitlines())
