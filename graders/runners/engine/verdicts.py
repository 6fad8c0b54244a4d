"""Verdicts that several criteria of the step about containers share: no engine, no Dockerfile, no image, no container."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from graders.criterion import Verdict, cannot_check, failed
from graders.evidence.dockerfile.model import Dockerfile
from graders.evidence.dockerfile.read import DockerfileProblem
from graders.problems import Problem
from graders.runners.engine.base_images import Base
from graders.runners.engine.build import Built, Stopped
from graders.runners.engine.build_words import lacks_network, last_words, missing_file, place_of, short
from graders.runners.engine.connection import NoEngine
from graders.runners.engine.trial import EngineTrouble, Life
from graders.runners.engine.work import DOCKERFILE, ContainerWork


def on_the_engine(judge: Callable[[ContainerWork], Verdict]) -> Callable[[ContainerWork], Verdict]:
    """Where there is no engine, or it fails, that is nobody's fault."""

    @wraps(judge)
    def judged(work: ContainerWork) -> Verdict:
        try:
            return judge(work)
        except (NoEngine, EngineTrouble) as trouble:
            return cannot_check(trouble.found, next=trouble.next, ran=["docker version"])

    return judged


def unreadable(dockerfile: Dockerfile | Problem) -> Verdict | None:
    """The verdict on a Dockerfile that is not there or can't be read."""
    if isinstance(dockerfile, Dockerfile):
        return None
    where = str(dockerfile.where) if isinstance(dockerfile, DockerfileProblem) else ""
    return failed(
        dockerfile.found, expected=f"a `{DOCKERFILE}` that can be built", where=where, next=dockerfile.next,
        mistake="cannot be read" if where else "no Dockerfile", ran=["docker build ."],
    )  # fmt: skip


def not_built(work: ContainerWork, built: Built, what: str, expected: str, tried: list[str]) -> Verdict | None:
    """The verdict on a build that gave no image."""
    if built.image:
        return None
    if built.stopped:
        limit = built.stopped.value in ("time", "size")
        if limit:
            return failed(built.why, expected=expected, where=DOCKERFILE, mistake=f"too much {built.stopped.value}", ran=tried,
                          next="Look for what takes so much: `docker build --progress=plain .`")  # fmt: skip
        following = {
            Stopped.TOO_NEW: "Use a newer engine, or leave it out.",
            Stopped.REFUSED: "Commit what you need and COPY it, or let a RUN fetch it.",
        }
        return cannot_check(built.why, next=following.get(built.stopped, "Check again."), ran=tried)
    step = built.failed_step
    at = place_of(work.dockerfile, step) if step else ""
    said = f"{step.said if step else ''}\n{built.error}"
    stand_in = any(isinstance(base, Base) and base.stand_in for base in work.trial.bases)
    if stand_in and (package := lacks_network(said)) is not None:
        return cannot_check(
            f"Builds have no network here, and {f'`{package}` is not' if package else 'what it fetches is not'} among the "
            "packages that the course brings.", next="Check where Docker Hub can be reached.", where=at, ran=tried,
        )  # fmt: skip
    missing = missing_file(built.error)
    if missing and step is not None:
        return failed(
            f"{what} does not build: `{step.instruction[:100]}` finds no `{missing}` in what is committed.", expected=expected,
            where=at or DOCKERFILE, mistake="file is missing", ran=tried,
            next=f"Commit that file; where it is, `.dockerignore` keeps it out: `!{missing}` lets it in.",
        )  # fmt: skip
    told = last_words(step.said) if step and step.said.strip() else f"“{short(built.error)}”"
    return failed(
        f"{what} does not build: `{step.instruction[:100] if step else 'the Dockerfile'}` fails with {told}.", expected=expected,
        where=at or DOCKERFILE, mistake="does not build", ran=tried, next="Mend that instruction, and build again.",
    )  # fmt: skip


def not_up(life: Life) -> Verdict | None:
    """What can be said where the container of the image is not there to be looked at."""
    if life.exit_code is None:
        return None
    return cannot_check(
        f"The container ended by itself with {life.exit_code}: {last_words(life.said)}.",
        next="Mend what lets it end, and check again.", ran=["docker run --rm IMAGE"],
    )  # fmt: skip
