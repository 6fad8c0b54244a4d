"""A hand-in holds what is judged and nothing else, and is judged as the workspace is."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.attempts.make import carry_out
from graders.attempts.recipe import reference
from graders.criterion import Kind
from graders.evidence.hand_in import BUNDLE, MANIFEST
from graders.judge import judge
from graders.problems import Problem
from graders.step import Place
from graders.workspace.start import Workspace, start
from graders.workspace.submit import submit

Git = Callable[..., str]


@pytest.fixture
def started(place: Place, git: Git, tmp_path: Path) -> Workspace:
    """A branch with one commit, pushed: judged without running many tests."""
    made = start(place, tmp_path / "lab", 3)
    git(made.repo, "switch", "-q", "-c", "größe")
    (made.repo / "notes.md").write_text("Notes\n", encoding="utf-8")
    git(made.repo, "add", "notes.md")
    git(made.repo, "commit", "-q", "-m", "Take notes")
    git(made.repo, "push", "-q", "-u", "origin", "größe")
    return made


def verdicts(place: Place, path: Path) -> dict[str, object]:
    return {key: value for key, value in judge(place, path).as_json().items() if key != "notes"}


def test_it_is_judged_as_the_workspace_is(place: Place, started: Workspace, tmp_path: Path) -> None:
    made = submit(place, started.repo, tmp_path / "to" / "send")
    assert made.file == tmp_path / "to" / "send" / "git.ninesteps"
    assert made.problem is None
    assert verdicts(place, made.file) == verdicts(place, started.repo)
    assert verdicts(place, made.file.parent) == verdicts(place, started.repo)


def test_a_solved_one_keeps_its_full_score(place: Place, tmp_path: Path) -> None:
    made = start(place, tmp_path / "lab", 3)
    carry_out(place, reference(place), 3, made.repo, dict(os.environ))
    handed_in = verdicts(place, submit(place, made.repo, tmp_path).file)
    assert handed_in["score"] == 10.0
    assert handed_in == verdicts(place, made.repo)


def test_the_same_work_gives_the_same_bytes(place: Place, git: Git, started: Workspace, tmp_path: Path) -> None:
    one = submit(place, started.repo, tmp_path / "one").file.read_bytes()
    (started.repo / "draft.txt").write_text("not committed", encoding="utf-8")
    git(started.repo, "stash", "push", "-q", "-u")
    assert submit(place, started.repo, tmp_path / "two").file.read_bytes() == one
    (started.repo / "notes.md").write_text("More notes\n", encoding="utf-8")
    git(started.repo, "commit", "-q", "-a", "-m", "Take more notes")
    assert submit(place, started.repo, tmp_path / "two").file.read_bytes() != one


def test_it_replaces_an_earlier_one_and_leaves_nothing_else(place: Place, started: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "send"
    folder.mkdir()
    (folder / "git.ninesteps").write_text("earlier", encoding="utf-8")
    made = submit(place, started.repo, folder)
    assert zipfile.is_zipfile(made.file)
    assert [path.name for path in folder.iterdir()] == ["git.ninesteps"]
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o644


def test_where_it_cannot_be_written_an_earlier_one_stays(place: Place, started: Workspace, tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        submit(place, started.repo, started.repo / "notes.md")
    assert "--into DIR" in caught.value.next
    target = tmp_path / "send" / "git.ninesteps"
    target.mkdir(parents=True)
    with pytest.raises(Problem, match="can't be written"):
        submit(place, started.repo, target.parent)
    assert [path.name for path in target.parent.iterdir()] == ["git.ninesteps"]


def test_it_holds_no_configuration_no_hooks_and_no_working_tree(
    place: Place, git: Git, started: Workspace, tmp_path: Path
) -> None:
    secret = "s3cret-in-config"  # noqa: S105
    git(started.repo, "config", "user.signingKey", secret)
    git(started.repo, "config", "credential.helper", f"!echo {secret}")
    (started.repo / ".git" / "hooks" / "pre-commit").write_text(f"#!/bin/sh\n# {secret}\n", encoding="utf-8")
    (started.repo / ".env").write_text(secret, encoding="utf-8")
    git(started.repo, "stash", "push", "-q", "-u")
    (started.repo / ".env").write_text(secret, encoding="utf-8")
    made = submit(place, started.repo, tmp_path)
    with zipfile.ZipFile(made.file) as archive:
        assert sorted(archive.namelist()) == sorted([BUNDLE, MANIFEST])
        manifest = json.loads(archive.read(MANIFEST))
        archive.extract(BUNDLE, tmp_path)
    assert set(manifest) == {"schema", "step", "course", "problem", "refs"}
    assert str(tmp_path) not in json.dumps(manifest)
    heads = git(tmp_path, "bundle", "list-heads", BUNDLE).split("\n")
    assert {head.split()[1] for head in heads} == set(manifest["refs"])
    assert not [name for name in manifest["refs"] if "stash" in name]
    git(tmp_path, "clone", "-q", "--mirror", BUNDLE, "unpacked.git")
    every = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch", "--buffer"],
        cwd=tmp_path / "unpacked.git", capture_output=True, check=True,
    ).stdout  # fmt: skip
    assert b"Take notes" in every
    assert secret.encode() not in every + made.file.read_bytes()


@pytest.mark.parametrize("how", ["removed", "gone", "silent"])
def test_what_origin_could_not_tell_is_carried_along(
    place: Place, git: Git, started: Workspace, tmp_path: Path, how: str
) -> None:
    if how == "removed":
        git(started.repo, "remote", "remove", "origin")
    else:
        url = "../gone.git" if how == "gone" else "https://lea:s3cret@127.0.0.1:1/widgets.git"
        git(started.repo, "remote", "set-url", "origin", url)
    made = submit(place, started.repo, tmp_path)
    assert made.problem is not None
    assert "origin" in made.problem.found
    with zipfile.ZipFile(made.file) as archive:
        assert "s3cret" not in archive.read(MANIFEST).decode()
    result = judge(place, made.file)
    pull = next(one for one in result.criteria if one.id == "git.pull_request")
    assert pull.verdict.kind is Kind.CANNOT_CHECK
    assert pull.verdict.found == made.problem.found
    assert result.score == judge(place, started.repo).score


def test_what_cannot_be_judged_cannot_be_handed_in(place: Place, git: Git, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "other")
    git(tmp_path / "other", "commit", "-q", "--allow-empty", "-m", "Begin")
    with pytest.raises(Problem, match="grew from a first commit"):
        submit(place, tmp_path / "other", tmp_path / "send")
    assert not (tmp_path / "send").exists()
