"""Mend a flag file that rolls out to the wrong users. https://flagd.dev/reference/flag-definitions/"""

from __future__ import annotations

from math import sqrt
from random import Random
from typing import NamedTuple

from graders.drills.question import Drill, Feedback, Listing, Question, right, unclear, wrong

_USERS = 1200
_STAFF = "@widgets.example"


class Fault(NamedTuple):
    """A change that spoils the good file: what is replaced, and by what."""

    good: str
    bad: str


_FAULTS = (
    Fault('[["on", {share}], ["off", {rest}]]', '[["on", {rest}], ["off", {share}]]'),
    Fault('[["on", {share}], ["off", {rest}]]', '[{{"var": "targetingKey"}}, ["on", {share}], ["off", {rest}]]'),
    Fault('[["on", {share}], ["off", {rest}]]', '[{{"var": "email"}}, ["on", {share}], ["off", {rest}]]'),
    Fault('"on": true, "off": false', '"on": "true", "off": "false"'),
    Fault('"on": true, "off": false', '"on": false, "off": true'),
    Fault('"defaultVariant": "off"', '"defaultVariant": "on"'),
    Fault('"state": "ENABLED"', '"state": "DISABLED"'),
    Fault('"ends_with"', '"starts_with"'),
)
_GOOD = """\
{{"flags": {{
  "{flag}": {{
    "state": "ENABLED",
    "variants": {{"on": true, "off": false}},
    "defaultVariant": "off",
    "targeting": {{"if": [
      {{"ends_with": [{{"var": "email"}}, "{staff}"]}}, "on",
      {{"fractional": [["on", {share}], ["off", {rest}]]}}
    ]}}
  }}
}}}}
"""


def _make(random: Random) -> Question:
    flag = random.choice(("price-v2", "new-search", "fast-checkout"))
    share = random.choice((5, 10, 20, 25))
    values = {"flag": flag, "share": share, "rest": 100 - share, "staff": _STAFF}
    good = _GOOD.format(**values)
    faults = [Fault(one.good.format(**values), one.bad.format(**values)) for one in _FAULTS]
    first = random.choice(faults)
    second = random.choice([one for one in faults if one.good != first.good])
    bad = good.replace(first.good, first.bad).replace(second.good, second.bad)

    def judge(given: str) -> Feedback:
        return _judge(given, flag, share)

    return Question(
        text=f"Two things are wrong with this file. `{flag}` should be on for everybody whose `email` ends in `{_STAFF}`, for "
        f"{share} % of all others, by flag and user together, and off for a caller who does not say who they are.",
        judge=judge,
        right=good,
        wrong=(bad, good.replace(first.good, first.bad), good.replace(second.good, second.bad)),
        example="'''\n{\"flags\": …}\n'''",
        figures=(Listing("flags.json", bad),),
    )


def _judge(given: str, flag: str, share: int) -> Feedback:
    from graders.evidence.flag_file import FlagFile

    try:
        file = FlagFile(given)
    except ValueError as trouble:
        return unclear(f"flagd can't read that: {trouble}.", "Copy the whole file, and mend it there.")

    def asked(user: str | None, email: str = "", key: str = flag) -> bool:
        return file.decide(key, user, {"email": email} if email else {}).value

    said = file.decide(flag, "u1", {"email": f"u1{_STAFF}"})
    if said.reason == "ERROR":
        return wrong(
            f"For a colleague it ends in an error: {said.error.rstrip('.')}.", "What are the variants' values?"
        )
    if said.reason == "DISABLED":
        return wrong("Nobody gets it: a disabled flag answers with the code's default.", "Look at `state`.")
    users = [f"u{number}" for number in range(_USERS)]
    if not all(asked(user, f"{user}{_STAFF}") for user in users[:50]):
        return wrong(
            f"Somebody whose email ends in `{_STAFF}` does not get it.",
            "Look at the condition of `if`, and at what `on` stands for.",
        )
    if asked(None):
        return wrong(
            "A caller without a name gets it.",
            "Without a first argument, `fractional` has no place for them, and `defaultVariant` counts.",
        )
    inside = [asked(user, f"{user}@home.example") for user in users]
    got = 100 * sum(inside) / _USERS
    expected = _USERS * share / 100
    if abs(sum(inside) - expected) > 5 * sqrt(expected * (1 - share / 100)):
        return wrong(
            f"{got:.0f} % of the others get it, and it should be {share} %.",
            "The number behind a variant is its weight; a user without a place gets `defaultVariant`.",
        )
    if inside != [asked(user, f"{user}@mail.example") for user in users]:
        return wrong(
            "Who changes their email moves in or out.", "Without a first argument, `fractional` takes flag and user."
        )
    twin = FlagFile(given.replace(f'"{flag}"', '"another-flag"'))
    if inside == [twin.decide("another-flag", user, {"email": f"{user}@home.example"}).value for user in users]:
        return wrong("Another flag with this rule would hit the very same users.",
                     "Without a first argument, `fractional` takes flag and user together.")  # fmt: skip
    return right(f"Staff are in, {share} % of the others too, by flag and user together, and without a name it is off.")


DRILL = Drill("mend a rollout", _make)
