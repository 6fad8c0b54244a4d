"""Step 3's grader: every attempt gets the verdicts and the feedback that it must get, and together they prove it."""

from __future__ import annotations

from graders.attempts.recipe import Recipe
from graders.step import find
from tests.steps.every_attempt import attempts_of, gets_what_it_must, leave_no_gap, say_what_they_are

ARTIFACTS = find("artifacts")
QUICK = ("reference", "starter_untouched", "near_tabs", "near_moved_out", "near_other_name")


@attempts_of(ARTIFACTS, QUICK)
def test_attempt(recipe: Recipe) -> None:
    gets_what_it_must(ARTIFACTS, recipe)


def test_the_attempts_leave_no_gap() -> None:
    leave_no_gap(ARTIFACTS, without="a_cache_for_each_system")


def test_every_right_answer_earns_all_and_every_near_miss_names_its_mistake() -> None:
    say_what_they_are(ARTIFACTS)
