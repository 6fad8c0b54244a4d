"""Step 5's grader: every attempt gets the verdicts and the feedback that it must get, and together they prove it."""

from __future__ import annotations

from graders.attempts.recipe import Recipe
from graders.step import find
from tests.steps.every_attempt import attempts_of, gets_what_it_must, leave_no_gap, say_what_they_are

RELEASE = find("release")
QUICK = (
    "reference",
    "starter_untouched",
    "near_latest",
    "near_any_tag",
    "near_rebuilt_in_each_job",
    "near_gate_beside",
)


@attempts_of(RELEASE, QUICK)
def test_attempt(recipe: Recipe) -> None:
    gets_what_it_must(RELEASE, recipe)


def test_the_attempts_leave_no_gap() -> None:
    leave_no_gap(RELEASE, without="built_once")


def test_every_right_answer_earns_all_and_every_near_miss_names_its_mistake() -> None:
    say_what_they_are(RELEASE)
