"""A home of the test's own, and a learner whom git knows."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.step import Place, find

Git = Callable[..., str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("GIT_")] + ["EMAIL"]:
        monkeypatch.delenv(name, raising=False)
    settings = tmp_path / "gitconfig"
    settings.write_text("[user]\n\tname = Lea\n\temail = lea@example.org\n", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    folder = tmp_path / "home of Zoë"
    monkeypatch.setenv("NINESTEPS_HOME", str(folder))
    return folder


@pytest.fixture
def place() -> Place:
    return find("git")


@pytest.fixture
def git() -> Git:
    def run(folder: Path, *command: str) -> str:
        done = subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run
