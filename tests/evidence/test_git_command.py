"""Git is run with settings of ours alone, for a limited time and with a limited answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from graders.evidence import git_command
from graders.evidence.git_command import AnswerTooLong, Git, GitFailed
from graders.evidence.snapshot import snapshot_of
from graders.problems import Problem
from graders.step import find


def test_a_failure_says_why_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(GitFailed) as failure:
        Git(tmp_path).text("rev-parse", "--verify", "nothing-here")

    assert failure.value.reason == "Needed a single revision"


def test_an_answer_that_never_ends_is_cut(tmp_path: Path) -> None:
    git = Git(tmp_path)
    blob = git.text("hash-object", "-w", "--stdin", stdin=bytes(5000)).strip()

    assert len(git.read("cat-file", "blob", blob, most=5000)) == 5000
    with pytest.raises(AnswerTooLong):
        git.read("cat-file", "blob", blob, most=4999)


def test_a_git_that_hangs_is_ended_with_what_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = Git(tmp_path)
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\nsleep 300 &\necho $! > {tmp_path}/child\nwait\n")
    fake.chmod(0o755)
    git.environment["PATH"] = f"{fake.parent}:{git.environment['PATH']}"
    monkeypatch.setenv("PATH", git.environment["PATH"])
    monkeypatch.setattr(git_command, "SECONDS", 1)

    with pytest.raises(GitFailed, match="no answer within 1 seconds"):
        git.text("log")

    child = (tmp_path / "child").read_text().strip()
    state = subprocess.run(["ps", "-o", "stat=", "-p", child], capture_output=True, text=True).stdout.strip()
    assert state in ("", "Z")


def test_the_callers_settings_and_variables_do_not_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "theirs").write_text("[core]\n\tabbrev = 40\n[alias]\n\tlog = !false\n")
    for name, value in {"GIT_CONFIG_GLOBAL": "theirs", "GIT_DIR": "elsewhere", "GIT_CONFIG_COUNT": "1"}.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    git = Git(tmp_path)

    assert git.text("rev-parse", "--git-dir").strip() == str(git.folder)
    assert git.text("config", "--get-all", "safe.directory") == "*\n"
    with pytest.raises(GitFailed):
        git.text("config", "core.abbrev")


def test_a_setting_is_the_first_of_its_name_and_includes_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "more").write_text('[remote "origin"]\n\turl = from-the-include\n')
    config = tmp_path / "config"
    config.write_text(f'[include]\n\tpath = {tmp_path}/more\n[remote "origin"]\n\turl = first\n\turl = second\n')
    git = Git(tmp_path)

    assert git.setting_of(config, "remote.origin.url") == "first"
    assert git.setting_of(config, "remote.upstream.url") == ""
    assert git.setting_of(tmp_path / "nowhere", "remote.origin.url") == ""


def test_missing_objects_are_not_fetched_by_a_program_of_the_submissions(work: Path, tmp_path: Path) -> None:
    """As a partial clone's would be, from a remote that its settings name."""
    repo, canary = work / "repo", tmp_path / "canary"
    missing = subprocess.run(
        ["git", "-C", str(repo), "rev-parse", "HEAD:widgets/routes.py"], capture_output=True, text=True, check=True
    ).stdout.strip()
    (repo / ".git" / "objects" / missing[:2] / missing[2:]).unlink()
    run = tmp_path / "run"
    run.write_text(f"#!/bin/sh\ntouch {canary}\n")
    run.chmod(0o755)
    with (repo / ".git" / "config").open("a") as config:
        config.write(
            "[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tpartialClone = evil\n"
            f'[remote "evil"]\n\turl = {work}/origin.git\n\tuploadpack = {run}\n\tpromisor = true\n'
        )
    subprocess.run(["git", "-C", str(repo), "cat-file", "blob", missing], capture_output=True)
    assert canary.exists(), "the control: git itself falls for it"
    canary.unlink()

    with pytest.raises(Problem, match="damaged or missing"), snapshot_of(repo, find("git")):
        pass
    assert not canary.exists()


@pytest.mark.skipif(sys.platform != "linux" or not hasattr(os, "mkfifo"), reason="named pipes are not proven here")
@pytest.mark.parametrize("name", ["config", "HEAD", "packed-refs", "objects/info/commit-graph"])
def test_a_pipe_in_the_git_folder_keeps_nobody_waiting(work: Path, name: str) -> None:
    pipe = work / "repo" / ".git" / name
    pipe.unlink(missing_ok=True)
    pipe.parent.mkdir(exist_ok=True)
    os.mkfifo(pipe)

    with pytest.raises(Problem), snapshot_of(work / "repo", find("git")):
        pass
