"""Step 6's grader: every attempt gets the verdicts and the feedback that it must get, and together they prove it."""

from __future__ import annotations

import pytest

from graders.attempts.recipe import Recipe
from graders.starter import exercise_module, starter_for
from graders.step import find
from tests.steps.every_attempt import attempts_of, gets_what_it_must, leave_no_gap, say_what_they_are

CONFIG = find("config")
QUICK = ("reference", "starter_untouched", "near_deleted_only", "near_default_address", "bad_history_from_nothing")


@attempts_of(CONFIG, QUICK)
def test_attempt(recipe: Recipe) -> None:
    gets_what_it_must(CONFIG, recipe)


def test_the_attempts_leave_no_gap() -> None:
    leave_no_gap(CONFIG, without="rotated")


def test_every_right_answer_earns_all_and_every_near_miss_names_its_mistake() -> None:
    say_what_they_are(CONFIG)


@pytest.mark.parametrize("seed", range(4))
def test_the_key_is_in_the_history_and_not_in_the_first_commit(seed: int) -> None:
    starter = starter_for(CONFIG, seed)
    leaked = starter.variant["leaked"]
    holding = [
        commit.message.split("\n")[0]
        for commit in starter.commits
        if any(text and leaked in text for text in commit.files.values())
    ]

    assert holding == [f"Order widgets from {starter.variant['supplier']}"]
    assert leaked not in exercise_module(CONFIG, "starter").ticket(starter.variant)
