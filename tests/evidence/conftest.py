"""A finished step 1 to read, made once and copied for each test."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from graders.attempts.make import carry_out, settled_environment
from graders.attempts.recipe import reference
from graders.step import find


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `repo/` and `origin.git`, as the reference answer leaves them."""
    home = tmp_path_factory.mktemp("finished")
    env = settled_environment(home)
    start = [sys.executable, "-m", "graders", "start", "git", "--into", str(home / "work"), "--seed", "3"]
    subprocess.run(start, env=env, check=True, capture_output=True)
    carry_out(find("git"), reference(find("git")), 3, home / "work" / "repo", env)
    return home / "work"


@pytest.fixture
def work(finished: Path, tmp_path: Path) -> Path:
    """A copy of it that the test may harm."""
    return Path(shutil.copytree(finished, tmp_path / "work", symlinks=True))
