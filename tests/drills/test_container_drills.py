"""What step 4's drills teach is so: their commands are PID 1 of real containers, and get SIGTERM or not."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from graders.drills.question import Outcome
from graders.evidence.dockerfile.read import read
from graders.runners.engine.connection import Engine
from graders.runners.engine.container import running
from graders.runners.engine.leftovers import ours_on
from graders.starter import exercise_module
from graders.step import find
from tests.small_image import echo_image

SERVICE = (
    "/python -sS -c import\t_signal,sys,time;_signal.signal(15,lambda\t*_:sys.exit(42));open('/up','w');time.sleep(60)"
)


def drill(name: str) -> Any:
    return exercise_module(find("containers"), f"drills/{name}")


def with_a_service(argv: tuple[str, ...]) -> list[str]:
    """The same command for an image without `mkdir` and `cat`, whose service answers SIGTERM with exit code 42."""
    words = SERVICE.split(" ")
    if argv[:1] == ("python",):
        return words
    quoted = " ".join(f'"{word}"' for word in words).replace("\t", " ")
    script = argv[-1].replace("mkdir -p /tmp/cache", ":").replace("| cat", "| while read line; do :; done")
    script = script.replace("python -m widgets", quoted)
    return [*argv[:-1], script]


@pytest.mark.slow
def test_the_service_gets_sigterm_where_the_drill_says(engine: Engine) -> None:
    starts = drill("who_gets_sigterm").STARTS
    with ours_on(engine) as ours:
        image = echo_image(ours.client)
        found = {}
        for start, _ in starts:
            process = read(f"FROM python:3.12-slim\n{start}\n".encode()).final.settings.first_process
            assert process
            command = [word.replace("\t", " ") for word in with_a_service(process.argv)]
            with running(ours, image, command=["/bin/sh", "-c", 'exec "$@"', "x", *command]) as container:
                if not start.startswith("CMD ['"):
                    _until_it_is_up(container)
                found[start] = container.stop(1.5).exit_code == 42
    assert found == dict(starts)


def _until_it_is_up(container: Any) -> None:
    for _ in range(200):
        if not container.state()["Running"]:
            pytest.fail(container.said())
        if container.call(["/bin/sh", "-c", "test -e /up"])[0] == 0:
            return
    pytest.fail("the service did not start")


def judged(seed: int, change: Any) -> tuple[Outcome, str]:
    question = drill("mend_dockerfile").DRILL.make(Random(seed))
    found = question.judge(change(question.right))
    return found.outcome, found.text


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("USER ", "# USER ", "as root"),
        ("USER ", "USER 0:", "is root"),
        ("-slim", "", "large image"),
        ("COPY requirements.lock ./\n", "", "changes nothing"),
        ("CMD [", "# CMD [", "does not start"),
        ("CMD", "CMDX", "builder would refuse"),
        ("RUN /venv/bin/pip install", "RUN echo", "installs the dependencies"),
    ],
)
def test_each_other_mistake_in_the_mended_dockerfile_is_named(old: str, new: str, says: str) -> None:
    outcome, text = judged(1, lambda right: right.replace(old, new))
    assert outcome is Outcome.WRONG
    assert says in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("CMD [", "ENTRYPOINT ["),
        ("WORKDIR /app\nRUN", "RUN"),
        ("-slim", "-slim@sha256:" + "0" * 64),
        ("CMD [\"/venv/bin/python\", \"-m\", \"{name}\"]", "CMD exec /venv/bin/python -m {name}"),
        ("COPY requirements.lock ./", "COPY requirements.* ./"),
        ("FROM python", "from python"),
    ],
)  # fmt: skip
def test_other_right_ways_are_right(old: str, new: str) -> None:
    question = drill("mend_dockerfile").DRILL.make(Random(1))
    name = question.right.rpartition('"-m", "')[2].split('"')[0]
    changed = question.right.replace(old.replace("{name}", name), new.replace("{name}", name))
    assert changed != question.right
    assert question.judge(changed).outcome is Outcome.RIGHT, question.judge(changed)
