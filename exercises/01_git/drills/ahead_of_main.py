"""Count the commits that a branch has and main hasn't. https://git-scm.com/docs/gitrevisions#_dotted_range_notations"""

from __future__ import annotations

import re
from random import Random

from graders.drills.question import Drill, Feedback, Question, quoted, right, unclear, wrong
from graders.picture import CommitGraph, Node

_BRANCHES = ("login", "search", "export", "stock-filter", "dark-mode")


def _make(random: Random) -> Question:
    branch = random.choice(_BRANCHES)
    shared, own = random.randint(2, 4), random.randint(2, 5)
    behind = random.choice([count for count in range(1, 6) if count not in (own, own + 1, shared + own)])
    later_lanes = random.sample([1] * own + [0] * behind, own + behind)
    everything = shared + own

    def judge(given: str) -> Feedback:
        match = re.fullmatch(r"(\d{1,9})(?:\s+commits?)?\.?", given.strip())
        if not match:
            return unclear(f"{quoted(given)} is not a number of commits.", "Answer with a number, such as `1`.")
        count = int(match[1])
        if count == own:
            return right(
                f"{own} commits are reachable from `{branch}` and not from main. "
                f"`git log --oneline main..{branch}` lists them; this is what a pull request shows."
            )
        if count == everything:
            return wrong(
                f"{count} are all the commits of `{branch}`, with the {shared} that main has too.",
                "Leave out those that main also reaches.",
            )
        if count == behind:
            return wrong(
                f"{count} is the other direction: what main has and `{branch}` hasn't.",
                f"Start at the label {branch} and follow the lines back.",
            )
        if count == own + 1:
            return wrong(
                f"With {count} you have counted the commit where `{branch}` starts. That one is main's too.",
                "Stop before the first commit that main has.",
            )
        size = "too few" if count < own else "too many"
        return wrong(
            f"{count} is {size}.",
            f"Start at the label {branch}, follow the lines back, and stop before the first commit that main has too.",
        )

    return Question(
        text=f"How many commits has `{branch}` that main has not?",
        judge=judge,
        right=str(own),
        wrong=tuple(str(count) for count in {0, behind, everything, own - 1, own + 1, own + 20} - {own}),
        example='"1"',
        figures=(_draw(shared, later_lanes, branch),),
    )


def _draw(shared: int, later_lanes: list[int], branch: str) -> CommitGraph:
    """`shared` commits on main; then, in this order, one commit on each of these lanes (0 is main, 1 the branch)."""
    fork = f"c{shared}"
    tips = [fork, fork]
    history = [(f"c{number}", 0, (f"c{number - 1}",) if number > 1 else ()) for number in range(1, shared + 1)]
    for number, lane in enumerate(later_lanes, start=shared + 1):
        history.append((f"c{number}", lane, (tips[lane],)))
        tips[lane] = f"c{number}"
    labels = {tips[0]: ("main",), tips[1]: (branch,)}
    nodes = tuple(Node(name, "", lane, parents, labels.get(name, ())) for name, lane, parents in history)
    return CommitGraph("History", nodes, ("main", branch))


DRILL = Drill("count the commits of a branch", _make)
