"""Read a drawn history and give the merge base of two branches. https://git-scm.com/docs/git-merge-base"""

from __future__ import annotations

import re
from random import Random
from typing import NamedTuple

from graders.drills.question import Drill, Feedback, Question, quoted, right, unclear, wrong
from graders.picture import CommitGraph, Node

_BRANCHES = (("login", "audit"), ("search", "ranking"), ("export", "csv"), ("checkout", "coupons"), ("alerts", "email"))
MAIN, FEATURE, SIDE = 0, 1, 2


class History(NamedTuple):
    """`parents` in the order of making; `tips` by lane; `fork` is where the feature branch left main."""

    parents: dict[str, tuple[str, ...]]
    lanes: dict[str, int]
    tips: dict[int, str]
    fork: str

    def reach(self, commit: str) -> frozenset[str]:
        """The commit and all its ancestors."""
        found, waiting = set(), [commit]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self.parents[one]
        return frozenset(found)

    def merge_bases(self) -> list[str]:
        """Common ancestors of main and the feature branch that no other common ancestor comes after."""
        common = self.reach(self.tips[MAIN]) & self.reach(self.tips[FEATURE])
        return [one for one in common if not any(one != other and one in self.reach(other) for other in common)]


def grow(random: Random) -> History:
    """A history of main, a feature branch and a third one, with merges, and one merge base that is not the root."""
    wants_trap = random.random() < 0.7  # the merge base is then newer than the place where the branch left main
    while True:
        history = _grow(random)
        bases = history.merge_bases()
        tips = (history.tips[MAIN], history.tips[FEATURE])
        has_merge = any(len(parents) > 1 for parents in history.parents.values())
        if len(bases) == 1 and bases[0] not in (*tips, "c1") and has_merge and (bases[0] != history.fork) == wants_trap:
            return history


def _grow(random: Random) -> History:
    parents: dict[str, tuple[str, ...]] = {"c1": (), "c2": ("c1",)}
    lanes = {"c1": MAIN, "c2": MAIN}
    tips, fork = {MAIN: "c2"}, ""
    for number in range(3, random.randint(10, 13)):
        commit, history = f"c{number}", History(parents, lanes, tips, fork)
        lane, source = random.choice([MAIN, FEATURE, FEATURE, SIDE]), None
        if lane not in tips:
            start = MAIN if lane == FEATURE else random.choice(list(tips))
            before: tuple[str, ...] = (tips[start],)
            fork = tips[MAIN] if lane == FEATURE else fork
        else:
            before = (tips[lane],)
            others = [one for one in tips if one != lane and _is_news(history, tips[one], tips[lane])]
            source = random.choice(others) if others and random.random() < 0.3 else None
        parents[commit] = before if source is None else (*before, tips[source])
        lanes[commit], tips[lane] = lane, commit
    tips.setdefault(FEATURE, tips[MAIN])
    return History(parents, lanes, tips, fork)


def _is_news(history: History, source: str, target: str) -> bool:
    """Whether merging `source` into `target` makes a merge commit: neither holds the other."""
    return source not in history.reach(target) and target not in history.reach(source)


def _make(random: Random) -> Question:
    feature, side = random.choice(_BRANCHES)
    history = grow(random)
    (base,) = history.merge_bases()
    return Question(
        text=f"Which commit is the merge base of main and `{feature}`: what `git merge-base main {feature}` prints?",
        judge=lambda given: _judge(history, base, feature, given),
        right=base,
        wrong=tuple(commit for commit in history.parents if commit != base),
        example='"c1"',
        figures=(_draw(history, ("main", feature, side)),),
    )


def _judge(history: History, base: str, feature: str, given: str) -> Feedback:
    match = re.fullmatch(r"(?:commit\s+)?c?(\d{1,6})", given.strip(" \t`'\"."), re.IGNORECASE)
    if not match:
        return unclear(f"{quoted(given)} does not name a commit.", "Answer with a name from the drawing, such as `c1`.")
    commit = f"c{int(match[1])}"
    if commit not in history.parents:
        return unclear(
            f"There is no commit {commit} in the drawing.", f"Its commits are c1 to {list(history.parents)[-1]}."
        )
    by_main, by_feature = history.reach(history.tips[MAIN]), history.reach(history.tips[FEATURE])
    if commit == base:
        return right(_why(history, base, feature))
    if commit not in by_main and commit not in by_feature:
        return wrong(
            f"{commit} is on neither branch: no line leads down to it from main or from `{feature}`.",
            "Start at the two labels and follow the lines to older commits.",
        )
    if commit not in by_main or commit not in by_feature:
        owner, other = ("main", f"`{feature}`") if commit in by_main else (f"`{feature}`", "main")
        return wrong(
            f"{commit} is only on {owner}: following the lines from {other} never gets there.",
            "The merge base is on both.",
        )
    children = [one for one, parents in history.parents.items() if commit in parents and one in by_main & by_feature]
    if commit == history.fork:
        return wrong(
            f"{commit} is where `{feature}` left main, but a merge has brought the two together again since then.",
            "Look at each merge: both of its parents count.",
        )
    come = "come after it, and are" if len(children) > 1 else "comes after it, and is"
    later = f"{' and '.join(children)} {come} on both branches too"
    return wrong(
        f"{commit} is a common ancestor, but not the newest: {later}.", "Go on from there while both branches reach it."
    )


def _why(history: History, base: str, feature: str) -> str:
    why = f"Both main and `{feature}` reach {base}, and no commit after it is reached by both."
    if base == history.fork:
        return why
    return f"{why} It is newer than {history.fork}, where `{feature}` began, since a merge brought the two together."


def _draw(history: History, names: tuple[str, ...]) -> CommitGraph:
    labels = {tip: names[lane] for lane, tip in history.tips.items()}
    nodes = (
        Node(commit, "", history.lanes[commit], parents, (labels[commit],) if commit in labels else ())
        for commit, parents in history.parents.items()
    )
    return CommitGraph("History", tuple(nodes), names[: max(history.lanes.values()) + 1])


DRILL = Drill("find the merge base", _make)
