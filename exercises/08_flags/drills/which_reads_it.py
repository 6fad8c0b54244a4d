"""Say which of several ways to read a variable turn the new path on."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace

from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several

_VALUES = (None, "", "false", "False", "0", "no", "off", "true", "TRUE", " true", "1", "yes", "on", "tru", "null")
_READS = (
    ('bool(os.environ.get("{name}"))', "`bool` of a text asks only whether it is empty."),
    ('"{name}" in os.environ', "This asks whether the variable is there, whatever its value."),
    ('os.environ.get("{name}") != "false"', "Everything but this one spelling turns it on, no variable at all, too."),
    ('os.environ.get("{name}", "true") == "true"', "Where the variable is missing, this supplies `true`."),
    ('os.environ.get("{name}") == "true"', "One text turns it on, and everything else leaves it off."),
    ('os.environ.get("{name}", "").strip().lower() == "true"', "`true` in any spelling, and nothing else."),
    ('os.environ.get("{name}", "false").lower() in ("1", "true", "yes")', "A list of words, and nothing else."),
    ('not os.environ.get("{name}", "").lower() in ("", "0", "false")', "A list of what is off: all else is on."),
    (
        'bool(os.environ.get("{name}", "").strip("0"))',
        "What is left after the noughts are gone is a text, so it is on.",
    ),
)


def _make(random: Random) -> Question:
    name = random.choice(("FEATURE_PRICE_V2", "NEW_SEARCH", "FAST_CHECKOUT", "BETA"))
    value = random.choice(_VALUES)
    environment = {} if value is None else {name: value}
    known = {"os": SimpleNamespace(environ=environment)}
    candidates = []
    for source, why in random.sample(_READS, 4):
        code = source.format(name=name)
        on = bool(eval(code, known))  # noqa: S307 - ours, from the list above
        candidates.append(Candidate(Listing("", code), on, f"Here it gives {on}. {why}"))
    shown = "(the variable is not set)" if value is None else f'{name}="{value}"'
    text = "A service starts with this environment. Which of these expressions turn the new path on?"
    return several(random, text, candidates, (Listing("Environment", shown),))


DRILL = Drill("which one reads it so", _make)
