"""Say which commits still hold a key, from a history. https://git-scm.com/docs/git-log#Documentation/git-log.txt--Sstring"""

from __future__ import annotations

import re
from random import Random

from graders.drills.question import Drill, Feedback, Listing, Question, right, unclear, wrong

_SUBJECTS = (
    "Add the client",
    "Name timeouts",
    "Retry twice",
    "Log less",
    "Sort imports",
    "Say how to run it",
    "Cache answers",
)


def _make(random: Random) -> Question:
    count = random.randint(5, 7)
    comes, goes = sorted(random.sample(range(1, count), 2))
    back = random.random() < 0.4 and goes + 1 < count
    holding = [number for number in range(count) if comes <= number < goes or (back and number >= goes + 1)]
    subjects = random.sample(_SUBJECTS, count)
    lines = []
    for number in range(count):
        change = "+" if number == comes or (back and number == goes + 1) else "-" if number == goes else " "
        said = {"+": "+KEY = “sup_5e…”", "-": "-KEY = “sup_5e…”"}.get(change, "")
        lines.append(f"c{number + 1}  {subjects[number]:<18} {said}".rstrip())
    wanted = {number + 1 for number in holding}

    def judge(given: str) -> Feedback:
        found = {int(one) for one in re.findall(r"\d+", given)}
        if not found or found - set(range(1, count + 1)):
            return unclear("Name commits by their numbers.", "Such as `c2, c3`.")
        for number in range(1, count + 1):
            if (number in found) != (number in wanted):
                why = (
                    "its tree has the key, although it does not touch that file"
                    if number in wanted
                    else "its tree has no key"
                )
                if number - 1 in (comes, goes):
                    why = (
                        "it brings the key in"
                        if number - 1 == comes
                        else "it takes the key out, so its own tree has none"
                    )
                return wrong(
                    f"`c{number}`: {why}.", "A commit is a snapshot: it holds all that was there, touched or not."
                )
        return right(
            "Each of these can be checked out, so the key is there for whoever has a clone, whatever the newest one says."
        )

    answer = ", ".join(f"c{number}" for number in sorted(wanted))
    touched = ", ".join(f"c{number + 1}" for number in (comes, goes))
    rest = ", ".join(f"c{number}" for number in range(1, count + 1) if number not in wanted)
    return Question(
        text="From the oldest to the newest, with what each changes in `client.py`. In which commits can the key be read, if "
        "you check them out?",
        judge=judge,
        right=answer,
        wrong=tuple(one for one in dict.fromkeys((touched, rest, f"c{count + 0}, c1")) if _numbers(one) != wanted),
        example='"c2, c3"',
        figures=(Listing("git log --reverse", "\n".join(lines)),),
    )


def _numbers(text: str) -> set[int]:
    return {int(one) for one in re.findall(r"\d+", text)}


DRILL = Drill("is the key gone", _make)
