"""Tell the orders of deploying that lose no request from those that do."""

from __future__ import annotations

from random import Random

from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several

_START, _WAIT, _SWITCH, _STOP, _KILL = "start new", "until healthy new", "switch old new", "stop old", "kill -9 old"
_SLEEP = "sleep 5"
_ORDERS = (
    (
        (_START, _WAIT, _SWITCH, _STOP),
        "The new one is healthy before it gets the traffic, and the old one finishes what it began.",
    ),
    ((_START, _WAIT, _SWITCH, _SLEEP, _STOP), "Waiting before the old one ends costs nothing but time."),
    ((_START, _WAIT, _SWITCH), "The old one runs on: nobody is cut off, and going back is quick."),
    ((_STOP, _START, _WAIT, _SWITCH), "From the first line to the last nobody answers."),
    ((_START, _SWITCH, _WAIT, _STOP), "The traffic is there before the new one is healthy."),
    ((_START, _WAIT, _STOP, _SWITCH), "Between the last two lines the proxy leads to somebody who has gone."),
    ((_START, _WAIT, _SWITCH, _KILL), "What the old one was answering at that moment is cut off."),
    (
        (_START, _SLEEP, _SWITCH, _STOP),
        "On the day when it takes six seconds, or does not start at all, the traffic goes nowhere.",
    ),
)
_LOSE_NONE = 3  # of them, the first


def _make(random: Random) -> Question:
    fitting = random.sample(_ORDERS[:_LOSE_NONE], random.choice([1, 2]))
    others = random.sample(_ORDERS[_LOSE_NONE:], 4 - len(fitting))
    candidates = [
        Candidate(Listing("", "\n".join(lines)), (lines, why) in fitting, why) for lines, why in [*fitting, *others]
    ]
    text = (
        "Each script runs under load, and a broken release may come along. `until healthy` gives up with an error after ten "
        "seconds; `stop` lets a process finish what it has begun. Which of them never costs a caller an answer?"
    )
    return several(random, text, candidates)


DRILL = Drill("which one loses none", _make)
