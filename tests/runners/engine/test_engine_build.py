"""Builds within limits: what they gave, which steps came from the cache, and what stopped them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing

import pytest

from graders.runners.engine.base_images import Base, NoBase, provide
from graders.runners.engine.build import BuildLimits, Built, ContextFile, Stopped, build
from graders.runners.engine.connection import Engine
from graders.runners.engine.container import running
from graders.runners.engine.leftovers import Ours, ours_on

_BASE = "python:3.12-slim"
_USUAL = BuildLimits()


@pytest.fixture(scope="module")
def base(engine: Engine) -> Base:
    with closing(engine.client(600)) as client:
        (found,) = provide(client, [_BASE])
    if isinstance(found, NoBase):
        pytest.skip(f"builds on a base image: {found.why} {found.next}")
    return found


@pytest.fixture
def ours(engine: Engine) -> Iterator[Ours]:
    with ours_on(engine) as ours:
        yield ours


def built(ours: Ours, base: Base, text: str, limits: BuildLimits = _USUAL, **files: str) -> Built:
    context = {"Dockerfile": text, **files}
    return build(
        ours, "test", {path: ContextFile(one.encode()) for path, one in context.items()}, [base], limits=limits
    )


def test_an_image_its_steps_and_the_cache(ours: Ours, base: Base) -> None:
    text = f"# syntax=docker/dockerfile:1\nFROM {_BASE} AS one\nRUN echo {secrets.token_hex(8)}\nCOPY word /word\n"
    first = built(ours, base, text, word="a")
    second = built(ours, base, text, word="b")

    assert first.image != second.image
    assert [step.cached for step in first.steps if step.instruction.startswith(("RUN", "COPY"))] == [False, False]
    assert [step.cached for step in second.steps if step.instruction.startswith(("RUN", "COPY"))] == [True, False]


def test_a_step_that_fails_is_named_with_what_it_said(ours: Ours, base: Base) -> None:
    done = built(ours, base, f"FROM {_BASE}\nRUN echo so it goes && exit 3\n")

    assert not done.image
    assert done.stopped is None
    assert done.failed_step
    assert done.failed_step.instruction == "RUN echo so it goes && exit 3"
    assert done.failed_step.said == "so it goes\n"


@pytest.mark.parametrize("command", ["sleep 1000", "yes"])
def test_a_build_that_never_ends_is_stopped(ours: Ours, base: Base, command: str) -> None:
    done = built(ours, base, f"FROM {_BASE}\nRUN {command}\n", BuildLimits(seconds=3))

    assert done.stopped is Stopped.TIME
    assert done.why == "The build did not end within 3 seconds, and was stopped."


def test_a_build_that_takes_the_disk_is_stopped(ours: Ours, base: Base) -> None:
    done = built(ours, base, f"FROM {_BASE}\nRUN cat /dev/zero > /zero\n", BuildLimits(disk_bytes=1 << 30))

    assert done.stopped is Stopped.SIZE
    assert done.why == "The build took more than 1 GB of disk, and was stopped."


def test_what_the_builder_does_not_know_is_not_the_learners_fault(ours: Ours, base: Base) -> None:
    done = built(ours, base, f"FROM {_BASE}\nCOPY --link word /word\n", word="a")

    assert done.image or done.stopped is Stopped.TOO_NEW


def test_a_container_has_no_network_few_rights_and_an_end(ours: Ours, base: Base) -> None:
    image = built(ours, base, f"FROM {_BASE}\nRUN useradd -u 10001 app\nUSER app\n").image
    look = "import os; print(os.getuid(), len(open('/proc/net/route').readlines()) - 1, 'routes')"
    with running(ours, image, command=["python", "-c", look]) as container:
        ended = container.wait(30)
    with running(ours, image, command=["sleep", "100"]) as container:
        assert container.first_process()[0] == 10001
        assert container.wait(0.5).exit_code is None

    assert ended.exit_code == 0
    assert ended.said.strip() == "10001 0 routes"
    assert ours.client.containers.list(all=True, filters={"label": f"org.ninesteps.owner={ours.owner}"}) == []


def test_what_a_build_caches_is_found_by_its_owner_alone(engine: Engine, base: Base) -> None:
    word = secrets.token_hex(8)
    put = f"FROM {_BASE}\nRUN --mount=type=cache,target=/kept echo {word} > /kept/word && echo put\n"
    look = f"FROM {_BASE}\nRUN --mount=type=cache,target=/kept cat /kept/word && echo {secrets.token_hex(8)}\n"
    one, other = secrets.token_hex(8), secrets.token_hex(8)
    with ours_on(engine, one) as ours:
        if not ours.engine.has_buildkit:
            pytest.skip("cache mounts: this engine has no BuildKit")
        assert built(ours, base, put).image
    with ours_on(engine, other) as ours:
        assert "No such file" in built(ours, base, look).steps[-1].said
    with ours_on(engine, one) as ours:
        done = built(ours, base, look)
    (step,) = [step for step in done.steps if step.instruction.startswith("RUN")]
    assert step.said.startswith(word)
    assert step.instruction.startswith("RUN --mount=type=cache,target=/kept cat ")


def test_an_add_cannot_reach_what_lies_near_the_engine(ours: Ours, base: Base) -> None:
    done = built(ours, base, f"FROM {_BASE}\nADD http://127.0.0.1:9/x /x\n")
    assert done.stopped is Stopped.REFUSED
    assert done.why == "Dockerfile:2: the course lets no ADD fetch http://127.0.0.1:9/x."
