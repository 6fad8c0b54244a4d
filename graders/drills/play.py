"""Ask a drill and judge an answer, from a notebook cell or a terminal; a learner never sees a traceback.

drill("git.merge_base")                  shows the question
drill("git.merge_base").answer("c3")     judges an answer; answer("git.merge_base", "c3") does the same
drill("git.merge_base").another()        asks with new values
drill("git.merge_base").give_up()        shows the answer, and why
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random

from graders.drills import card
from graders.drills.question import Feedback, Question, unclear
from graders.drills.record import ASKED, GAVE_UP, Event, append, events
from graders.drills.registry import find
from graders.problems import Problem
from graders.starter import SEEDS
from graders.workspace.home import home

log = logging.getLogger(__name__)
_LONGEST_ANSWER = 20_000


def drill(drill_id: str) -> Asked | Trouble:
    """The drill's current question; the same one each time, until `another()` is asked for."""
    if os.environ.get("NBGRADER_EXECUTION") == "autograde":  # a grader must not fill the instructor's home
        return Trouble("Drills are for the learner: they are no part of the grade.")
    try:
        find(drill_id)
        asked = Asked(drill_id, *_current(drill_id))
        asked.prepare()
    except Problem as problem:
        return Trouble(problem.found, problem.next)
    return asked


def answer(drill_id: str, given: object = None) -> Answered | Trouble:
    """Judge an answer to the drill's current question."""
    return drill(drill_id).answer(given)


@dataclass(frozen=True)
class Asked:
    """A question as a learner sees it: shows itself in a notebook and in a terminal."""

    id: str
    seed: int
    variant: int = 1

    @cached_property
    def question(self) -> Question:
        """The question; the same for the same id, seed and variant."""
        nth = "" if self.variant == 1 else f":{self.variant}"
        return find(self.id).make(Random(f"{self.seed}:{self.id}{nth}"))

    @property
    def title(self) -> str:
        return find(self.id).title

    @property
    def folder(self) -> Path:
        """Where the drill's files are, if it has any."""
        return home() / "drills" / f"{self.id}-{self.seed}-{self.variant}"

    def prepare(self) -> None:
        """Make the drill's files where they aren't there yet. Raises Problem where that can't be done."""
        make = self.question.prepare
        if make is None or self.folder.exists():
            return
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self.folder.parent, prefix=".making-") as scratch:
                make(Path(scratch) / "made")
                shutil.move(Path(scratch) / "made", self.folder)
        except OSError as trouble:
            raise Problem(
                f"The drill's files can't be made in {self.folder}: {trouble.strerror or trouble}.",
                "Make that folder writable, or choose another with the variable NINESTEPS_HOME.",
            ) from None

    def answer(self, given: object = None) -> Answered:
        """Judge an answer; at once, and as often as wanted."""
        feedback = self._judge(given)
        return Answered(self.id, feedback, _remember(self, feedback.outcome.value))

    def another(self) -> Asked | Trouble:
        """The same kind of question with new values, which becomes the current one."""
        following = Asked(self.id, self.seed, self.variant + 1)
        _remember(following, ASKED)
        try:
            following.prepare()
        except Problem as problem:
            return Trouble(problem.found, problem.next)
        return following

    def give_up(self) -> Answered:
        """The answer, and why it is right. `another()` then asks with new values."""
        reason = self._judge(self.question.right)
        note = _remember(self, GAVE_UP)
        return Answered(self.id, reason, note, self.question.right)

    def _judge(self, given: object) -> Feedback:
        text = str(given) if isinstance(given, int) and not isinstance(given, bool) else given
        form = f"Write it like this: `{self._call(self.question.example)}`."
        if not isinstance(text, str):
            what = "no answer yet" if text is None else f"a {type(text).__name__}, and the answer is a text in quotes"
            return unclear(f"That is {what}.", form)
        text = text.encode("utf-8", "replace").decode().strip("\n").rstrip()
        if not text.strip():
            return unclear("The answer is still empty.", form)
        if len(text) > _LONGEST_ANSWER:
            return unclear(f"That is {len(text):,} characters long: more than an answer needs.", form)
        try:
            return self.question.judge(text)
        except Problem as problem:
            return unclear(problem.found, problem.next)
        except Exception as defect:  # ours, so it costs the learner nothing
            log.debug("drill %s broke", self.id, exc_info=True)
            return unclear(
                f"The drill itself broke here ({type(defect).__name__}). This is our defect, not yours.",
                f"Please report it with the values {self.seed} and {self.variant}, and go on with `another()`.",
            )

    def _call(self, example: str) -> str:
        return f'answer("{self.id}", {example})'

    def __repr__(self) -> str:
        return card.question_text(self.title, self.question, self.folder, self._call(self.question.example))

    def _repr_html_(self) -> str:
        return card.question_html(self.title, self.question, self.folder, self._call(self.question.example))


@dataclass(frozen=True)
class Answered:
    """What was said about an answer. `note` says what else went wrong; `revealed` is the answer of who gave up."""

    id: str
    feedback: Feedback
    note: str = ""
    revealed: str = ""

    def __repr__(self) -> str:
        return card.feedback_text(self.feedback, self.note, self.revealed)

    def _repr_html_(self) -> str:
        return card.feedback_html(self.feedback, self.note, self.revealed)


@dataclass(frozen=True)
class Trouble:
    """Stands for a drill that can't be asked: whatever is called on it, it says why."""

    found: str
    next: str = ""
    folder: Path = Path()

    def answer(self, given: object = None) -> Trouble:
        return self

    def another(self) -> Trouble:
        return self

    def give_up(self) -> Trouble:
        return self

    def __repr__(self) -> str:
        return card.trouble_text(self.found, self.next)

    def _repr_html_(self) -> str:
        return card.trouble_html(self.found, self.next)


def _current(drill_id: str) -> tuple[int, int]:
    """Seed and variant of the question asked last; a new learner's begin with the seed of the drill's step."""
    for event in reversed(list(events(drill_id))):
        return event.seed, event.variant
    seed = _seed_of(drill_id.partition(".")[0])
    _remember(Asked(drill_id, seed), ASKED)
    return seed, 1


def _seed_of(step: str) -> int:
    from graders.workspace.progress import load

    try:
        known = load().steps.get(step)
    except Problem:
        known = None
    return known.seed if known and known.seed is not None else secrets.randbelow(SEEDS)


def _remember(asked: Asked, outcome: str) -> str:
    """Record what happened; where that fails the feedback counts more, and a sentence says what is lost."""
    try:
        append(Event(asked.id, asked.seed, asked.variant, outcome))
    except OSError as trouble:
        return f"This could not be recorded ({trouble.strerror or trouble}), so the next question may differ."
    return ""
