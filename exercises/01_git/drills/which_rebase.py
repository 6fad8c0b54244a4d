"""Tell which of three histories a rebase gives. https://git-scm.com/book/en/v2/Git-Branching-Rebasing"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from graders.drills.choice import Option, choice
from graders.drills.question import Drill, Question
from graders.picture import CommitGraph, Node

_MAIN_WORK = ("Serve health checks", "Log each request", "Name the database by URL", "Answer 404 for a missing id")
_FEATURES = {
    "search": ("Parse the search words", "Rank exact matches first", "Test an empty search"),
    "export": ("Write rows as CSV", "Quote commas in CSV", "Name the file after the day"),
    "login": ("Hash passwords", "Limit login attempts", "Test a wrong password"),
}


class Made(NamedTuple):
    """One commit: its id and subject."""

    id: str
    subject: str


def _make(random: Random) -> Question:
    feature = random.choice(list(_FEATURES))
    subjects = random.sample(_MAIN_WORK, random.randint(3, 4))
    main = [Made(_new_id(random), subject) for subject in subjects]
    own = [Made(_new_id(random), subject) for subject in _FEATURES[feature][: random.randint(2, 3)]]
    forked = random.randint(1, len(main) - 1)
    shared, moved = main[:forked], main[forked:]

    def copies(commits: list[Made]) -> list[Made]:
        return [Made(_new_id(random), commit.subject) for commit in commits]

    def line(base: list[Made], on_top: list[Made], beside: list[Made]) -> CommitGraph:
        return _draw(shared, beside, on_top, base, feature)

    merged = Made(_new_id(random), f"Merge branch 'main' into {feature}")
    before = line(shared, own, moved)
    correct = Option(
        line(main, copies(own), moved),
        f"Main stays as it is. Each commit of `{feature}` is made again on top of {main[-1].id}, main's newest: "
        "same change, same order, new parent, and so a new id.",
    )
    others = [
        Option(
            _merge(line(shared, own, moved), own[-1], main[-1], merged, feature),
            "This is what `git merge main` gives: a merge commit with two parents. A rebase makes no merge commit.",
        ),
        Option(
            line(main, own, moved),
            f"The base is right, but {own[0].id} keeps its id here. An id is a hash of the commit with its parent: "
            "a new parent gives a new id.",
        ),
        Option(
            line(main, copies(own)[::-1], moved),
            "The base and the new ids are right, but the order is turned round: a rebase replays the oldest first.",
        ),
        Option(
            line(shared, copies(own), moved),
            f"The ids are new, but the branch still starts at {shared[-1].id}, the old base, and not at main's newest.",
        ),
        Option(
            _onto_feature(shared, own, copies(moved), feature),
            f"Here main's commits were made again on top of `{feature}`. That is `git rebase {feature}` done on main; "
            "rebasing a branch leaves main where it is.",
        ),
    ]
    return choice(
        random,
        f"This is the history now, and you are on `{feature}`. You run `git rebase main`, without a conflict. "
        "Which history do you have then?",
        correct,
        random.sample(others, 2),
        figures=(before,),
    )


def _new_id(random: Random) -> str:
    return f"{random.randrange(16**7):07x}"


def _draw(shared: list[Made], beside: list[Made], on_top: list[Made], base: list[Made], feature: str) -> CommitGraph:
    """Main is `shared` and then `beside`; the branch has `on_top`, which begins at the last of `base`."""
    main = [*shared, *beside]
    nodes = [*_chain(main, "", 0, "main"), *_chain(on_top, base[-1].id, 1, feature)]
    return CommitGraph("Before", tuple(nodes), ("main", feature))


def _onto_feature(shared: list[Made], own: list[Made], copied: list[Made], feature: str) -> CommitGraph:
    nodes = [*_chain(shared, "", 0), *_chain(own, shared[-1].id, 1, feature), *_chain(copied, own[-1].id, 0, "main")]
    return CommitGraph("After", tuple(nodes), ("main", feature))


def _merge(graph: CommitGraph, tip: Made, other: Made, merged: Made, feature: str) -> CommitGraph:
    bare = (
        Node(one.id, one.text, one.lane, one.parents, () if one.id == tip.id else one.labels) for one in graph.nodes
    )
    new = Node(merged.id, merged.subject, 1, (tip.id, other.id), (feature,))
    return CommitGraph(graph.title, (*bare, new), graph.lanes)


def _chain(commits: list[Made], parent: str, lane: int, label: str = "") -> list[Node]:
    nodes = []
    for commit in commits:
        labels = (label,) if label and commit is commits[-1] else ()
        nodes.append(Node(commit.id, commit.subject, lane, (parent,) if parent else (), labels))
        parent = commit.id
    return nodes


DRILL = Drill("which history does a rebase give?", _make)
