"""Step 9's grader: every attempt gets the verdicts and the feedback that it must get, and together they prove it."""

from __future__ import annotations

import json

import pytest

from graders.attempts.recipe import Recipe
from graders.evidence.terraform.comparison import wrong_actions, wrong_replacements, wrong_unknowns
from graders.evidence.terraform.review import read_review
from graders.runners.sandbox import isolates
from graders.runners.terraform.planning import program
from graders.runners.terraform.shipped import plan_model
from graders.runners.terraform.variants import PLANS
from graders.starter import starter_for
from graders.step import find
from tests.steps.every_attempt import attempts_of, gets_what_it_must, leave_no_gap, say_what_they_are

IAC = find("iac")
QUICK = ("reference", "starter_untouched", "near_orders_swapped", "near_for_each_alone", "attack_reads_a_file")


@pytest.mark.skipif(not isolates() or not program(), reason="plans in a sandbox: they need bubblewrap and Terraform")
@attempts_of(IAC, QUICK)
def test_attempt(recipe: Recipe) -> None:
    gets_what_it_must(IAC, recipe)


def test_the_attempts_leave_no_gap() -> None:
    leave_no_gap(IAC, without="pinned")


def test_every_right_answer_earns_all_and_every_near_miss_names_its_mistake() -> None:
    say_what_they_are(IAC)


def test_the_starter_holds_a_plan_and_no_review() -> None:
    files = {path: text for commit in starter_for(IAC, 1).commits for path, text in commit.files.items()}

    assert json.loads(files["review/plan.json"] or "")["format_version"].startswith("1.")
    assert "review/review.yaml" not in files
    assert "infra/terraform.tfstate" in files


def test_the_review_read_off_each_plan_is_right() -> None:
    for number in range(PLANS):
        plan, review = (
            plan_model(number),
            read_review(starter_for(IAC, number).variant["review"].encode(), "review.yaml"),
        )

        assert not [*wrong_actions(plan, review), *wrong_replacements(plan, review), *wrong_unknowns(plan, review)]
