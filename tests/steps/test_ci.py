"""Step 2's grader: every attempt gets the verdicts and the feedback that it must get, and together they prove it."""

from __future__ import annotations

import pytest

from graders.attempts.recipe import Recipe
from graders.step import find
from tests.steps.every_attempt import attempts_of, gets_what_it_must, leave_no_gap, say_what_they_are

CI = find("ci")
# Cheap and telling: what is refused, what never starts, what is red on good code, and one of each other kind.
QUICK = (
    "reference", "starter_untouched", "near_tabs", "near_wrong_folder", "near_misspelt_key", "near_no_checkout",
    "near_tee", "bad_yaml_bomb", "bad_megabyte", "bad_windows",
)  # fmt: skip


@attempts_of(CI, QUICK)
def test_attempt(recipe: Recipe) -> None:
    gets_what_it_must(CI, recipe)


def test_the_attempts_leave_no_gap() -> None:
    leave_no_gap(CI, without="stops_after_failure")


def test_every_right_answer_earns_all_and_every_near_miss_names_its_mistake() -> None:
    say_what_they_are(CI)


@pytest.mark.parametrize("seed", range(4))
def test_the_ticket_names_the_server_that_the_script_has(seed: int) -> None:
    from graders.starter import exercise_module, starter_for

    starter = starter_for(CI, seed)

    text = exercise_module(CI, "starter").ticket(starter.variant)

    assert starter.variant["server"] in text
    assert starter.variant["server"] in (starter.commits[-1].files["scripts/deliver.sh"] or "")
