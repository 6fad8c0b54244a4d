from __future__ import annotations

from pathlib import Path

import pytest

from graders.step import Place
from graders.workspace.home import cache_dir, default_workspace, home, state_dir


def test_a_chosen_home_holds_everything(home: Path, place: Place) -> None:
    assert default_workspace(place) == home / "01_git"
    assert state_dir() == home / ".state"
    assert cache_dir() == home / ".cache"


def test_without_a_choice_it_is_in_the_users_own_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Place
) -> None:
    monkeypatch.setenv("NINESTEPS_HOME", " ")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert default_workspace(place) == tmp_path / "ninesteps" / "01_git"
    assert cache_dir().is_absolute()
    assert home() not in cache_dir().parents


def test_a_relative_or_tilde_home_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NINESTEPS_HOME", "here")
    assert home() == tmp_path / "here"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("NINESTEPS_HOME", "~/there")
    assert home() == tmp_path / "there"
