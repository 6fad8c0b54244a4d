"""Verdicts about feature flags that several criteria share, or that look at one thing in many places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graders.criterion import Verdict, cannot_check, failed
from graders.evidence.flag_leftovers import fixed_conditions, names_left
from graders.runners.flags.plan import FLAG, OTHER, VARIABLE
from graders.runners.flags.record import Answer, Observed, Started, Step, body_of, differing
from graders.runners.flags.work import REMOVAL, FlagsWork

PRICING = "widgets/pricing.py"
UVICORN = "uvicorn --factory widgets.app:create_app"
BY_FILE = f"FLAGS_FILE=flags.json {UVICORN}"


def unwatched(observed: Observed, tried: Sequence[str]) -> Verdict | None:
    """The verdict where nothing could be observed; None where it could."""
    if not observed.trouble:
        return None
    return cannot_check(f"The service could not be watched: {observed.trouble}.", next="Check again.", ran=tried)


def place(work: FlagsWork, *texts: str) -> str:
    """`file:line` where the service's code, as far as it is the learner's, holds the first of these texts that it holds."""
    own = {path: content for path, content in sorted(work.files.items()) if work.given.get(path) != content}
    for text in texts:
        for path, content in own.items():
            if path.endswith(".py") and not path.startswith("tests/") and text.encode() in content:
                return f"{path}:{content[: content.index(text.encode())].count(bytes([10])) + 1}"
    return PRICING


def last(said: str) -> str:
    """The last line that a service printed, as the end of a sentence."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return f"“{lines[-1][:160]}”" if lines else "it says nothing"


def first_bad(answers: Sequence[Answer]) -> Answer | None:
    """The first answer that is no price."""
    return next((one for one in answers if one.status != 200), None)


def status_of(answer: Answer) -> str:
    """The status of an answer in words."""
    return f"{answer.status}" if answer.status else "no answer"


def unsafe(
    start: Started, step: Step, when: str, expected: str, where: str, *, mistakes: str, act: str = ""
) -> Verdict | None:
    """The verdict where a service that lost the flag `when` is down, fails, or gives the new price; None where all is well.

    `mistakes` is the name of the start, empty where the flag was lost while the service ran, by the command `act`.
    """
    tried = [BY_FILE, *([act] if act else [])]
    if not start.up or start.exit_code is not None:
        return failed(
            f"{when}, the service {'does not start' if not start.up else 'ends'}: {last(start.said)}".replace(",,", ","),
            expected=expected, where=where, ran=tried, mistake="no file, no service",
            next="Catch what opening the provider or the file raises, and go on with the stable price.",
        )  # fmt: skip
    if bad := first_bad(step.answers):
        return failed(
            f"{when}, the price is answered with {status_of(bad)}.".replace(",,", ","), expected=expected, where=where, ran=tried,
            mistake="error for the caller", next="Catch the error where you decide, and give the stable price.",
        )  # fmt: skip
    if not step.new:
        return None
    mistake = {"": "last value kept", "a text for a boolean": 'bool("false")'}.get(
        mistakes, 'exception swallowed into "on"'
    )
    mend = {
        "last value kept": "Give the stable price where the provider is not `READY`, or where the file cannot be read now.",
        'bool("false")': "Take a value only where it is `True` or `False` in JSON; anything else is off.",
    }.get(mistake, "Whatever goes wrong, return the default, and let the default be off.")
    return failed(f"{when}, users get the new price.".replace(",,", ","), expected=expected, where=where, ran=tried,
                  mistake=mistake, next=mend)  # fmt: skip


def still_there(files: Mapping[str, bytes], expected: str, tried: list[str]) -> Verdict | None:
    """The verdict where a removal left the flag's name or a condition of it; None where it did not."""
    if names := names_left(files, FLAG):
        return failed(
            f"`{names[0].what}` still stands in {len({one.where.partition(':')[0] for one in names})} "
            "of the files.".replace("in 1 of the files", "in a file"), expected=expected,
            where=names[0].where, ran=tried, mistake="name left", next="Take it out of code, tests and configuration.",
        )  # fmt: skip
    if fixed := fixed_conditions(files):
        return failed(
            f"The condition `{fixed[0].what}` never changes: the flag is forced, not removed.", expected=expected,
            where=fixed[0].where, ran=tried, mistake="forced true",
            next="Delete the condition, and the path that is never taken.",
        )  # fmt: skip
    return None


def without_the_flag(work: FlagsWork, name: str, start: Started, expected: str) -> Verdict | None:
    """The verdict where one start of the service after the removal is not as it must be; None where it is."""
    tried = [f"git switch {REMOVAL}", UVICORN if name != "told otherwise" else f"{VARIABLE}=false {BY_FILE}"]
    if not start.up:
        return failed(f"On `{REMOVAL}` the service does not start: {last(start.said)}", expected=expected, where=PRICING,
                      ran=tried, mistake="does not start", next="Start it there, and mend what it says.")  # fmt: skip
    price, delivery = start.steps.get("price", Step()).answers, start.steps.get("delivery", Step()).answers
    if wrong := differing(price, work.new_price):
        got = (
            "the stable price"
            if body_of(wrong) == work.stable_price(work.quantity)
            else f"`{wrong.body[:100]}`, {status_of(wrong)}"
        )
        when = " where the file or the variable says so" if name == "told otherwise" else ""
        return failed(f"On `{REMOVAL}` users get {got}{when}.", expected=expected, where=PRICING, ran=tried,
                      mistake="not the new price",
                      next="Let `read_price` return the discounted price, and ask nobody.")  # fmt: skip
    free = [one.free for one in delivery]
    if any(free) if name != "told otherwise" else not all(free):
        state = "off" if name != "told otherwise" else "on"
        return failed(
            f"On `{REMOVAL}`, with `{OTHER}` {state}, delivery is answered otherwise.", expected=expected, where=PRICING,
            ran=tried, mistake="too much removed", next=f"Keep what reads the file: `{OTHER}` still needs it.",
        )  # fmt: skip
    return None
