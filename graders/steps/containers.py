"""Step 4, containerization: an image that is small, tested inside, and tells the truth about itself.

The Dockerfile is read, built on a Docker Engine, changed and built again; its container is asked, put in trouble and stopped.
https://docs.docker.com/build/building/best-practices/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graders.criterion import Verdict, cannot_check, criterion, failed, passed
from graders.evidence.dockerfile.builder_stage import builds_something
from graders.evidence.dockerfile.linter import in_short
from graders.evidence.dockerfile.model import Dockerfile, Instruction
from graders.picture import ImageLayers, LayerBar
from graders.problems import Problem
from graders.runners.engine.base_images import NoBase
from graders.runners.engine.build_words import instruction_of, last_words, short
from graders.runners.engine.connection import NoEngine
from graders.runners.engine.reinstall import (
    copied_before,
    installed_again,
    locked_packages,
    would_install_again,
)
from graders.runners.engine.scanning import known_vulnerabilities, remarks_on
from graders.runners.engine.service_trouble import APP
from graders.runners.engine.trial import EngineTrouble, TestRun
from graders.runners.engine.verdicts import (
    a_secret,
    no_script,
    not_built,
    not_serving,
    not_up,
    on_the_engine,
    script_fails,
    unreadable,
)
from graders.runners.engine.work import CANARIES, DOCKERFILE, REPOSITORY, SCRIPT, ContainerWork
from graders.runners.workflow.work import open_pipeline
from graders.step import Step

TEST_STAGE = "test"
BUDGET = 1.8  # times the base image


@criterion(points=1)
def multi_stage(work: ContainerWork) -> Verdict:
    """The Dockerfile has a stage for tests, and a final stage that starts afresh.

    Why: what builds and tests the service is large and gives an attacker tools; what runs it needs neither.
    Hint: How many FROM are there, and what does the last one begin with? `grep -n FROM Dockerfile`
    Hint: `FROM python:3.12-slim AS build`, then `FROM … AS test`, and last a `FROM` of the base image that takes what it needs
        by `COPY --from=build`.
    """
    dockerfile, tried = work.dockerfile, ["grep -n FROM Dockerfile", "hadolint Dockerfile"]
    if bad := unreadable(dockerfile):
        return bad
    assert isinstance(dockerfile, Dockerfile)
    final, expected = dockerfile.final, f"a stage called `{TEST_STAGE}`, and a last stage that begins with a base image"
    where = str(final.where)
    if len(dockerfile.stages) < 2:
        return failed(
            "The Dockerfile has a single stage, so all that builds the service is shipped.", expected=expected, where=where,
            mistake="one stage", ran=tried, next="Build in a first stage; begin the last one afresh, and copy the result.",
        )  # fmt: skip
    test = dockerfile.stage(TEST_STAGE)
    if test is None:
        return failed(
            f"There is no stage called `{TEST_STAGE}`.", expected=expected, where=where, mistake="no test stage", ran=tried,
            next=f"Name the stage that runs the tests: `FROM … AS {TEST_STAGE}`.",
        )  # fmt: skip
    below = dockerfile.foundations(final)[:-1]
    if test is final or test in below:
        return failed(
            f"`docker build .` gives the stage `{TEST_STAGE}`{'' if test is final else ' and more'}, as it is"
            f"{'' if test is final else ' below'} the last one.", expected=expected, where=where, mistake="tests are shipped",
            ran=tried, next="Put the stage that runs the service last, and let it begin with a base image.",
        )  # fmt: skip
    if builder := next((one for one in below if builds_something(one)), None):
        return failed(
            f"The final stage stands on the {builder.title}, so all that builds the service is in it.", expected=expected,
            where=where, mistake="final stage is the builder", ran=tried,
            next="Begin it with the base image, and take the result with `COPY --from=`.",
        )  # fmt: skip
    if builds_something(final) and not final.sources and not any(one.sources for one in below):
        return failed(
            "The final stage takes nothing from the stages before it, so it builds the service itself.", expected=expected,
            where=where, mistake="final stage is the builder", ran=tried,
            next="Build in a stage of its own, and take the result with `COPY --from=`.",
        )  # fmt: skip
    return passed(
        f"{len(dockerfile.stages)} stages, the last one afresh. {in_short(work.files[DOCKERFILE])}",
        where=where,
        ran=tried,
    )


@criterion(points=1)
@on_the_engine
def builds(work: ContainerWork) -> Verdict:
    """The image builds from a clean checkout.

    Why: a build that needs what only your machine has works for nobody else.
    Hint: Does it build from what is committed? `git clone . /tmp/fresh && docker build /tmp/fresh`
    Hint: The last lines of `docker build .` name the instruction that failed; each file that it copies must be committed, and
        not be kept out by `.dockerignore`.
    """
    tried, expected = ["git clone . /tmp/fresh", "docker build /tmp/fresh"], "an image from the committed files alone"
    if bad := unreadable(work.dockerfile):
        return bad
    try:
        _ = work.context
    except Problem as problem:
        return failed(problem.found, expected=expected, where=".dockerignore", mistake="cannot be read", next=problem.next,
                      ran=tried)  # fmt: skip
    for base in work.trial.bases:
        if isinstance(base, NoBase):
            if not base.missing:
                return cannot_check(base.why, next=base.next, ran=tried)
            return failed(
                base.why, expected=expected, where=DOCKERFILE, mistake="no such base image", next=base.next, ran=tried
            )
    built = work.trial.built()
    return not_built(work, built, "The image", expected, tried) or passed(
        "It builds from what is committed.", ran=tried
    )


@criterion(points=1.5, after=[builds])
@on_the_engine
def tests_inside(work: ContainerWork) -> Verdict:
    """The tests run inside the container, and turn red when the code is broken.

    Why: what passed on your machine was tested with your machine's Python, packages and files.
    Hint: `docker build --target test -t widgets-test . && docker run --rm widgets-test`; break a function, and do it again.
    Hint: The stage needs the service, `tests/` and the packages of `requirements-dev.lock`; its last line is
        `CMD ["python", "-m", "pytest"]`, with nothing behind that hides the exit code.
    """
    expected = f"an image of the stage `{TEST_STAGE}` whose run fails exactly when a test fails"
    tried = [f"docker build --target {TEST_STAGE} -t widgets-test .", "docker run --rm widgets-test"]
    dockerfile = work.dockerfile
    assert isinstance(dockerfile, Dockerfile)
    stage = dockerfile.stage(TEST_STAGE)
    if stage is None:
        return failed(f"There is no stage called `{TEST_STAGE}`.", expected=expected, where=DOCKERFILE, ran=tried,
                      mistake="no test stage", next=f"Write one: `FROM … AS {TEST_STAGE}`.")  # fmt: skip
    if bad := not_built(work, work.trial.built(TEST_STAGE), f"The stage `{TEST_STAGE}`", expected, tried):
        return bad
    run, where = work.trial.tests(), str(stage.where)
    if run.exit_code is None:
        return failed(
            "The container of the tests does not end: it seems to serve rather than to test.", expected=expected, where=where,
            mistake="does not end", ran=tried, next='End the stage with `CMD ["python", "-m", "pytest"]`.',
        )  # fmt: skip
    if run.exit_code:
        return failed(
            f"The tests fail in the container: {_outcome(run)}", expected=expected, where=where, mistake="red from the start",
            ran=tried, next="What do they need that is not in the stage? Copy or install it there.",
        )  # fmt: skip
    mutant = work.mutant
    if mutant is None:
        return cannot_check(
            "No broken function turns your own tests red, so nothing shows whether the container's do.", ran=tried,
            next="Run `python -m pytest`: your tests must pass, and notice a broken function.",
        )  # fmt: skip
    broken = work.trial.built_with(mutant.changes, TEST_STAGE)
    if broken.stopped:
        return cannot_check(broken.why, next="Check again.", ran=tried)
    if not broken.image:
        return passed(
            f"They pass, and the stage no longer builds once {mutant.what} is broken.", where=where, ran=tried
        )
    red = work.trial.tests(mutant.changes)
    if red.exit_code == 0:
        return failed(
            f"With {mutant.what} broken, the container of the tests still ends with 0.", expected=expected, where=where,
            mistake="cannot turn red", ran=tried,
            next="Does it run the tests of this code at all, and does their exit code get out? No `|| true`, no `;` behind it.",
        )  # fmt: skip
    return passed(f"They pass, and fail once {mutant.what} is broken.", where=where, ran=tried)


def _outcome(run: TestRun) -> str:
    lines = [line for line in run.said.splitlines() if re.match(r"(FAILED|ERROR|E )|\w*Error", line.strip())]
    return last_words(lines[-1] if lines else run.said)


@criterion(points=1.5, after=[builds])
@on_the_engine
def lean(work: ContainerWork) -> Verdict:
    """The image holds what the service needs, and little else.

    Why: each tool in it is one for an intruder, one more to patch, and time at each start of a new machine.
    Hint: What is in it? `docker run --rm IMAGE sh -c 'which gcc git; python -m pytest --version'`, and `docker history IMAGE`
    Hint: Begin the last stage with the slim base image, install `requirements.lock` alone, and copy the service, not the folder.
    """
    expected = f"no compiler, no test tool, no `.git`, and at most {BUDGET} times the size of its base image"
    inside = work.inside
    tried = ["docker history IMAGE", "docker image ls"]
    bad = [one for one in inside["unwanted"] if one["kind"] in ("compilers", "test tools", "git's files")]
    if bad:
        one = bad[0]
        kinds = {"compilers": "compiler in it", "test tools": "test tools in it", "git's files": ".git in it"}
        if one["of_base"]:
            return failed(
                f"The base image of the final stage brings {one['kind']}: `{one['name']}`.", expected=expected,
                where=DOCKERFILE, mistake="base image with compilers", marks=["base"], ran=tried,
                next="Begin the final stage with the slim image: `python:3.12-slim`.",
            )  # fmt: skip
        others = len({other["name"] for other in bad}) - 1
        more = f" and {others} more" if others else ""
        return failed(
            f"The final image holds {one['kind']}: `{one['name']}`{more}, as `/{one['path']}`.", expected=expected,
            where=one["by"] or DOCKERFILE, mistake=kinds[one["kind"]], marks=[one["layer"]], ran=tried,
            next="Leave it in the stage that needs it, and copy only the result into the final one.",
        )  # fmt: skip
    if inside["base_size"] and inside["size"] > BUDGET * inside["base_size"]:
        return failed(
            f"The image is more than {BUDGET} times as large as its base image; its largest layer is "
            f"`{inside['largest']['by'][:80]}`.", expected=expected, where=inside["largest"]["by"][:80],
            mistake="over the budget", marks=[inside["largest"]["layer"]], ran=tried,
            next="What in that layer does the service not need? A file that is deleted later stays in its layer.",
        )  # fmt: skip
    caches = [
        one["name"] for one in inside["unwanted"] if one["kind"] == "package managers' caches" and not one["of_base"]
    ]
    rest = f" The cache of {caches[0]} is still in it: `--no-cache-dir` saves that." if caches else ""
    return passed(f"No compiler, no test tool, no `.git`, and within {BUDGET} times its base image.{rest}", ran=tried)


@criterion(points=1.5, after=[multi_stage])
@on_the_engine
def cached(work: ContainerWork) -> Verdict:
    """A change of the source does not install the dependencies again.

    Why: most commits change source only; a build that installs everything each time takes minutes instead of seconds.
    Hint: Change a line in `widgets/`, and build again: which steps are not `CACHED`?
    Hint: Copy `requirements.lock` alone, install from it, and copy the source after that.
    """
    expected = "the step that installs the dependencies comes from the cache when only `widgets/` changed"
    tried = ["docker build .", f"echo >> {APP}", "docker build ."]
    dockerfile = work.dockerfile
    assert isinstance(dockerfile, Dockerfile)
    try:
        again = _installed_again(work)
    except NoEngine:
        # The model of the cache is the builder's own, so that the Dockerfile alone can tell.
        again = would_install_again(dockerfile, APP)
    except Problem as problem:
        return cannot_check(problem.found, next=problem.next, ran=tried)
    if isinstance(again, Verdict):
        return again
    if again is None:
        return passed("The dependencies come from the cache after a change of the source.", ran=tried)
    step = again
    culprit, everything = copied_before(dockerfile, step)
    before = (
        f"`{' '.join(culprit.text.split())[:60]}` in line {culprit.where.line}" if culprit else "What stands before"
    )
    return failed(
        f"After a change of the source, line {step.where.line} installs the dependencies again: {before} changed before it.",
        expected=expected, where=str(step.where), mistake="COPY . . before the dependencies" if everything else
        "source before the dependencies", ran=tried,
        next="Copy the lock file alone, install from it, and copy the source after that step.",
    )  # fmt: skip


def _installed_again(work: ContainerWork) -> Instruction | Verdict | None:
    """The instruction that installed the dependencies in a second build; None where none did."""
    tried = ["docker build ."]
    if not work.has_image:
        return cannot_check(
            "The image does not build, so nothing can be said of its second build.",
            next="Mend the build first.",
            ran=tried,
        )
    if APP not in work.files or APP in work.context.kept_out:
        return cannot_check(f"There is no `{APP}` in the build to change.", next="Keep it where it was.", ran=tried)
    second = work.trial.rebuilt()
    if not second.image:
        return cannot_check(
            f"After a change of the source the image does not build: {second.why or short(second.error)}",
            next="Check again.",
            ran=tried,
        )
    step = installed_again(second.steps, locked_packages(work.files))
    if step is None:
        return None
    return instruction_of(work.dockerfile, step) or cannot_check(
        "The builder's words about the second build can't be read.", next="Check again.", ran=tried
    )


@criterion(points=1)
def kept_out(work: ContainerWork) -> Verdict:
    """`.dockerignore` keeps `.git` and `.env` out of the build.

    Why: what the builder gets to see can end up in a layer, where everybody who pulls the image can read it.
    Hint: Which files does the build see? A stage with `COPY . /seen` and `RUN find /seen` shows them.
    Hint: The safest `.dockerignore` begins with `*`, and then lets in what is needed: `!widgets`, `!pyproject.toml`, …
    """
    expected, where = (
        "a `.dockerignore` that keeps `.git` and `.env` out, and none of them in any layer",
        ".dockerignore",
    )
    tried = ["cat .dockerignore", "docker history IMAGE"]
    if bad := unreadable(work.dockerfile):
        return bad
    try:
        context = work.context
    except Problem as problem:
        return failed(
            problem.found, expected=expected, where=where, mistake="cannot be read", next=problem.next, ran=tried
        )
    seen = [path for path in CANARIES if path in context.files]
    names = " and ".join(f"`{path.partition('/')[0]}`" for path in seen)
    if not seen:
        return passed(f"`{context.ignore_file}` keeps both out of the build.", where=where, ran=tried)
    leaked = work.leaked
    rest = ""
    if leaked:
        gone = all(one["gone"] for one in leaked)
        by = leaked[0]["by"] or "an instruction"
        rest = f" It is in the layer of `{by[:80]}`" + (", though a later one deletes it." if gone else ".")
        marks = [one["layer"] for one in leaked]
        return failed(
            f"The build gets to see {names}, and copies it.{rest}", expected=expected, where=where, marks=marks, ran=tried,
            mistake="deleted in a later layer" if gone else "in a layer",
            next="Keep it out: `.git` and `.env`, a line each, in `.dockerignore`. Deleting it later takes it out of no layer.",
        )  # fmt: skip
    if not context.ignore_file:
        return failed("There is no `.dockerignore`, so the build gets to see all that lies in the folder.", expected=expected,
                      where=where, mistake="no .dockerignore", ran=tried,
                      next="Write one, with `.git` and `.env`, and commit it.")  # fmt: skip
    back = [rule for rule in context.rules if rule.keeps]
    return failed(
        f"`{context.ignore_file}` does not keep {names} out of the build.", expected=expected,
        where=str(back[-1].where) if back else where, mistake="does not match", ran=tried,
        next="A pattern counts from the top of the repository, and a later `!` brings back: write `.git` and `.env` last.",
    )  # fmt: skip


@criterion(points=1, after=[builds])
@on_the_engine
def no_secret(work: ContainerWork) -> Verdict:
    """The image holds no secret: in no layer, environment, label or line of its history.

    Why: whoever can pull an image can read all of it, also what a later layer deleted and what a build argument held.
    Hint: `docker history --no-trunc IMAGE` and `docker image inspect IMAGE` show what it keeps.
    Hint: What runs the container gives it secrets, as `DATABASE_URL` at its start; a build gets them by
        `RUN --mount=type=secret`, never by ARG, ENV or COPY.
    """
    expected = "nothing in the image that looks like a secret"
    tried = ["docker history --no-trunc IMAGE", "docker image inspect IMAGE"]
    found = work.inside["suspects"]
    if found is None:
        return cannot_check("The search for secrets took too long on this machine.", next="Check again.", ran=tried)
    found = [one for one in found if not one["place"].endswith(".lock")]
    if not found:
        return passed("No layer, variable, label or line of its history holds what looks like a secret.", ran=tried)
    return a_secret(found, expected, tried)


@criterion(points=1, after=[builds])
@on_the_engine
def not_root(work: ContainerWork) -> Verdict:
    """The service does not run as root.

    Why: whoever breaks into it would have the whole container, and a better chance to get out of it.
    Hint: As whom does its first process run? `docker exec CONTAINER id -u`
    Hint: `RUN useradd --system --uid 10001 widgets`, and as the last of them `USER 10001`.
    """
    expected, tried = "a first process whose user id is not 0", ["docker run -d IMAGE", "docker exec CONTAINER id -u"]
    dockerfile = work.dockerfile
    assert isinstance(dockerfile, Dockerfile)
    life = work.trial.life()
    if down := not_up(life):
        return down
    if life.user < 0:
        return cannot_check("Nobody can say as whom the first process runs.", next="Check again.", ran=tried)
    if life.user:
        return passed(f"Its first process runs as user {life.user}.", ran=tried)
    users = dockerfile.final.settings.users
    if len(users) > 1:
        return failed(
            f"It runs as root: `USER {users[-1].value}` in line {users[-1].where.line} comes after `USER {users[-2].value}`.",
            expected=expected, where=str(users[-1].where), mistake="USER root after USER app", ran=tried,
            next="Let the last USER be the one that is not root.",
        )  # fmt: skip
    if users:
        return failed(f"It runs as root, as `USER {users[0].value}` says.", expected=expected, where=str(users[0].where),
                      mistake="USER is root", ran=tried, next="Name a user that is not root: `USER 10001`.")  # fmt: skip
    return failed(
        "It runs as root, as the final stage has no USER.", expected=expected, where=str(dockerfile.final.where),
        mistake="no USER", ran=tried, next="Make a user in the final stage, and let it end with `USER 10001`.",
    )  # fmt: skip


@criterion(points=1.5, after=[builds])
@on_the_engine
def healthy(work: ContainerWork) -> Verdict:
    """The service answers on port 8000, and its HEALTHCHECK tells the truth.

    Why: what takes a container out of traffic, or starts another, believes what the health check says.
    Hint: `docker ps` shows `(healthy)` or `(unhealthy)`, `docker inspect` what the check said.
    Hint: The slim image has Python but no curl. `urllib.request.urlopen` on `/healthz` raises for 503, and Python exits with 1.
    """
    expected = "a container that is healthy, and becomes unhealthy when `GET /healthz` answers 503"
    tried = ["docker run -d IMAGE", "docker inspect --format '{{json .State.Health}}' CONTAINER"]
    dockerfile = work.dockerfile
    assert isinstance(dockerfile, Dockerfile)
    health = dockerfile.final.settings.health
    where = str(health.where) if health else str(dockerfile.final.where)
    life = work.trial.life()
    if bad := not_serving(life, str(dockerfile.final.where), expected, tried):
        return bad
    if life.health == "":
        return failed("The image has no HEALTHCHECK.", expected=expected, where=where, mistake="no HEALTHCHECK", ran=tried,
                      next="Write one that asks `/healthz`, in Python as there is no curl.")  # fmt: skip
    if life.health != "healthy":
        code, words = life.probe
        return failed(
            f"The service answers, and its health check fails all the same, with {code}: {last_words(words)}.", expected=expected,
            where=where, mistake="never healthy", ran=tried, next="Run the check's command in the container, and mend it.",
        )  # fmt: skip
    if APP not in work.files or APP in work.context.kept_out:
        return cannot_check(
            f"There is no `{APP}` in the build that could be put in trouble.", next="Keep it where it was.", ran=tried
        )
    trouble = work.trial.in_trouble()
    if trouble.health == "starting" or (trouble.health == "healthy" and trouble.answers == 200):
        return cannot_check("The service could not be put in trouble, so its health check could not be tried.",
                            next="Let `widgets/app.py` make the app, as it did.", ran=tried)  # fmt: skip
    if trouble.health not in ("unhealthy", "exited"):
        return failed(
            "`GET /healthz` answers 503, and the container still calls itself healthy.", expected=expected, where=where,
            mistake="always healthy", ran=tried,
            next="Ask `/healthz`, let a 503 count (`curl --fail`, or `urlopen`, which raises), and hide no exit code.",
        )  # fmt: skip
    return passed("It is healthy, and becomes unhealthy once `GET /healthz` answers 503.", where=where, ran=tried)


@criterion(points=1, after=[builds])
@on_the_engine
def stops(work: ContainerWork) -> Verdict:
    """The container stops on SIGTERM within seconds.

    Why: each deployment stops a container; one that must be killed cuts off the requests that it was answering.
    Hint: How long does `docker stop CONTAINER` take? Ten seconds mean that it was killed.
    Hint: A signal reaches the first process alone. Exec form makes that the service: `CMD ["uvicorn", …]`; a script ends with
        `exec "$@"`.
    """
    expected = "a container that ends by itself soon after its stop signal"
    tried = ["docker run -d --name stops IMAGE", "time docker stop stops"]
    dockerfile = work.dockerfile
    assert isinstance(dockerfile, Dockerfile)
    life = work.trial.life()
    if down := not_up(life):
        return down
    settings = dockerfile.final.settings
    if life.signal.upper().removeprefix("SIG") in ("KILL", "9"):
        return failed("Its stop signal is SIGKILL, which no process can answer.", expected=expected, mistake="killed at once",
                      where=str(settings.stop_signal.where) if settings.stop_signal else DOCKERFILE, ran=tried,
                      next="Take STOPSIGNAL out.")  # fmt: skip
    if life.stopped:
        return passed(f"It ends by itself on {life.signal}.", ran=tried)
    command = settings.first_process
    shell = command is not None and not command.exec_form
    return failed(
        f"It goes on after {life.signal}: the first process is `{' '.join(life.first.split()[:2])} …`"
        f"{', since the command is in shell form' if shell else ''}.", expected=expected,
        where=str(command.where) if command else DOCKERFILE, mistake="shell-form entrypoint" if shell else "does not pass it on",
        ran=tried, next='Write it in exec form: `CMD ["uvicorn", …]`.' if shell else
        "Let the last command of the script be `exec …`, so that the service takes its place.",
    )  # fmt: skip


@criterion(points=1.5, after=[builds])
@on_the_engine
def published(work: ContainerWork) -> Verdict:
    """`scripts/publish.sh` pushes the image under a tag that is made of the commit.

    Why: a tag that moves means another image tomorrow; the commit's id always leads from the image back to its source.
    Hint: `ninesteps registry up`, then `REGISTRY=localhost:5000 scripts/publish.sh`, and `ninesteps registry list`.
    Hint: `tag="$REGISTRY/widgets:$(git rev-parse HEAD)"`, then `docker build --tag "$tag" .` and `docker push "$tag"`.
    """
    name, short = f"$REGISTRY/{REPOSITORY}", work.commit.id[:7]
    expected = f"the image in the registry as `{name}:TAG`, where TAG holds the commit's id"
    tried = ["REGISTRY=localhost:5000 scripts/publish.sh", "ninesteps registry list"]
    if bad := no_script(work, expected, tried):
        return bad
    try:
        done = work.published
    except (NoEngine, EngineTrouble):
        raise
    except Problem as problem:
        return cannot_check(problem.found, next=problem.next, ran=tried)
    if bad := script_fails(done, expected, tried):
        return bad
    every = done["pushed"]
    pushed = [one for one in every if one["repository"] == REPOSITORY]
    if not pushed:
        elsewhere = f", only to `{every[0]['repository']}`" if every else ""
        return failed(f"The script ends well, but has pushed nothing to `{name}`{elsewhere}.", expected=expected, where=SCRIPT,
                      mistake="other repository" if every else "nothing pushed", ran=tried,
                      next=f'`docker push "{name}:$(git rev-parse HEAD)"`')  # fmt: skip
    tagged = [one for one in pushed if short in one["tag"].lower()]
    if not tagged:
        tags = [one["tag"] for one in pushed]
        return failed(
            f"It pushes the tag `{tags[0]}`, which is not made of the commit's id {short}.", expected=expected, where=SCRIPT,
            mistake="latest" if "latest" in tags else "tag that moves", ran=tried,
            next="Make the tag of `git rev-parse HEAD` (or `--short`).",
        )  # fmt: skip
    one = tagged[0]
    if one["starts"] != work.starts:
        return failed(
            f"What is in the registry as `{REPOSITORY}:{short}…` is not what `docker build .` gives: it starts something else.",
            expected=expected, where=SCRIPT, mistake="another image", ran=tried,
            next="Build the final stage, without `--target`, and push that.",
        )  # fmt: skip
    if not one["same"]:
        return failed("The image in the registry is not one that the script has built.", expected=expected, where=SCRIPT,
                      mistake="another image", ran=tried, next="Push the image that was built, and no other.")  # fmt: skip
    return passed(
        "The registry holds the image under the commit's id, and it is the one that was built.",
        ran=tried,
    )


@contextmanager
def open_work(path: Path) -> Iterator[ContainerWork]:
    """The evidence at `path`. Raises Problem where it is no repository or hand-in of this step."""
    with open_pipeline(path, "containers", CRITERIA, ContainerWork) as work:
        yield work


def remarks(work: ContainerWork) -> Iterator[str]:
    """What hadolint says of the Dockerfile, and what scanners know of the image today."""
    if not isinstance(work.dockerfile, Dockerfile):
        return
    yield from remarks_on(work.files[DOCKERFILE])
    try:
        if not work.has_image:
            return
        client, image = work.trial.ours.client, work.trial.image()
        yield from known_vulnerabilities(lambda: client.images.get(image).save(), work.inside["python"])
    except Problem:
        return


def draw(work: ContainerWork) -> ImageLayers | None:
    """The layers of the final image."""
    if not isinstance(work.dockerfile, Dockerfile):
        return None
    try:
        if not work.has_image:
            return None
        known = work.inside["picture"]
    except Problem:
        return None
    return ImageLayers(known["title"], tuple(LayerBar(**bar) for bar in known["layers"]))


CRITERIA = (
    multi_stage,
    builds,
    tests_inside,
    lean,
    cached,
    kept_out,
    no_secret,
    not_root,
    healthy,
    stops,
    published,
)

STEP = Step(
    title="Containerization",
    subskill="Build images that are small, tested and honest",
    minutes=75,
    open=open_work,
    criteria=CRITERIA,
    picture=draw,
    remarks=remarks,
)
