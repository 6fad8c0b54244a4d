"""Step 4's grader: every attempt gets the verdicts and the feedback that it must get, and together they prove it."""

from __future__ import annotations

from contextlib import closing

import pytest

from graders.attempts.recipe import Recipe
from graders.runners.engine.base_images import NoBase, provide
from graders.runners.engine.connection import Engine
from graders.step import find
from tests.steps.every_attempt import attempts_of, gets_what_it_must, leave_no_gap, say_what_they_are

CONTAINERS = find("containers")
QUICK = ("reference", "starter_untouched", "near_misspelt_instruction", "near_command_fails")


@pytest.fixture(scope="module")
def base(engine: Engine) -> None:
    """The image that the attempts begin with is there."""
    with closing(engine.client(600)) as client:
        (found,) = provide(client, ["python:3.12-slim"])
    if isinstance(found, NoBase):
        pytest.skip(f"step 4 on images: {found.why} {found.next}")


@pytest.mark.usefixtures("base")
@attempts_of(CONTAINERS, QUICK)
def test_attempt(recipe: Recipe) -> None:
    gets_what_it_must(CONTAINERS, recipe)


def test_the_attempts_leave_no_gap() -> None:
    leave_no_gap(CONTAINERS, without="healthy")


def test_every_right_answer_earns_all_and_every_near_miss_names_its_mistake() -> None:
    say_what_they_are(CONTAINERS)
