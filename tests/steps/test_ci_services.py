"""Step 2's grader on workflows with a service: judged whole where a Docker Engine is, and not at all held against anybody
where none is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from graders.attempts.make import carry_out, settled_environment
from graders.attempts.recipe import Recipe
from graders.criterion import Kind, Verdict
from graders.judge import judge
from graders.runners.engine.connection import Engine
from graders.runners.sandbox import isolates
from graders.step import find
from graders.workspace.start import start
from tests.small_image import echo_image

CI = find("ci")
IMAGE = f"widgets-test/echo:{os.getpid()}"
NEEDS_A_RUN = ["green", "red_on_broken_test", "red_on_lint", "red_on_no_tests", "stops_after_failure"]
SERVED = (
    r"one_job; swap '    runs-on' '    services:\n      echo:\n        image: " + IMAGE + r"\n        ports: [7000]\n"
    r"        options: --health-cmd \x22test -e /READY\x22 --health-interval 1s --health-retries 2 --health-timeout 1s\n"
    r"    runs-on'; swap '- run: ruff' '- env:\n          PORT: ${{ job.services.echo.ports[\x277000\x27] }}\n"
    r"        run: python -c \x22import os, socket; socket.create_connection((\x27localhost\x27, os.environ[\x27PORT\x27]))\x22\n"
    r"      - run: ruff'"
)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not isolates(), reason="needs bubblewrap")]


@pytest.fixture(scope="module")
def image(engine: Engine) -> Iterator[str]:
    with closing(engine.client()) as client:
        yield echo_image(client, IMAGE)
        client.images.remove(IMAGE, force=True)


def judged(tmp_path: Path, run: str) -> dict[str, Verdict]:
    repo = tmp_path / "work" / "repo"
    start(CI, seed=3, into=tmp_path / "work")
    made = Recipe("served", "right", "", f"{run}; hand_in", "", {}, {}, "", 3)
    carry_out(CI, made, 3, repo, settled_environment(tmp_path))
    return {one.criterion.name: one.verdict for one in judge(CI, repo).criteria}


def not_passed(verdicts: dict[str, Verdict]) -> dict[str, Kind]:
    return {name: one.kind for name, one in verdicts.items() if one.kind is not Kind.PASSED}


def test_a_right_answer_with_a_service_earns_all(tmp_path: Path, image: str) -> None:
    assert not_passed(judged(tmp_path, SERVED.replace("READY", "ready"))) == {}


def test_one_whose_tests_may_fail_is_found_out_with_a_service_too(tmp_path: Path, image: str) -> None:
    verdicts = judged(tmp_path, SERVED.replace("READY", "ready") + "; tests '- run: python -m pytest || true'")

    assert verdicts["green"].kind is Kind.PASSED
    assert (verdicts["red_on_broken_test"].kind, verdicts["red_on_no_tests"].kind) == (Kind.FAILED, Kind.FAILED)
    assert verdicts["red_on_broken_test"].mistake == "or true"


def test_one_whose_service_never_gets_healthy_is_red_on_good_code(tmp_path: Path, image: str) -> None:
    green = judged(tmp_path, SERVED.replace("READY", "nowhere"))["green"]

    assert (green.kind, green.mistake) == (Kind.FAILED, "service does not start")
    assert f"its service `echo` ({IMAGE}) did not get healthy within 20 seconds" in green.found
    assert green.where == ".github/workflows/ci.yml:12"


def test_where_no_engine_answers_nobody_is_blamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    verdicts = judged(tmp_path, SERVED)

    assert not_passed(verdicts) == dict.fromkeys(NEEDS_A_RUN, Kind.CANNOT_CHECK)
    assert "needs a service container (echo), and DOCKER_HOST says" in verdicts["green"].found
    assert "unset DOCKER_HOST" in verdicts["green"].next


def test_an_image_that_cannot_be_had_is_named_with_the_command_that_gets_it(tmp_path: Path, engine: Engine) -> None:
    missing = "registry.invalid/postgres:17"
    verdicts = judged(tmp_path, SERVED.replace(IMAGE, missing))

    assert not_passed(verdicts) == dict.fromkeys(NEEDS_A_RUN, Kind.CANNOT_CHECK)
    assert f"needs the image `{missing}` for its service `echo`" in verdicts["green"].found
    assert verdicts["green"].next == f"Get it with `docker pull {missing}`, and check again."
