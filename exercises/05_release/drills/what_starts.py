"""Say which jobs start when one has failed.

https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/use-jobs#defining-prerequisite-jobs
"""

from __future__ import annotations

import re
from random import Random
from typing import NamedTuple

from graders.drills.question import Drill, Feedback, Listing, Question, right, unclear, wrong

_CONDITIONS = ("", "", "", "always()", "failure()", "!cancelled()", "success()")
_SHAPES = (
    {"build": (), "staging": ("build",), "smoke": ("staging",), "production": ("smoke",), "notify": ("production",)},
    {"build": (), "staging": ("build",), "smoke": ("staging",), "production": ("staging",), "report": ("smoke",)},
    {"build": (), "docs": (), "staging": ("build",), "production": ("staging", "docs"), "notify": ("staging",)},
    {
        "build": (),
        "scan": ("build",),
        "staging": ("build",),
        "production": ("scan", "staging"),
        "notify": ("production",),
    },
)


class Pipeline(NamedTuple):
    """`needs` in the order of the file; `conditions` of jobs that have one; `failing` is the job that fails."""

    needs: dict[str, tuple[str, ...]]
    conditions: dict[str, str]
    failing: str

    def before(self, job: str) -> frozenset[str]:
        """All that must have ended before a job."""
        return frozenset(self.needs[job]).union(*(self.before(one) for one in self.needs[job]))

    def results(self) -> dict[str, str]:
        """How each job ends: success, failure or skipped."""
        found: dict[str, str] = {}
        for job in self.needs:
            ended = [found[one] for one in self.before(job)]
            found[job] = ("failure" if job == self.failing else "success") if self._starts(job, ended) else "skipped"
        return found

    def _starts(self, job: str, ended: list[str]) -> bool:
        condition = self.conditions.get(job, "success()")
        if condition == "failure()":
            return "failure" in ended
        return condition in ("always()", "!cancelled()") or all(result == "success" for result in ended)

    def asked(self) -> list[str]:
        """The jobs that come after the failing one."""
        return [job for job in self.needs if self.failing in self.before(job)]

    def text(self) -> str:
        lines = ["jobs:"]
        for job, needs in self.needs.items():
            lines.append(f"  {job}:")
            lines += [f"    needs: [{', '.join(needs)}]"] if needs else []
            lines += [f"    if: {_quoted(self.conditions[job])}"] if job in self.conditions else []
            lines.append("    …")
        return "\n".join(lines)


def _quoted(condition: str) -> str:
    return f"${{{{ {condition} }}}}" if condition.startswith("!") else condition


def draw(random: Random) -> Pipeline:
    """A pipeline in which at least two jobs come after the failing one, and one of them has a condition."""
    while True:
        needs = random.choice(_SHAPES)
        conditions = {job: one for job in needs if needs[job] and (one := random.choice(_CONDITIONS))}
        pipeline = Pipeline(needs, conditions, random.choice([job for job in needs if job not in ("notify", "report")]))
        asked = pipeline.asked()
        told = len(asked) > 1 and any(job in conditions for job in asked)
        if told and pipeline.failing not in conditions and pipeline.results()[pipeline.failing] == "failure":
            return pipeline


def _make(random: Random) -> Question:
    pipeline = draw(random)
    asked, results = pipeline.asked(), pipeline.results()
    starting = {job for job in asked if results[job] != "skipped"}

    def judge(given: str) -> Feedback:
        words = set(re.findall(r"[a-z]+", given.lower())) - {"and"}
        if not words or (words - set(pipeline.needs) and words != {"none"}):
            return unclear("Name jobs of this file.", f"Such as `{asked[0]}`, or `none`.")
        chosen = words - {"none"}
        if stray := sorted(chosen - set(asked)):
            return wrong(
                f"`{stray[0]}` does not come after `{pipeline.failing}`.",
                "Look only at the jobs that must wait for it.",
            )
        if missing := [job for job in asked if job in starting - chosen]:
            return wrong(f"`{missing[0]}` starts too: {_why(pipeline, missing[0])}.", "Look at its `if:`.")
        if extra := [job for job in asked if job in chosen - starting]:
            return wrong(f"`{extra[0]}` does not start: {_why(pipeline, extra[0])}.", "Look at what it needs.")
        told = "; ".join(f"`{job}`: {_why(pipeline, job)}" for job in asked)
        return right(f"Job by job. {told[0].upper() if told[0] != '`' else told[0]}{told[1:]}.")

    every = [", ".join(asked), "none", *asked, pipeline.failing]
    answer = ", ".join(job for job in asked if job in starting) or "none"
    wrongs = [one for one in dict.fromkeys(every) if set(one.split(", ")) - {"none"} != starting]
    return Question(
        text=f"`{pipeline.failing}` fails. Which of the jobs after it start?",
        judge=judge,
        right=answer,
        wrong=tuple(wrongs),
        example='"staging, production"',
        figures=(Listing("release.yml", pipeline.text()),),
    )


def _why(pipeline: Pipeline, job: str) -> str:
    condition, results = pipeline.conditions.get(job, ""), pipeline.results()
    bad = next((one for one in pipeline.needs if one in pipeline.before(job) and results[one] != "success"), "")
    ended = "failed" if bad and results[bad] == "failure" else "was skipped"
    if condition in ("always()", "!cancelled()"):
        return f"`{condition}` starts it whatever has failed"
    if condition == "failure()":
        return "`failure()` starts it, since a job before it failed"
    return f"it wants all before it to be green, and `{bad}` {ended}" if bad else "all before it is green"


DRILL = Drill("what starts after a failure", _make)
