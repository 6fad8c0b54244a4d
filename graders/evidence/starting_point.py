"""Which starter a history grew from: read from its root commit, then made again and compared by commit id."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from graders import __version__
from graders.evidence.snapshot import Snapshot
from graders.problems import Problem
from graders.starter import SEEDS, Starter, StartPoint, starter_for, write_history
from graders.step import Place

_TRAILERS = re.compile(
    r"^Exercise: (?P<step>\w+)\nSeed: (?P<seed>\d{1,9})\nCourse-Version: (?P<version>\S+)$", re.MULTILINE
)
_MOST_SEEDS = 5


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """The learner's starter and the ids of its commits, which are now in the snapshot too."""

    seed: int
    starter: Starter
    commits: StartPoint


def starting_point(snapshot: Snapshot, place: Place) -> StartingPoint:
    """The starter that the history in `snapshot` grew from. Raises Problem where it grew from none of this step's."""
    text = snapshot.git.text("log", "--all", "--max-parents=0", "-z", "--format=%H%x00%B")
    fields = text.split("\0")
    roots = dict(zip(fields[::2], fields[1::2], strict=False))
    trailers = [said for message in roots.values() if (said := _TRAILERS.search(message))]
    named = {int(said["seed"]): said for said in trailers if said["step"] == place.name}
    for seed in sorted(seed for seed in named if seed < SEEDS)[:_MOST_SEEDS]:
        starter = starter_for(place, seed)
        commits = write_history(snapshot.git.folder, starter, snapshot.git.environment)
        if commits.root in roots:
            return StartingPoint(seed, starter, commits)
        snapshot.git.read("update-ref", "--stdin", stdin=b"delete refs/starter/base\ndelete refs/starter/moved\n")
    raise _not_this_steps(place, trailers, roots)


def _not_this_steps(place: Place, trailers: list[re.Match[str]], roots: Mapping[str, str]) -> Problem:
    anew = f"Work in the clone that `ninesteps start {place.name}` makes."
    for said in trailers:
        if said["step"] == place.name:
            return Problem(
                f"This repository's first commit is not the one that version {__version__} of the course makes "
                f"(it says version {said['version']}).",
                f"Start anew with `ninesteps reset {place.name}`; your work is kept aside.",
            )
    for said in trailers:
        return Problem(f"This repository belongs to the step {said['step']!r}, not to {place.name!r}.", anew)
    first = ", ".join(sorted(root[:7] for root in roots)[:3])
    return Problem(f"This repository grew from a first commit ({first}) that is not this step's.", anew)
