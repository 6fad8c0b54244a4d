"""`ninesteps pr` as a learner types it, and what it prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from graders.forge.pr_cli import app
from graders.problems import Problem
from graders.workspace.progress import record_start

if TYPE_CHECKING:
    from conftest import Lab


def pr(*words: str) -> str:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def in_repo(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.chdir(lab.repo)
    return lab


def test_a_pull_request_from_create_to_merge(in_repo: Lab) -> None:
    tip = in_repo.push_branch()
    created = pr("create", "--title", "Take notes", "--body", "They help.")
    assert "Opened pull request #2 from feature into main: Take notes" in created
    assert "refs/pull/2/head" in created
    assert pr("list").split("\t")[:4] == ["#2", "OPEN", "Take notes", "feature"]
    seen = pr("view")
    for part in ("Take notes #2", "state:     OPEN", f"feature ({tip[:7]}) into main", "mergeable: yes", "They help."):
        assert part in seen
    assert "Squashed and merged pull request #2 (Take notes)" in pr("merge", "2", "-s", "-d")
    assert "There are no open pull requests." in pr("list")
    assert "approved by reviewer-bot" in pr("view", "2")


def test_it_works_from_a_notebooks_folder_on_the_workspace_started_last(
    lab: Lab, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lab.repo.parent.parent)
    with pytest.raises(Problem, match="no step was started"):
        pr("list")
    record_start("tiny", 3, lab.repo.parent)
    assert "Raise the limit" in pr("list", "--state", "all")


@pytest.mark.parametrize("flags", [[], ["--squash", "--rebase"]])
def test_merge_needs_one_way(in_repo: Lab, flags: list[str]) -> None:
    with pytest.raises(Problem) as caught:
        pr("merge", *flags)
    assert "--squash" in caught.value.next


def test_a_hostile_title_body_and_subject_cannot_steer_the_terminal(in_repo: Lab) -> None:
    in_repo.push_branch()
    in_repo.commit("notes.md", "x\n", "\x1b]0;owned\x07Red \x1b[31malert")
    in_repo.git("push", "-q", "origin", "feature")
    title = "[red]Hello[/red]\n\x1b[2J\x9b31mworld \u202egnp"
    printed = pr("create", "--title", title, "--body", "line one\n\x1b[31mline two\r\nend")
    printed += pr("list") + pr("view")
    assert "[red]Hello[/red] world gnp" in printed
    assert "line one\nline two\nend" in printed
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\r"} & set(printed)


def test_a_title_that_looks_like_an_option_is_only_a_title(in_repo: Lab) -> None:
    in_repo.push_branch()
    pr("create", "--title=--exec=touch owned", "--body=--amend")
    pr("merge", "--squash")
    assert in_repo.forge("log", "-1", "--format=%s", "main") == "--exec=touch owned (#2)"
    assert not list(in_repo.repo.parent.rglob("owned"))


@pytest.mark.parametrize("command", ["create", "list", "view", "merge"])
def test_each_help_text_shows_an_example(command: str) -> None:
    assert f"Example: ninesteps pr {command}" in pr(command, "--help")
