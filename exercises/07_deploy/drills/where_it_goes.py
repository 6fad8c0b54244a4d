"""Say where a rollback leads, from a record of deployments."""

from __future__ import annotations

import re
from random import Random

from graders.drills.question import Drill, Feedback, Listing, Question, quoted, right, unclear, wrong


def _history(random: Random) -> list[tuple[str, str, str]]:
    """Action, release and outcome of each line; there is always an earlier good release at the end."""
    number = random.randrange(1, 30)
    good = [f"v{number}", f"v{number + 1}"]
    lines = [("deploy", release, "succeeded") for release in good]
    number += 2
    kinds = random.choice((["failed", "good"], ["rolled back", "good"], ["rolled back", "failed", "good"],
                           ["failed", "rolled back", "good"], ["good", "rolled back", "good"], ["good", "failed"]))  # fmt: skip
    for kind in kinds:
        release = f"v{number}"
        number += 1
        lines.append(("deploy", release, "failed" if kind == "failed" else "succeeded"))
        if kind == "rolled back":
            lines.append(("rollback", good[-1], "succeeded"))
        elif kind == "good":
            good.append(release)
    return lines


def _good(lines: list[tuple[str, str, str]]) -> list[str]:
    """What served well, oldest first, without what was refused or rolled back."""
    good: list[str] = []
    for action, release, outcome in lines:
        if outcome == "succeeded" and action == "deploy":
            good.append(release)
        elif outcome == "succeeded":
            while good[-1] != release:
                good.pop()
    return good


def _make(random: Random) -> Question:
    lines = _history(random)
    good = _good(lines)
    answer, serving = good[-2], good[-1]
    releases = sorted({release for _, release, _ in lines})
    shown = "\n".join(f"{action:<9} {release:<3} {outcome}" for action, release, outcome in lines)

    def judge(given: str) -> Feedback:
        said = given.strip(" `'\".").lower()
        said = f"v{said}" if re.fullmatch(r"\d+", said) else said
        if said not in releases:
            return unclear(f"{quoted(given)} is no release of this record.", f"Such as `{releases[0]}`.")
        if said == answer:
            return right(
                f"{serving} serves, and {answer} is the last one before it that neither failed nor was rolled back."
            )
        if said == serving:
            return wrong(f"{said} is what serves now.", "Which good one served before it?")
        if said not in good:
            return wrong(f"{said} was refused or rolled back: going back there brings the trouble back.",
                         "Strike out what failed, and what a rollback left.")  # fmt: skip
        return wrong(f"{said} was good, but a later good one served after it.", "The last good one, not the first.")

    return Question(
        text="This is the record, oldest line first; the release of a `rollback` is the one that it went back to. "
        "Now somebody runs `scripts/rollback.sh`. Which release serves afterwards?",
        judge=judge,
        right=answer,
        wrong=tuple(one for one in releases if one != answer),
        example=f'"{releases[0]}"',
        figures=(Listing("deployments.jsonl, in short", shown),),
    )


DRILL = Drill("where a rollback goes", _make)
