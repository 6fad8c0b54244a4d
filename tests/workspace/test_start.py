from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.problems import Problem
from graders.starter import starter_for
from graders.step import Place
from graders.workspace import start as start_module
from graders.workspace.start import Workspace, start

Git = Callable[..., str]


def everything(made: Workspace, git: Git) -> str:
    refs = "--format=%(refname) %(objectname)"
    return git(made.origin, "for-each-ref", refs) + git(made.repo, "for-each-ref", refs, "refs/heads")


def test_it_makes_a_clone_that_is_behind_the_moved_main(place: Place, git: Git, home: Path) -> None:
    made = start(place)
    assert (made.repo, made.origin) == (home / "01_git" / "repo", home / "01_git" / "origin.git")
    assert made.folder == home / "01_git"
    assert git(made.repo, "status", "--porcelain=v2", "--branch").splitlines()[1:] == [
        "# branch.head main",
        "# branch.upstream origin/main",
        "# branch.ab +0 -0",
    ]
    base, moved = (git(made.origin, "rev-parse", f"refs/starter/{name}") for name in ("base", "moved"))
    assert base != moved
    assert git(made.repo, "rev-parse", "HEAD", "origin/main").split() == [base, base]
    assert git(made.origin, "rev-parse", "main", "refs/pull/1/head").split() == [moved, moved]
    assert git(made.origin, "for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/main"
    assert (made.repo / ".git" / "hooks").is_dir()


def test_the_clone_does_not_know_the_colleagues_commits_before_it_fetches(place: Place, git: Git) -> None:
    made = start(place)
    moved = git(made.origin, "rev-parse", "main")
    assert moved not in git(made.repo, "cat-file", "--batch-all-objects", "--batch-check")
    git(made.repo, "fetch", "-q")
    assert git(made.repo, "rev-parse", "origin/main") == moved


def test_the_relative_origin_works_from_anywhere_in_the_clone_and_after_a_move(
    place: Place, git: Git, tmp_path: Path
) -> None:
    made = start(place, tmp_path / "one")
    assert git(made.repo, "config", "remote.origin.url") == "../origin.git"
    made.folder.rename(tmp_path / "two")
    inside = tmp_path / "two" / "repo" / "deep" / "er"
    inside.mkdir(parents=True)
    git(inside, "fetch", "-q")
    git(inside, "switch", "-q", "-c", "feature")
    git(inside, "commit", "-q", "--allow-empty", "-m", "x")
    git(inside, "push", "-q", "-u", "origin", "feature")
    assert git(tmp_path / "two" / "origin.git", "rev-parse", "feature") == git(inside, "rev-parse", "HEAD")
    git(inside, "pull", "-q")


def test_the_same_seed_gives_the_same_ids_everywhere_another_seed_does_not(
    place: Place, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = everything(start(place, tmp_path / "one", 5), git)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00Z")
    git(tmp_path, "config", "--global", "user.name", "Somebody Else")
    assert everything(start(place, tmp_path / "two", 5), git) == one
    assert everything(start(place, tmp_path / "three", 6), git) != one


def test_a_drawn_seed_is_the_starters(place: Place, git: Git) -> None:
    made = start(place)
    assert f"Seed: {made.seed}" in git(made.repo, "log", "--max-parents=0", "--format=%B").splitlines()


@pytest.mark.parametrize("seed", [-1, 10_000])
def test_a_seed_out_of_range_is_a_problem(place: Place, seed: int, home: Path) -> None:
    with pytest.raises(Problem, match=f"no seed {seed}"):
        start(place, seed=seed)
    assert not home.exists()


@pytest.mark.parametrize("name", ["repo", "origin.git"])
@pytest.mark.parametrize("is_file", [True, False])
def test_what_is_there_is_never_touched(place: Place, tmp_path: Path, name: str, is_file: bool) -> None:
    there = tmp_path / "lab" / name
    file = there if is_file else there / "mine.txt"
    file.parent.mkdir(parents=True)
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(Problem) as caught:
        start(place, tmp_path / "lab")
    assert str(there) in caught.value.found
    assert "ninesteps reset git" in caught.value.next
    assert [path for path in (tmp_path / "lab").rglob("*") if path.is_file()] == [file]


def test_empty_folders_are_not_in_the_way(place: Place, tmp_path: Path) -> None:
    for name in ("repo", "origin.git"):
        (tmp_path / "lab" / name).mkdir(parents=True)
    assert (start(place, tmp_path / "lab").repo / ".git").is_dir()


def test_a_file_for_a_folder_is_a_problem(place: Place, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(Problem, match="can't be made"):
        start(place, tmp_path / "file" / "lab")


def test_half_a_workspace_never_stays(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(start_module, "bring_meanwhile", breaks)
    with pytest.raises(KeyboardInterrupt):
        start(place, tmp_path / "lab")
    assert list((tmp_path / "lab").iterdir()) == []


def test_without_git_it_is_a_problem(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Problem, match="git is not installed"):
        start(place, tmp_path / "lab")
    assert list((tmp_path / "lab").iterdir()) == []


def test_the_callers_git_variables_templates_and_hooks_do_no_harm(
    place: Place, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = tmp_path / "template"
    (template / "hooks").mkdir(parents=True)
    hook = template / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n", encoding="utf-8")
    hook.chmod(0o755)
    for name, value in (
        ("init.templateDir", template),
        ("core.hooksPath", template / "hooks"),
        ("clone.defaultRemoteName", "upstream"),
        ("init.defaultBranch", "trunk"),
        ("core.autocrlf", "true"),
        ("transfer.hideRefs", "refs/heads"),
    ):
        git(tmp_path, "config", "--global", name, str(value))
    with monkeypatch.context() as caller:
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_TEMPLATE_DIR"):
            caller.setenv(name, str(tmp_path / "nowhere"))
        made = start(place, tmp_path / "lab")
        assert os.environ["GIT_DIR"] == str(tmp_path / "nowhere")
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "nowhere").exists()
    git(tmp_path, "config", "--global", "--unset", "core.hooksPath")
    git(tmp_path, "config", "--global", "--unset", "transfer.hideRefs")
    git(made.repo, "fetch", "-q", "origin")
    assert git(made.repo, "status", "--porcelain") == ""


def test_a_learner_whom_git_knows_is_left_alone(place: Place, git: Git) -> None:
    made = start(place)
    assert made.identity is None
    assert "user" not in git(made.repo, "config", "--local", "--list")


def test_a_learner_whom_git_does_not_know_gets_a_stand_in_in_the_clone_only(
    place: Place, git: Git, tmp_path: Path
) -> None:
    (tmp_path / "gitconfig").write_text("", encoding="utf-8")
    made = start(place)
    assert made.identity == "Learner <learner@example.org>"
    git(made.repo, "commit", "-q", "--allow-empty", "-m", "x")
    assert git(made.repo, "log", "-1", "--format=%an <%ae>") == made.identity
    assert (tmp_path / "gitconfig").read_text(encoding="utf-8") == ""


def test_only_what_is_missing_of_an_identity_is_filled_in(place: Place, tmp_path: Path) -> None:
    (tmp_path / "gitconfig").write_text("[user]\n\tname = Lea\n", encoding="utf-8")
    assert start(place).identity == "Lea <learner@example.org>"


def test_a_starter_without_a_colleague_has_no_pull_request(git: Git, tmp_path: Path) -> None:
    folder = tmp_path / "08_alone"
    folder.mkdir()
    (folder / "starter.py").write_text(
        "from graders.starter import Commit, Starter\n"
        "def starter(seed):\n"
        "    return Starter((Commit('Begin\\n', 'Ines <ines@example.org>', 1_700_000_000, {'a': 'b'}),))\n",
        encoding="utf-8",
    )
    made = start(Place(8, "alone", folder), tmp_path / "lab", 0)
    assert "refs/pull" not in git(made.origin, "for-each-ref")
    assert git(made.repo, "rev-parse", "HEAD") == git(made.origin, "rev-parse", "main")


def test_the_starters_files_are_there(place: Place) -> None:
    made = start(place, seed=3)
    starter = starter_for(place, 3)
    expected = {path: text for commit in starter.commits for path, text in commit.files.items()}
    for path, text in expected.items():
        assert (made.repo / path).read_text(encoding="utf-8") == text


def _start(folder: Path) -> str:
    from graders.step import find

    try:
        return str(start(find("git"), folder).seed)
    except Problem:
        return "refused"


def test_two_starts_at_once_make_one_workspace(tmp_path: Path, git: Git) -> None:
    with multiprocessing.get_context("fork").Pool(2) as pool:
        said = pool.map(_start, [tmp_path / "lab"] * 2)
    (seed,) = [one for one in said if one != "refused"]
    assert f"Seed: {seed}" in git(tmp_path / "lab" / "repo", "log", "--max-parents=0", "--format=%B").splitlines()
    assert sorted(path.name for path in (tmp_path / "lab").iterdir()) == ["origin.git", "repo"]
    shutil.rmtree(tmp_path / "lab")
