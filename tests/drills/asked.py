"""A drill's question, and the parts of it that tests look at."""

from __future__ import annotations

from random import Random

from graders.drills.question import Listing, Question
from graders.drills.registry import drills


def question(drill_id: str, seed: int) -> Question:
    """What a drill, such as `git.next_command`, asks whoever has this seed."""
    return drills()[drill_id].make(Random(f"{seed}:{drill_id}"))


def listings(asked: Question) -> list[str]:
    """The texts that stand in the question."""
    return [one.text for one in asked.figures if isinstance(one, Listing)]


def options(asked: Question) -> dict[str, str]:
    """The texts to choose from, by their letters."""
    return {one.title: one.text for one in asked.options if isinstance(one, Listing)}


def letters(asked: Question) -> set[str]:
    """The letters of the right answer."""
    return set() if asked.right == "none" else set(asked.right.split(", "))
