"""Learners at their terminals; their workspaces are built once and copied."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from learners_terminal import Terminal, environment

from graders.attempts.make import carry_out
from graders.attempts.recipe import reference
from graders.step import find

SEED = 3


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two homes, `fresh` (just started) and `solved` (the reference answer, checked once)."""
    root = tmp_path_factory.mktemp("built").resolve()
    for name in ("fresh", "solved"):
        terminal = Terminal(environment(root / f"user-{name}", root / name), root)
        assert terminal("start", "git", "--seed", str(SEED)).code == 0
    place = find("git")
    carry_out(place, reference(place), SEED, root / "solved" / "01_git" / "repo", terminal.env)
    done = terminal("check", "git")
    assert done.code == 0, done
    return root


def _copied(built: Path, name: str, into: Path) -> Terminal:
    into = into.resolve() / name
    home = into / "home"
    shutil.copytree(built / name, home, symlinks=True)
    shutil.copytree(built / "solved" / ".cache", home / ".cache", dirs_exist_ok=True)
    progress = home / ".state" / "progress.json"
    progress.write_text(progress.read_text(encoding="utf-8").replace(str(built / name), str(home)), encoding="utf-8")
    (into / "elsewhere").mkdir()
    return Terminal(environment(into / "user", home), into / "elsewhere", home / "01_git" / "repo")


@pytest.fixture
def newcomer(tmp_path: Path) -> Terminal:
    """Somebody who has done nothing yet."""
    (tmp_path / "elsewhere").mkdir()
    return Terminal(environment(tmp_path / "user", tmp_path / "home"), tmp_path / "elsewhere")


@pytest.fixture
def fresh(built: Path, tmp_path: Path) -> Terminal:
    """Step 1 was started, and nothing else was done."""
    return _copied(built, "fresh", tmp_path)


@pytest.fixture
def solved(built: Path, tmp_path: Path) -> Terminal:
    """Step 1 has full score, and was checked once."""
    return _copied(built, "solved", tmp_path)
