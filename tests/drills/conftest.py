from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Git = Callable[..., str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner's home of its own, and none of nbgrader's variables."""
    monkeypatch.setenv("NINESTEPS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    return tmp_path / "home"


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """`git(folder, *words)`: what git prints, both streams, with settings of its own; `check=False` lets it fail."""
    settings = tmp_path / "gitconfig"
    settings.write_text("[user]\nname = Test\nemail = test@example.org\n[init]\ndefaultBranch = main\n")
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(settings),
        "GIT_EDITOR": "true",
    }

    def run(folder: Path, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stdout
        return done.stdout

    return run
