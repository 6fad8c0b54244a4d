"""Questions with a few answers to choose from, in an order that differs from learner to learner."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from graders.drills.question import Feedback, Figure, Question, quoted, right, unclear, wrong


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose: what to show, and why it is right or what is wrong with it."""

    figure: Figure
    why: str


def choice(
    random: Random, text: str, correct: Option, others: Sequence[Option], figures: Sequence[Figure] = ()
) -> Question:
    """A question about `figures` with lettered options; the answer is a letter, in either case."""
    options = random.sample([correct, *others], len(others) + 1)
    lettered = dict(zip("ABCDEFGH", options, strict=False))
    letters = list(lettered)
    answer = next(letter for letter, option in lettered.items() if option is correct)
    named = f"{', '.join(letters[:-1])} or {letters[-1]}"

    def judge(given: str) -> Feedback:
        match = re.fullmatch(r"(?:option\s+)?([a-z])[.):]?", given.strip("`'\" "), re.IGNORECASE)
        if not match or match[1].upper() not in lettered:
            return unclear(f"{quoted(given)} is none of the options.", f"Answer with one letter: {named}.")
        letter = match[1].upper()
        if letter == answer:
            return right(lettered[letter].why)
        return wrong(lettered[letter].why, f"Look again at {', '.join(one for one in letters if one != letter)}.")

    return Question(
        text=text,
        judge=judge,
        right=answer,
        wrong=tuple(letter for letter in letters if letter != answer),
        example=f'"{letters[0]}"',
        figures=tuple(figures),
        options=tuple(replace(option.figure, title=letter) for letter, option in lettered.items()),
    )
