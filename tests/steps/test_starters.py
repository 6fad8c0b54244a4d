"""What every learner is given is sound: its linter has nothing to say, and its own CI is green before they begin."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from graders.runners import sandbox
from graders.starter import starter_for
from graders.step import Place, places
from tests.runners.workflow.conftest import CI, Repository


def given(place: Place) -> Mapping[str, str]:
    """The files on main, as the starter's last commit leaves them."""
    files: dict[str, str | None] = {}
    for commit in starter_for(place, 3).commits:
        files |= commit.files
    return {path: text for path, text in files.items() if text is not None}


@pytest.mark.parametrize("place", places(), ids=lambda place: place.name)
def test_its_linter_has_nothing_to_say(place: Place, tmp_path: Path) -> None:
    for path, text in given(place).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    for words in (["check", "."], ["format", "--check", "."]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--no-cache"], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not sandbox.isolates(), reason="needs bubblewrap")
@pytest.mark.parametrize("place", [one for one in places() if CI in given(one)], ids=lambda place: place.name)
def test_its_own_ci_is_green(place: Place, tmp_path: Path) -> None:
    run = Repository(tmp_path, user_cache_path("ninesteps", appauthor=False), given(place)).run(offline_packages=True)
    red = {step.name: step.log[-5:] for job in run.jobs for step in job.steps if step.result == "failure"}
    assert (run.trouble, red, run.green) == ("", {}, True)
