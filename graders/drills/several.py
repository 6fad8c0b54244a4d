"""Questions where any number of the lettered options is right, in an order that differs from learner to learner."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from random import Random

from graders.drills.question import Feedback, Figure, Question, quoted, right, unclear, wrong

_LETTERS = "ABCDEFGH"
_MOST_WRONG = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """One option: what to show, whether it is among the right ones, and why (or why not), as a sentence."""

    figure: Figure
    fits: bool
    why: str


def several(random: Random, text: str, candidates: Sequence[Candidate], figures: Sequence[Figure] = ()) -> Question:
    """A question about `figures`; the answer is the letters of all options that fit, or `none`."""
    lettered = dict(zip(_LETTERS, random.sample(list(candidates), len(candidates)), strict=False))
    fitting = [letter for letter, one in lettered.items() if one.fits]

    def judge(given: str) -> Feedback:
        words = re.sub(r"[,;.+&]|\band\b", " ", given.strip("`'\"() ").upper().replace(" AND ", " ")).split()
        letters = list(words[0]) if len(words) == 1 and set(words[0]) <= set(lettered) else words
        if words == ["NONE"]:
            letters = []
        elif not letters or not set(letters) <= set(lettered):
            return unclear(
                f"{quoted(given)} names none of the options.",
                f"Letters, such as `{_written(list(lettered)[:2])}`, or `none`.",
            )
        for letter, one in lettered.items():
            if one.fits is not (letter in letters):
                missing = "belongs to the answer" if one.fits else "does not belong to the answer"
                return wrong(f"{letter} {missing}. {one.why}", "Look at the others again with that in mind.")
        return right(" ".join(f"{letter}: {one.why}" for letter, one in lettered.items()))

    return Question(
        text=f"{text} Give the letters of all that fit, or `none`.",
        judge=judge,
        right=_written(fitting),
        wrong=tuple(_written(one) for one in _others(list(lettered), fitting)),
        example=f'"{_written(list(lettered)[:2])}"',
        figures=tuple(figures),
        options=tuple(replace(one.figure, title=letter) for letter, one in lettered.items()),
    )


def _written(letters: Sequence[str]) -> str:
    return ", ".join(letters) or "none"


def _others(letters: list[str], fitting: list[str]) -> list[list[str]]:
    every = [list(some) for size in range(len(letters) + 1) for some in combinations(letters, size)]
    near = sorted((one for one in every if one != fitting), key=lambda one: len(set(one) ^ set(fitting)))
    return near[:_MOST_WRONG]
