"""Step 8's grader: every attempt gets the verdicts and the feedback that it must get, and together they prove it."""

from __future__ import annotations

import pytest

from graders.attempts.recipe import Recipe
from graders.starter import exercise_module, left_by_earlier, starter_for
from graders.step import Place, find
from tests.steps.every_attempt import attempts_of, gets_what_it_must, leave_no_gap, say_what_they_are

FLAGS = find("flags")
QUICK = ("reference", "starter_untouched", "near_nobody_asks", "near_forced_true")


@attempts_of(FLAGS, QUICK)
def test_attempt(recipe: Recipe) -> None:
    gets_what_it_must(FLAGS, recipe)


def test_the_attempts_leave_no_gap() -> None:
    leave_no_gap(FLAGS, without="removed")


def test_every_right_answer_earns_all_and_every_near_miss_names_its_mistake() -> None:
    say_what_they_are(FLAGS)


@pytest.mark.parametrize("seed", range(6))
def test_code_and_ticket_speak_of_the_same_discount(seed: int) -> None:
    starter = starter_for(FLAGS, seed)
    percent, threshold = starter.variant["percent"], starter.variant["threshold"]
    given = starter.commits[-1].files["widgets/pricing.py"] or ""

    for text in (given, starter.variant["pricing"], starter.variant["pricing_removed"]):
        assert f"DISCOUNT_FROM = {threshold}" in text
        assert f"DISCOUNT_PERCENT = {percent}" in text
    ticket = exercise_module(FLAGS, "starter").ticket(starter.variant)
    assert f"{percent} % off from {threshold} widgets on" in ticket
    assert f"or {25 * (100 - int(percent))} with the discount" in ticket


def test_later_steps_begin_with_the_flag_and_the_packages_that_it_needs() -> None:
    later = left_by_earlier(Place(FLAGS.number + 1, "later", FLAGS.folder))

    assert "openfeature-provider-flagd" in later["pyproject.toml"]
    for lock in ("requirements.lock", "requirements-dev.lock"):
        assert "openfeature-provider-flagd==" in later[lock]
    assert 'is_on(request, "price-v2", user)' in later["widgets/pricing.py"]
