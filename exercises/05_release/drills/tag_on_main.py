"""Say which tags stand on commits that main has. https://git-scm.com/docs/git-merge-base#Documentation/git-merge-base.txt"""

from __future__ import annotations

import re
from random import Random
from typing import NamedTuple

from graders.drills.question import Drill, Feedback, Question, right, unclear, wrong
from graders.picture import CommitGraph, Node

_BRANCHES = ("hotfix", "search", "export", "dark-mode", "coupons")


class History(NamedTuple):
    """Commits in their order: `parents`, and the `lanes` they are drawn in; `tags` name commits, `main` is its tip."""

    parents: dict[str, tuple[str, ...]]
    lanes: dict[str, int]
    tags: dict[str, str]
    main: str

    def on_main(self) -> frozenset[str]:
        """Every commit that main reaches."""
        found, waiting = set(), [self.main]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self.parents[one]
        return frozenset(found)


def grow(random: Random) -> History:
    """A main and a branch, which main may have merged before the branch went on; one tag at least on each side."""
    parents: dict[str, tuple[str, ...]] = {"c1": (), "c2": ("c1",)}
    lanes, tips = {"c1": 0, "c2": 0}, [["c2"], ["c2"]]
    for number in range(3, random.randint(8, 10)):
        commit, lane = f"c{number}", random.choice([0, 1, 1])
        before: tuple[str, ...] = (tips[lane][-1],)
        if lane == 0 and tips[1][-1] not in ("c2", *tips[0]) and random.random() < 0.6:
            before = (tips[0][-1], tips[1][-1])
        parents[commit], lanes[commit] = before, lane
        tips[lane].append(commit)
    history = History(parents, lanes, {}, tips[0][-1])
    inside, outside = sorted(history.on_main() - {"c1"}), sorted(set(parents) - history.on_main())
    if not outside or len(inside) < 2:
        return grow(random)
    by_branch = sorted(one for one in inside if lanes[one] == 1)
    chosen = [random.choice(outside), random.choice(by_branch or inside)]
    chosen.append(random.choice([one for one in sorted(parents) if one not in chosen and one != "c1"]))
    order = sorted(chosen, key=lambda one: int(one[1:]))
    return history._replace(tags={f"v1.{number}.0": commit for number, commit in enumerate(order, 1)})


def _make(random: Random) -> Question:
    history, branch = grow(random), random.choice(_BRANCHES)
    reached = history.on_main()
    passing = [tag for tag, commit in history.tags.items() if commit in reached]

    def judge(given: str) -> Feedback:
        found = set(re.findall(r"v1\.\d\.0", given.lower()))
        none = re.fullmatch(r"\W*none\W*", given.lower())
        if not (found or none) or found - set(history.tags):
            return unclear("Name tags of this history.", "Such as `v1.1.0`, or `none`.")
        for tag, commit in history.tags.items():
            if tag in found and tag not in passing:
                return wrong(
                    f"`{tag}` is on {commit}, and no way leads from main's tip back to it.",
                    "Start at the label main and follow all lines back.",
                )
            if tag in passing and tag not in found:
                how = "came to main with a merge" if history.lanes[commit] else "is on main's own line"
                return wrong(
                    f"`{tag}` passes as well: {commit} {how}.", "Start at the label main and follow all lines back."
                )
        return right(f"From main's tip, lines lead back to {_listed([history.tags[tag] for tag in passing])}, and not to "
                     f"{_listed([commit for commit in history.tags.values() if commit not in reached])}.")  # fmt: skip

    answers = [*history.tags, ", ".join(history.tags), "none"]
    return Question(
        text='A release begins with `git merge-base --is-ancestor "$GITHUB_SHA" origin/main`. For which of the tags does it '
        "go on?",
        judge=judge,
        right=", ".join(passing),
        wrong=tuple(one for one in answers if one != ", ".join(passing)),
        example='"v1.1.0, v1.2.0"',
        figures=(_draw(history, branch),),
    )


def _listed(commits: list[str]) -> str:
    return " and ".join([", ".join(commits[:-1]), commits[-1]]) if len(commits) > 1 else commits[0]


def _draw(history: History, branch: str) -> CommitGraph:
    labels: dict[str, list[str]] = {history.main: ["main"]}
    labels.setdefault([one for one, lane in history.lanes.items() if lane][-1], []).append(branch)
    for tag, commit in history.tags.items():
        labels.setdefault(commit, []).append(tag)
    nodes = tuple(
        Node(name, "", history.lanes[name], parents, tuple(labels.get(name, ())))
        for name, parents in history.parents.items()
    )
    return CommitGraph("History", nodes, ("main", branch))


DRILL = Drill("which tags are on main", _make)
