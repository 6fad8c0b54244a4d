"""What a drill is: a question made from a seed, and a judge that says what is wrong with a wrong answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random

from graders.picture import CommitGraph


class Outcome(StrEnum):
    """How an answer was judged. `UNCLEAR` could not be read as an answer, and does not count."""

    RIGHT = "right"
    WRONG = "wrong"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Feedback:
    """`text` is why the answer is right, or what is wrong with this very answer; `next` is what to try."""

    outcome: Outcome
    text: str
    next: str = ""


def right(text: str) -> Feedback:
    """The answer is right; `text` says why."""
    return Feedback(Outcome.RIGHT, text)


def wrong(text: str, next: str = "") -> Feedback:
    """The answer is wrong; `text` says what is wrong with it."""
    return Feedback(Outcome.WRONG, text, next)


def unclear(text: str, next: str = "") -> Feedback:
    """This can't be read as an answer; `text` says why."""
    return Feedback(Outcome.UNCLEAR, text, next)


@dataclass(frozen=True, slots=True)
class Listing:
    """Text to show as it is: a file, or what a command printed."""

    title: str
    text: str


Figure = CommitGraph | Listing


@dataclass(frozen=True, slots=True)
class Question:
    """One question, with values of its own.

    `figures` show what is asked about, `options` the answers to choose from, if there are any; each by its title.
    `text` and all feedback are paragraphs with `code` in backticks; `{folder}` in `text` becomes the folder that
    `prepare` filled. `example` shows an answer's form, as Python. `right` is the computed answer, `wrong` are answers
    that must be refused, each with a diagnosis: tests use them, and a learner who gives up is shown `right`.
    """

    text: str
    judge: Callable[[str], Feedback]
    right: str
    wrong: tuple[str, ...]
    example: str
    figures: tuple[Figure, ...] = ()
    options: tuple[Figure, ...] = ()
    prepare: Callable[[Path], None] | None = None


@dataclass(frozen=True, slots=True)
class Drill:
    """What a file in `exercises/NN_name/drills/` exports as `DRILL`; the file's name is the drill's name.

    `make` gives the same question for the same state of `Random`.
    """

    title: str
    make: Callable[[Random], Question]


def quoted(answer: str, most: int = 60) -> str:
    """An answer fit to stand in a sentence: one printable line, in backticks."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in answer).replace("`", "'").split())
    return f"`{line if len(line) <= most else line[: most - 1] + '…'}`"
