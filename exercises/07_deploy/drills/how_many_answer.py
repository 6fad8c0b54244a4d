"""Compute how many pods answer at least while a Deployment rolls out.

https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
"""

from __future__ import annotations

import re
from math import ceil
from random import Random

from graders.drills.question import Drill, Feedback, Listing, Question, quoted, right, unclear, wrong


def _make(random: Random) -> Question:
    replicas = random.choice([3, 4, 5, 8, 10])
    unavailable = random.choice(["0", "1", "25%", "50%"])
    surge = random.choice(["1", "2", "25%", "50%"])
    least = random.random() < 0.6
    may_lack = _share(unavailable, replicas, up=False)
    may_add = _share(surge, replicas, up=True)
    answer = replicas - may_lack if least else replicas + may_add
    rolling = f"  rollingUpdate:\n    maxUnavailable: {unavailable}\n    maxSurge: {surge}"
    text = f"replicas: {replicas}\nstrategy:\n  type: RollingUpdate\n{rolling}"

    def judge(given: str) -> Feedback:
        said = given.strip(" `'\".")
        if not re.fullmatch(r"\d{1,3}", said):
            return unclear(f"{quoted(given)} is no number of pods.", "Answer with a whole number, such as `3`.")
        if int(said) == answer:
            return right(f"{replicas} less {may_lack}: a share of `maxUnavailable` is rounded down." if least
                         else f"{replicas} and {may_add}: a share of `maxSurge` is rounded up.")  # fmt: skip
        if int(said) == (replicas + may_add if least else replicas - may_lack):
            return wrong(
                "That is the other end.",
                "`maxUnavailable` is how many may lack, `maxSurge` how many may be there besides.",
            )
        if "%" in (unavailable if least else surge):
            return wrong(
                f"{said} is not it.", f"`maxUnavailable` rounds a share of {replicas} down, `maxSurge` rounds it up."
            )
        return wrong(f"{said} is not it.", f"Begin with {replicas}, and "
                     + ("take `maxUnavailable` off." if least else "add `maxSurge`."))  # fmt: skip

    others = {replicas - may_lack, replicas + may_add, replicas, 1} - {answer}
    return Question(
        text="While this Deployment rolls out, how many pods "
        f"{'are ready at least' if least else 'exist at most'}, old and new together?",
        judge=judge,
        right=str(answer),
        wrong=tuple(str(one) for one in sorted(others)),
        example='"3"',
        figures=(Listing("Of a Deployment's spec", text),),
    )


def _share(text: str, of: int, *, up: bool) -> int:
    if not text.endswith("%"):
        return int(text)
    exact = int(text[:-1]) * of / 100
    return ceil(exact) if up else int(exact)


DRILL = Drill("how many answer", _make)
