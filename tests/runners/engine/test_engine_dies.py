"""The engine goes away in the middle: builds, containers and whole checks say so, blame nobody, and the next one tidies up."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from docker import DockerClient

from graders.runners.engine.base_images import Base, NoBase, provide
from graders.runners.engine.build import ContextFile, Stopped, build
from graders.runners.engine.connection import Engine
from graders.runners.engine.leftovers import LABEL, ours_on
from tests.engine_line import Line, cut_once, line_to, processes

BASE = "python:3.12-slim"


@pytest.fixture
def line(engine: Engine) -> Iterator[Line]:
    with line_to(engine) as made:
        yield made


@pytest.fixture
def base(engine: Engine) -> Base:
    with closing(engine.client(600)) as client:
        (found,) = provide(client, [BASE])
    if isinstance(found, NoBase):
        pytest.skip(f"an engine that dies: {found.why} {found.next}")
    return found


def test_in_the_middle_of_a_build(engine: Engine, line: Line, base: Base) -> None:
    text = f"FROM {BASE}\nRUN echo {secrets.token_hex(8)} && sleep 100\n"
    with ours_on(replace(engine, url=f"unix://{line.path}")) as ours:
        thread = cut_once(line, lambda: processes("sleep 100"))
        done = build(ours, "test", {"Dockerfile": ContextFile(text.encode())}, [base])
        thread.join()
    assert done.stopped is Stopped.ENGINE
    assert done.why == "The engine stopped answering during the build."


@pytest.mark.slow
def test_in_the_middle_of_a_check(engine: Engine, line: Line, base: Base, tmp_path: Path) -> None:
    """Dies as soon as the check has a container: nothing is failed for it, there is no traceback, and nothing stays."""
    home = {
        "NINESTEPS_HOME": str(tmp_path / "home"),
        "HOME": str(tmp_path),
        "NINESTEPS_CI": "off",
        "NINESTEPS_SCAN": "off",
    }
    env = os.environ | home | {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org"}
    env |= {"GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org"}

    def ninesteps(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "graders", *words], capture_output=True, text=True, env=env | more, timeout=600
        )

    assert ninesteps("start", "containers", "--into", str(tmp_path / "work")).returncode == 0
    applied = ninesteps("solution", "containers", "--force", "--apply")
    assert applied.returncode == 0, applied.stdout + applied.stderr

    with closing(engine.client()) as client:
        before = set(_ours(client))
        thread = cut_once(line, lambda: set(_ours(client)) - before)
        done = ninesteps("check", "containers", str(tmp_path / "work" / "repo"), DOCKER_HOST=f"unix://{line.path}")
        thread.join()
        said = done.stdout + done.stderr
        assert "Traceback" not in said
        assert done.returncode == 3, said
        assert "The engine stopped answering." in said
        with ours_on(engine):  # whoever comes next sweeps what its owner could not
            assert not set(_ours(client)) - before


def _ours(client: DockerClient) -> list[str]:
    return [str(one.id) for one in client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)]
