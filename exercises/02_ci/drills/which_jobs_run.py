"""Tell which jobs run after one has failed.

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions#status-check-functions
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several


class Planned(NamedTuple):
    """A job: what it needs and its condition, one of `""`, `always()`, `failure()` and `success()`."""

    name: str
    needs: tuple[str, ...]
    condition: str = ""


_FIRST = (("lint", "test"), ("test", "types"), ("unit", "lint"), ("test-linux", "lint"))
_LAST = ("deliver", "publish", "release")


def _make(random: Random) -> Question:
    first, second = random.sample(random.choice(_FIRST), 2)
    last = random.choice(_LAST)
    fails = random.choice((first, second))
    jobs = (
        Planned(first, ()),
        Planned(second, random.choice(((), (first,)))),
        Planned("package", random.choice(((first,), (second,), (first, second)))),
        Planned(last, random.choice((("package",), (first,), ())), random.choice(("", "", "always()", "success()"))),
        Planned("tell", random.choice((("package",), (first, second))), random.choice(("failure()", "always()", ""))),
    )
    ends = ended(jobs, fails)
    candidates = [
        Candidate(Listing("", job.name), ends[job.name] != "skipped", _why(job, ends, fails))
        for job in jobs
        if job.name != fails
    ]
    return several(
        random, f"The job `{fails}` fails. Which of the others run?", candidates,
        figures=(Listing("jobs (without their steps)", _text(jobs)),),
    )  # fmt: skip


def ended(jobs: tuple[Planned, ...], fails: str) -> dict[str, str]:
    """How each job ends: success, failure or skipped. `success()` and `failure()` look at all jobs before, not only the next."""
    ends: dict[str, str] = {}
    by_name = {job.name: job for job in jobs}
    for job in jobs:
        before = _all_before(job, by_name)
        failed = any(ends[name] == "failure" for name in before)
        well = all(ends[name] == "success" for name in before)
        runs = {"always()": True, "failure()": failed}.get(job.condition, well)
        ends[job.name] = "skipped" if not runs else "failure" if job.name == fails else "success"
    return ends


def _all_before(job: Planned, by_name: dict[str, Planned]) -> set[str]:
    found = set(job.needs)
    for name in job.needs:
        found |= _all_before(by_name[name], by_name)
    return found


def _why(job: Planned, ends: dict[str, str], fails: str) -> str:
    if not job.needs:
        return f"`{job.name}` needs no other job, and starts at once, whatever the others do."
    if job.condition == "always()":
        return f"`{job.name}` says `always()`, and so runs however the jobs before it have ended."
    bad = [name for name in job.needs if ends[name] != "success"]
    if job.condition == "failure()":
        if ends[job.name] == "skipped":
            return f"`{job.name}` says `failure()`, and no job before it has failed."
        return f"`{job.name}` says `failure()`, and `{fails}` has failed before it."
    if bad:
        return f"`{job.name}` needs `{bad[0]}`, which {'has failed' if ends[bad[0]] == 'failure' else 'was skipped'}."
    if ends[job.name] == "skipped":
        return f"Before `{job.name}`, `{fails}` has failed."
    return f"All that `{job.name}` needs has worked."


def _text(jobs: tuple[Planned, ...]) -> str:
    lines = ["jobs:"]
    for job in jobs:
        lines.append(f"  {job.name}:")
        lines += [f"    needs: [{', '.join(job.needs)}]"] if job.needs else []
        lines += [f"    if: {job.condition}"] if job.condition else []
        lines.append("    runs-on: ubuntu-latest")
    return "\n".join(lines)


DRILL = Drill("which jobs run after a failure?", _make)
