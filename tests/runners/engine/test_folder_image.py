"""A folder of a page is built and started for real, and what came of it is told in words that a page shows."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from graders.notebook import build_image, run_image
from graders.problems import Problem
from graders.runners.engine.connection import Engine
from graders.runners.engine.folder import build_folder
from tests.small_image import echo_image

PYTHON = '["/python", "-BsS", "-c", '


@pytest.fixture
def folder(engine: Engine, tmp_path: Path) -> Path:
    with contextlib.closing(engine.client()) as client:
        base = echo_image(client)
    (tmp_path / "Dockerfile").write_text(f"""\
FROM {base} AS test
COPY app.py /app.py
RUN {PYTHON}"import sys; sys.exit('no' in open('/app.py').read())"]

FROM {base}
COPY . /app
USER 1000
CMD ["/bin/sh", "-c", "exec /python -sS /server.py"]
""")
    (tmp_path / "app.py").write_text("yes\n")
    (tmp_path / "secret").write_text("x\n")
    (tmp_path / ".dockerignore").write_text("secret\n")
    return tmp_path


def test_the_final_stage_is_built_above_its_base(folder: Path) -> None:
    found = build_folder(folder)
    assert found.image is not None
    assert found.base == "widgets-test/echo:1"
    assert [path for path in found.image.files if path.startswith("app/")] == [
        "app/.dockerignore", "app/Dockerfile", "app/app.py",
    ]  # fmt: skip
    card = build_image(folder)
    assert "came from the cache" in repr(card)
    assert "COPY . /app" in repr(card)
    assert card is not None
    assert "<table" in card._repr_html_()


def test_a_stage_that_fails_says_what_failed(folder: Path) -> None:
    assert build_folder(folder, "test").image is not None
    (folder / "app.py").write_text("no\n")
    card = build_image(folder, "test")
    assert repr(card).startswith("Red: `RUN ")
    assert card is not None
    assert card.layers is None
    assert build_folder(folder).image is not None


def test_who_is_pid_1_and_does_it_stop(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_image(folder)
    said = capsys.readouterr().out
    assert "PID 1 is `/python -sS /server.py`, with user id 1000." in said
    assert "there is no HEALTHCHECK" in said
    assert "was killed" in said  # it has no handler, and PID 1 has no default


@pytest.mark.parametrize(
    ("dockerfile", "target", "says"),
    [
        ("", "", "no FROM"),
        ("FROM scratch\nCOPY nothing /\n", "nowhere", "no stage called nowhere"),
        ("FROM ninesteps.invalid/none:1\n", "", "none:1"),
    ],
)
def test_what_can_not_be_built_is_a_sentence(
    folder: Path, dockerfile: str, target: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "Dockerfile").write_text(dockerfile)
    with pytest.raises(Problem, match=says):
        build_folder(folder, target)
    assert build_image(folder, target) is None
    assert says in capsys.readouterr().out


def test_without_an_engine_the_page_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    assert build_image(folder) is None
    run_image(folder)
    assert capsys.readouterr().out.count("nothing answers there") == 2
