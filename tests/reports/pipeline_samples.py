"""Pipelines built by hand: those that steps 2 to 6 show, and what nobody should ever name a job."""

from __future__ import annotations

from dataclasses import replace

from report_samples import CRITERIA

from graders.criterion import failed, passed
from graders.picture import JobNode, Pipeline, Pipelines, State
from graders.result import Judged, Result

VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
LEGS = tuple(f"test ({version})" for version in VERSIONS)

ONE_JOB = Pipelines("Push to main", (Pipeline("CI", (JobNode("test", "test", State.SUCCESS),)),))
MATRIX = Pipelines(
    "Push to main",
    (
        Pipeline(
            "CI",
            (
                JobNode("lint", "lint", State.SUCCESS),
                *(JobNode(leg, leg, State.FAILURE if "3.12" in leg else State.SUCCESS, ("lint",)) for leg in LEGS),
                JobNode("package", "Build the package", State.SKIPPED, LEGS),
            ),
        ),
    ),
)
RELEASE = Pipelines(
    "Tag v1.4.0",
    (
        Pipeline(
            "Release",
            (
                JobNode("build", "build", State.SUCCESS, note="sha-3f2a9c1"),
                JobNode("staging", "Deploy to staging", State.SUCCESS, ("build",), "staging"),
                JobNode(
                    "production",
                    "Deploy to production",
                    State.WAITING,
                    ("build", "staging"),
                    "production",
                    "`ninesteps run approve 7`",
                ),
            ),
        ),
    ),
)
EVERY_STATE = Pipelines(
    "Pull request #3",
    (
        Pipeline("CI", tuple(JobNode(state.value, state.value, state) for state in State)),
        Pipeline("Nightly", ()),
        Pipeline(
            "Docs",
            (JobNode("docs", "docs", State.FAILURE, note="Build, exit code 1"), JobNode("x", "y", State.SKIPPED)),
        ),
    ),
)
TWO_WORKFLOWS = Pipelines("Push to main", (*MATRIX.runs, *RELEASE.runs))


def many_jobs(count: int, broken: tuple[int, ...] = ()) -> Pipeline:
    """A first job and `count - 1` that need it; those with the numbers `broken` fail."""
    states = [State.FAILURE if number in broken else State.SUCCESS for number in range(count)]
    jobs = (JobNode(f"job-{n}", f"job-{n}", states[n], ("job-0",) if n else ()) for n in range(count))
    return Pipeline("CI", tuple(jobs))


def with_text(text: str) -> Pipelines:
    """Two runs in which every field that can hold learner's text holds `text`."""
    jobs = (
        JobNode("a", text, State.SUCCESS, (), text, text),
        JobNode(text, text, State.FAILURE, ("a", text), text, text),
        JobNode("b", text, State.WAITING, (text, "a"), text, text),
    )
    return Pipelines(text, (Pipeline(text, jobs), Pipeline(text, jobs[::-1])))


def judged_with(picture: Pipelines, marks: tuple[str, ...]) -> Result:
    """A result with `picture`, in which one criterion complains about `marks`."""
    verdicts = (passed("Green on main."), failed("Red.", expected="Green.", next="Look.", marks=marks))
    judged = (Judged(f"ci.{one.name}", replace(one), verdict) for one, verdict in zip(CRITERIA, verdicts, strict=False))
    return Result("ci", 2, "CI basics", tuple(judged), picture)
