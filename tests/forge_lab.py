"""A tiny step, started for real: a forge, a clone of it, and a colleague's merged pull request. Fixtures and what they give."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from graders.step import Place
from graders.workspace.start import start

TINY_STARTER = """
from graders.starter import Commit, Starter, trailer

def starter(seed):
    return Starter(
        commits=(
            Commit("Begin\\n\\n" + trailer("tiny", seed), "Ines <ines@example.org>", 1_700_000_000,
                   {"app.py": "limit = 10\\n", "notes.md": "Notes\\n"}),
        ),
        meanwhile=(
            Commit("Raise the limit\\n", "Noor <noor@example.org>", 1_700_086_400, {"app.py": "limit = 20\\n"}),
        ),
    )
"""
LEARNER = ("Lea Example", "lea@example.org")


@dataclass(frozen=True)
class Lab:
    """A started workspace, with git in its clone and in its forge."""

    repo: Path
    origin: Path
    name: str = LEARNER[0]
    mail: str = LEARNER[1]

    def git(self, *command: str, fails: bool = False) -> str:
        """Run git in the clone; its output, and what it says where it is to fail."""
        return run_git(self.repo, *command, fails=fails)

    def forge(self, *command: str) -> str:
        return run_git(self.origin, *command)

    def commit(self, path: str, text: str, message: str) -> str:
        (self.repo / path).write_text(text, encoding="utf-8")
        self.git("add", "--", path)
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def push_branch(self, name: str = "feature", path: str = "notes.md") -> str:
        """A branch with two commits, pushed; its tip."""
        self.git("switch", "-q", "-c", name, "origin/main")
        self.commit(path, "one\n", "Write one")
        tip = self.commit(path, "one\ntwo\n", "Write two")
        self.git("push", "-q", "-u", "origin", name)
        return tip


def run_git(folder: Path, *command: str, fails: bool = False) -> str:
    done = subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode != 0) is fails, f"git {command}: {done.returncode} {done.stdout} {done.stderr}"
    return (done.stdout + done.stderr if fails else done.stdout).strip()


@pytest.fixture(autouse=True)
def learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of this test's own learner, and none of the machine's."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[user]\n\tname = {LEARNER[0]}\n\temail = {LEARNER[1]}\n", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("NINESTEPS_HOME", str(tmp_path / "home"))


@pytest.fixture
def tiny(tmp_path: Path) -> Place:
    folder = tmp_path / "exercises" / "07_tiny"
    folder.mkdir(parents=True)
    (folder / "starter.py").write_text(TINY_STARTER, encoding="utf-8")
    return Place(7, "tiny", folder)


@pytest.fixture
def lab(tmp_path: Path, tiny: Place) -> Lab:
    made = start(tiny, tmp_path / "Übung eins", 3)
    lab = Lab(made.repo, made.origin)
    lab.git("fetch", "-q")
    return lab
