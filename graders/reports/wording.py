"""The words and shapes that every report uses: what a verdict is called, and what to do now."""

from __future__ import annotations

from dataclasses import dataclass

from graders.criterion import Kind, Verdict
from graders.picture import State
from graders.result import Judged, Result

_WAITS = "This waits for "


@dataclass(frozen=True, slots=True)
class Look:
    """How a verdict or a job is shown: by word and shape, so that nobody needs the colour. `ascii` is the shape's stand-in."""

    word: str
    shape: str
    ascii: str


LOOKS = {
    Kind.PASSED: Look("passed", "✔", "+"),
    Kind.FAILED: Look("failed", "✘", "x"),
    Kind.CANNOT_CHECK: Look("cannot check", "◌", "?"),
    Kind.ERROR: Look("grader error", "!", "!"),
}
WAITING = Look("waiting", "–", "-")
JOB_LOOKS = {
    State.SUCCESS: Look("success", "✔", "+"),
    State.FAILURE: Look("failure", "✘", "x"),
    State.SKIPPED: Look("skipped", "–", "-"),
    State.CANCELLED: Look("cancelled", "■", "#"),
    State.RUNNING: Look("running", "▸", ">"),
    State.WAITING: Look("waiting", "‖", "!"),
    State.QUEUED: Look("queued", "○", "o"),
    State.NOT_RUN: Look("not run", "·", "."),
}


def look(verdict: Verdict) -> Look:
    """The word and shape for a verdict; one that only waits for another criterion is told apart."""
    return WAITING if waits(verdict) else LOOKS[verdict.kind]


def waits(verdict: Verdict) -> bool:
    """Whether all there is to say is that an earlier criterion comes first."""
    return verdict.kind is Kind.CANNOT_CHECK and verdict.found.startswith(_WAITS)


def waits_for(verdict: Verdict) -> str:
    """The title of what a waiting criterion waits for, as `judge` names it, or an empty text."""
    return verdict.found.removeprefix(_WAITS).rstrip(".").strip("“”") if waits(verdict) else ""


def points(judged: Judged) -> str:
    """For example `2 of 2`."""
    return f"{judged.points:g} of {judged.criterion.points:g}"


def score(result: Result) -> str:
    """For example `8 of 10 points`."""
    return f"{result.score:g} of {result.max_score:g} points"


def tally(result: Result) -> str:
    """For example `5 passed, 1 failed, 1 waiting`."""
    words = [look(judged.verdict).word for judged in result.criteria]
    return ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))


def heading(result: Result) -> str:
    """For example `Step 1 · Git and branching`."""
    return f"Step {result.number} · {result.title}"


@dataclass(frozen=True, slots=True)
class WhatNow:
    """The last word of a report: a sentence, and commands with what each is for."""

    sentence: str
    commands: tuple[tuple[str, str], ...]


def what_now(result: Result) -> WhatNow:
    """What to do after this result."""
    first, step = result.first_open, result.step
    again = (f"ninesteps check {step}", "judge it again")
    if first is None:
        return WhatNow(
            "All of it holds: well done!",
            ((f"ninesteps submit {step}", "hand it in"), (f"ninesteps solution {step}", "compare with ours")),
        )
    title = f"“{first.criterion.title}”"
    if first.verdict.kind is Kind.ERROR:
        return WhatNow(f"{title} broke on our side.", (("ninesteps doctor", "what to send us with your report"), again))
    if first.verdict.kind is Kind.CANNOT_CHECK:
        return WhatNow(f"{title} could not be checked yet.", (("ninesteps doctor", "what is missing here"), again))
    return WhatNow(f"Next: {title}.", ((f"ninesteps hint {step}", "a nudge in the right direction"), again))
