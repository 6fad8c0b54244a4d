from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.problems import Problem
from graders.step import Place
from graders.workspace import start as start_module
from graders.workspace.progress import record_start
from graders.workspace.reset import reset
from graders.workspace.start import Workspace, start

Git = Callable[..., str]


@pytest.fixture
def worked(place: Place, git: Git, tmp_path: Path) -> Workspace:
    """A workspace with a pushed commit, an unpushed one, and something uncommitted."""
    made = start(place, tmp_path / "lab", 42)
    git(made.repo, "switch", "-q", "-c", "feature")
    git(made.repo, "commit", "-q", "--allow-empty", "-m", "Pushed")
    git(made.repo, "push", "-q", "-u", "origin", "feature")
    git(made.repo, "commit", "-q", "--allow-empty", "-m", "Not pushed")
    (made.repo / "draft.txt").write_text("draft", encoding="utf-8")
    return made


def test_the_old_work_is_kept_whole_and_the_new_one_has_the_same_seed(
    worked: Workspace, place: Place, git: Git, tmp_path: Path
) -> None:
    kept = reset(place, tmp_path / "lab")

    assert kept == tmp_path / "lab.kept-1"
    assert git(kept / "repo", "log", "-2", "--format=%s").splitlines() == ["Not pushed", "Pushed"]
    assert (kept / "repo" / "draft.txt").read_text(encoding="utf-8") == "draft"
    assert git(kept / "origin.git", "log", "-1", "--format=%s", "feature") == "Pushed"
    assert git(worked.repo, "branch", "--format=%(refname:short)") == "main"
    assert "Seed: 42" in git(worked.repo, "log", "--max-parents=0", "--format=%B").splitlines()


def test_work_kept_aside_never_pushes_to_the_new_forge(
    worked: Workspace, place: Place, git: Git, tmp_path: Path
) -> None:
    kept = reset(place, tmp_path / "lab")
    git(kept / "repo", "push", "-q", "origin", "HEAD:late")
    assert "late" in git(kept / "origin.git", "for-each-ref")
    assert "late" not in git(worked.origin, "for-each-ref")


def test_each_reset_keeps_its_own(worked: Workspace, place: Place, tmp_path: Path) -> None:
    assert [reset(place, tmp_path / "lab").name for _ in range(3)] == ["lab.kept-1", "lab.kept-2", "lab.kept-3"]


def test_other_files_of_the_folder_stay(worked: Workspace, place: Place, tmp_path: Path) -> None:
    (tmp_path / "lab" / "notes.txt").write_text("mine", encoding="utf-8")
    reset(place, tmp_path / "lab")
    assert sorted(path.name for path in (tmp_path / "lab").iterdir()) == ["notes.txt", "origin.git", "repo"]


def test_with_nothing_there_it_says_how_to_start(place: Place, tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        reset(place, tmp_path / "nothing")
    assert "ninesteps start git" in caught.value.next
    assert not (tmp_path / "nothing").exists()


def test_half_a_workspace_can_be_reset_and_the_recorded_seed_is_kept(
    worked: Workspace, place: Place, git: Git, tmp_path: Path
) -> None:
    record_start("git", 42, tmp_path / "lab")
    shutil.rmtree(worked.origin)
    kept = reset(place, tmp_path / "lab")
    assert [path.name for path in kept.iterdir()] == ["repo"]
    assert "Seed: 42" in git(worked.repo, "log", "--max-parents=0", "--format=%B").splitlines()


def test_when_the_new_one_cannot_be_put_there_the_old_one_comes_back(
    worked: Workspace, place: Place, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = start_module.os.rename

    def breaks(source: Path, target: Path) -> None:
        if ".starting-" in str(source) and Path(source).name == "repo":
            raise PermissionError(13, "Permission denied")
        real(source, target)

    monkeypatch.setattr(start_module.os, "rename", breaks)
    with pytest.raises(Problem, match="Permission denied"):
        reset(place, tmp_path / "lab")
    assert git(worked.repo, "log", "-1", "--format=%s") == "Not pushed"
    assert git(worked.origin, "log", "-1", "--format=%s", "feature") == "Pushed"
    assert not list(tmp_path.glob("lab.kept-*"))
    assert sorted(path.name for path in (tmp_path / "lab").iterdir()) == ["origin.git", "repo"]
