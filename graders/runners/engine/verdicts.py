"""Verdicts that several criteria of the step about containers share: no engine, no Dockerfile, no image, no container."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

from graders.criterion import Verdict, cannot_check, failed
from graders.evidence.dockerfile.model import Dockerfile
from graders.evidence.dockerfile.read import DockerfileProblem
from graders.problems import Problem
from graders.runners.engine.base_images import Base
from graders.runners.engine.build import Built, Stopped
from graders.runners.engine.build_words import lacks_network, last_words, missing_file, place_of, short
from graders.runners.engine.connection import NoEngine
from graders.runners.engine.port import PORT
from graders.runners.engine.trial import EngineTrouble, Life
from graders.runners.engine.work import DOCKERFILE, SCRIPT, ContainerWork


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


def a_secret(found: Iterable[Mapping[str, Any]], expected: str, tried: list[str]) -> Verdict:
    """The verdict on the plainest of the suspects that an image holds."""
    order = ["env", "label", "layer", "history"]
    one = min(found, key=lambda suspect: (order.index(suspect["place"].split()[0]), suspect["place"]))
    place, _, what = one["place"].partition(" ")
    path, gone, by = what.partition(": ")[2], one["gone"], one["by"][:80]
    words = {
        "env": (
            f"The image sets `{what}` to what looks like a secret ({one['kind']}).", "secret in ENV",
            f"Take `ENV {what}` out; give it when the container starts: `docker run --env {what}`.",
        ),
        "label": (
            f"The label `{what}` holds what looks like a secret ({one['kind']}).", "secret in a label",
            "Take it out: labels are there for everybody to read.",
        ),
        "layer": (
            f"`/{path}`{', which a later layer deletes in vain' if gone else ''} holds what looks like a secret "
            f"({one['kind']}), put in by `{by}`.", "secret removed in a later layer" if gone else "secret in a layer",
            "Don't let it get there; where the build needs it, mount it: `RUN --mount=type=secret,id=NAME`.",
        ),
        "history": (
            f"The history shows what looks like a secret ({one['kind']}): an argument or a command of the build stays in it.",
            "secret in the history", "A build argument is no place for it: mount it with `RUN --mount=type=secret,id=NAME`.",
        ),
    }  # fmt: skip
    told, mistake, following = words[place]
    return failed(told, expected=expected, where=DOCKERFILE, mistake=mistake, ran=tried, next=following)


def not_serving(life: Life, where: str, expected: str, tried: list[str]) -> Verdict | None:
    """The verdict on a container whose service ends, or is reached by nobody."""
    if life.exit_code is not None:
        return failed(
            f"The container ends by itself with {life.exit_code}: {last_words(life.said)}.", expected=expected,
            where=where, mistake="does not start", ran=["docker run --rm IMAGE"],
            next="Start it by hand, and mend what it says.",
        )  # fmt: skip
    if life.only_loopback:
        return failed(
            f"The service listens on the container's loopback only, so nobody outside reaches port {PORT}.", expected=expected,
            where=where, mistake="only on loopback", ran=["docker run --publish 8000:8000 IMAGE"],
            next="Let it listen everywhere: `--host 0.0.0.0`.",
        )  # fmt: skip
    if life.answers == 0:
        return failed(
            f"Nothing answers `GET /healthz` on port {PORT} in the container.", expected=expected, where=where,
            mistake="does not answer", ran=tried, next=f"Let the service listen on port {PORT}.",
        )  # fmt: skip
    return None


def no_script(work: ContainerWork, expected: str, tried: list[str]) -> Verdict | None:
    """The verdict on a script that is not there, or can't be executed."""
    if SCRIPT not in work.files:
        return failed(f"There is no `{SCRIPT}`.", expected=expected, where=SCRIPT, mistake="no script", ran=tried,
                      next="Write it, make it executable, and commit it.")  # fmt: skip
    if work.entries[SCRIPT].mode != 0o755:
        return failed(f"`{SCRIPT}` can't be executed.", expected=expected, where=SCRIPT, mistake="not executable", ran=tried,
                      next=f"`git update-index --chmod=+x {SCRIPT}`, and commit.")  # fmt: skip
    return None


def script_fails(done: Mapping[str, Any], expected: str, tried: list[str]) -> Verdict | None:
    """The verdict on a script that does not end, or not well."""
    if done["timed_out"]:
        return failed("The script does not end.", expected=expected, where=SCRIPT, mistake="does not end", ran=tried,
                      next="What does it wait for? Nobody answers its questions.")  # fmt: skip
    if done["exit_code"]:
        refused = f" The course refuses: {done['refused'][0]}" if done["refused"] else ""
        return failed(
            f"The script ends with {done['exit_code']}: {last_words(done['said'])}.{refused}", expected=expected, where=SCRIPT,
            mistake="fails", ran=tried, next="Run it by hand, and mend what it says.",
        )  # fmt: skip
    return None
