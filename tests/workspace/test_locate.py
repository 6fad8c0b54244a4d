from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from graders.problems import Problem
from graders.step import ROOT, Place
from graders.workspace.locate import clone_here, folder_of, workspace_of
from graders.workspace.progress import record_start
from graders.workspace.start import start

Git = Callable[..., str]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")


def test_a_given_path_wins_and_a_workspace_means_its_clone(place: Place, tmp_path: Path) -> None:
    made = start(place, tmp_path / "lab")
    assert workspace_of(place, tmp_path / "anything") == tmp_path / "anything"
    assert workspace_of(place, made.repo) == made.repo
    assert workspace_of(place, made.folder) == made.repo


def test_a_relative_path_becomes_absolute(place: Place, tmp_path: Path) -> None:
    assert workspace_of(place, Path("../x")) == tmp_path / "elsewhere" / ".." / "x"


def test_without_anything_it_says_how_to_start(place: Place) -> None:
    with pytest.raises(Problem) as caught:
        workspace_of(place)
    assert "ninesteps start git" in caught.value.next


def test_the_one_started_last_is_meant_from_anywhere(place: Place, tmp_path: Path) -> None:
    for name in ("one", "two"):
        made = start(place, tmp_path / name)
        record_start("git", made.seed, made.folder)
    assert workspace_of(place) == tmp_path / "two" / "repo"
    assert folder_of(place) == tmp_path / "two"
    assert clone_here() == tmp_path / "two" / "repo"


def test_the_usual_folder_is_found_even_with_no_record(place: Place) -> None:
    made = start(place)
    assert workspace_of(place) == made.repo


def test_the_clone_one_stands_in_is_meant(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    last = start(place, tmp_path / "last")
    record_start("git", last.seed, last.folder)
    other = start(place, tmp_path / "other")
    (other.repo / "deep").mkdir()
    monkeypatch.chdir(other.repo / "deep")
    assert workspace_of(place) == other.repo.resolve()
    assert clone_here() == other.repo.resolve()


def test_a_repository_that_began_elsewhere_is_not_meant(
    place: Place, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    git(foreign, "init", "-q")
    git(foreign, "commit", "-q", "--allow-empty", "-m", "Say Exercise: git\n\nno Exercise: git here either")
    monkeypatch.chdir(foreign)
    with pytest.raises(Problem, match="did not begin from step 1"):
        workspace_of(place)
    made = start(place)
    record_start("git", made.seed, made.folder)
    assert workspace_of(place) == made.repo


def test_an_empty_repository_is_not_meant(
    place: Place, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path / "elsewhere", "init", "-q")
    with pytest.raises(Problem, match="did not begin"):
        workspace_of(place)


def test_asking_runs_nothing_of_the_repository(
    place: Place, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = start(place, tmp_path / "lab")
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n", encoding="utf-8")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "gpg.program", "core.pager", "pager.rev-list", "core.sshCommand"):
        git(made.repo, "config", name, str(trap))
    git(made.repo, "config", "log.showSignature", "true")
    monkeypatch.chdir(made.repo)
    assert workspace_of(place) == made.repo.resolve()
    assert not (tmp_path / "ran").exists()


def test_the_courses_own_repository_does_not_count(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = start(place, tmp_path / "lab")
    record_start("git", made.seed, made.folder)
    monkeypatch.chdir(ROOT / "graders")
    assert clone_here() == made.repo


def test_a_recorded_workspace_that_is_gone_does_not_count(place: Place, tmp_path: Path) -> None:
    record_start("git", 1, tmp_path / "gone")
    with pytest.raises(Problem, match="no step was started"):
        clone_here()
    with pytest.raises(Problem, match="no workspace"):
        workspace_of(place)


def test_the_workspace_has_one_name_even_through_a_symlink(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = start(place, tmp_path / "lab")
    (tmp_path / "link").symlink_to(tmp_path / "lab")
    record_start("git", made.seed, tmp_path / "link")
    recorded = tmp_path / "link" / "repo"
    assert workspace_of(place, made.repo) == recorded
    monkeypatch.chdir(made.repo)
    assert workspace_of(place) == recorded
    assert workspace_of(place, Path(".")) == recorded
