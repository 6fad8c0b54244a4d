"""`reset` and `solution`: nothing of the learner's is lost, whatever happens."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from learners_terminal import Terminal, fingerprint


def works_on(learner: Terminal) -> None:
    """A commit, and a file that was not even added."""
    learner.git("switch", "-q", "-c", "my-own")
    learner.commit("notes.md", "Notes\n", "Take notes")
    (learner.clone / "draft.txt").write_text("draft", encoding="utf-8")


def test_reset_keeps_the_old_work_and_says_where(fresh: Terminal) -> None:
    works_on(fresh)
    workspace = fresh.clone.parent
    old = fingerprint(workspace)
    for number in (1, 2):
        done = fresh("reset", "git")
        assert done.code == 0
        kept = workspace.with_name(f"{workspace.name}.kept-{number}")
        assert f"Your earlier work is in {kept}." in done.out
        assert f"Next: cd {fresh.clone}" in done.out
    assert fingerprint(workspace.with_name(f"{workspace.name}.kept-1")) == old
    assert fresh.git("branch", "--format=%(refname:short)") == "main"
    assert "Seed: 3" in fresh.git("log", "--max-parents=0", "--format=%B").splitlines()
    assert fresh("check", "git").code == 1


def test_a_terminal_that_stands_in_the_old_clone_is_told_so(fresh: Terminal) -> None:
    mind = "this terminal is still in the earlier one"
    assert mind in fresh.at(fresh.clone / "tests")("reset", "git").out
    assert mind not in fresh("reset", "git").out


def test_the_answer_is_refused_before_a_pass(fresh: Terminal) -> None:
    for words in (["solution", "git"], ["solution", "git", "--apply"]):
        before = fingerprint(fresh.clone.parent)
        done = fresh(*words)
        assert (done.code, done.out) == (2, "")
        assert "ninesteps hint git" in done.err
        assert "--force" in done.err
        assert fingerprint(fresh.clone.parent) == before


def test_the_answer_is_shown_after_a_pass_and_earlier_only_by_force(fresh: Terminal, solved: Terminal) -> None:
    shown = solved("solution", "git")
    assert shown.code == 0
    assert "git rebase origin/main" in shown.out
    assert fresh("solution", "git", "--force").out == shown.out


def test_what_the_answer_shows_is_all_there_is_to_it(fresh: Terminal, tmp_path: Path) -> None:
    """Its script runs on its own, and each file that it copies is shown as what it changes."""
    shown = fresh("solution", "git", "--force").out
    script, files = shown.split("# The files that it copies from $GIVEN:\n")
    given = tmp_path / "given"
    given.mkdir()
    names = [line.split()[1] for line in files.splitlines() if line.startswith("+++ ")]
    assert sorted(names) == ["routes_both", "routes_mine", "test_mine"]
    for name, part in zip(names, files.split("\n+++ ")[1:], strict=True):
        head, _, rest = part.partition("\n")
        content = rest.split("\n--- ")[0].rstrip("\n") + "\n"
        if "(new: " in head:
            (given / name).write_text(content, encoding="utf-8")
            continue
        shutil.copy(fresh.clone / "widgets" / "routes.py", given / name)
        patch = f"--- a/{name}\n+++ b/{name}\n{content}"
        done = subprocess.run(["git", "apply", "--recount"], input=patch, cwd=given, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    env = {**fresh.env, "GIVEN": str(given)}
    done = subprocess.run(["bash", "-euc", script], cwd=fresh.clone, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert fresh("check", "git").code == 0


def test_apply_puts_the_answer_in_place_and_keeps_the_old_work(fresh: Terminal) -> None:
    works_on(fresh)
    workspace = fresh.clone.parent
    old = fingerprint(workspace)
    done = fresh("solution", "git", "--apply", "--force")
    assert done.code == 0
    kept = workspace.with_name(f"{workspace.name}.kept-1")
    assert f"Your earlier work is in {kept}." in done.out
    assert fingerprint(kept) == old
    assert fresh("check", "git").code == 0
    assert sorted(path.name for path in workspace.iterdir()) == ["origin.git", "repo"]


def test_apply_is_stopped_by_no_setting_of_the_learners(fresh: Terminal) -> None:
    hooks = Path(fresh.env["HOME"]) / "hooks"
    hooks.mkdir()
    (hooks / "commit-msg").write_text("#!/bin/sh\necho no ticket number; exit 1\n", encoding="utf-8")
    (hooks / "commit-msg").chmod(0o755)
    settings = {
        "commit.gpgSign": "true", "gpg.program": "/nowhere", "core.hooksPath": str(hooks), "merge.ff": "false",
        "pull.rebase": "true", "rebase.autoSquash": "true", "push.default": "nothing", "core.editor": "/nowhere",
        "merge.conflictStyle": "zdiff3", "rerere.enabled": "true", "clone.defaultRemoteName": "upstream",
    }  # fmt: skip
    for name, value in settings.items():
        fresh.git("config", "--global", name, value)
    fresh.git("commit", "--allow-empty", "-m", "The control: these do stop a commit", fails=True)
    done = fresh("solution", "git", "--apply", "--force")
    assert done.code == 0, done.err
    assert fresh("check", "git").code == 0


@pytest.mark.parametrize("missing", ["bash", "cp"])
def test_an_answer_that_cannot_be_carried_out_changes_nothing(fresh: Terminal, tmp_path: Path, missing: str) -> None:
    works_on(fresh)
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in {"bash", "cp", "git", "env", "sh", "sed", "cat", "basename", "uname", "bwrap", "prlimit"} - {missing}:
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    before = fingerprint(fresh.clone.parent.parent / "01_git")
    done = fresh("solution", "git", "--apply", "--force", PATH=str(folder))
    assert done.code == 2
    found, todo = done.err.strip().splitlines()
    assert found.startswith("The reference answer could not be carried out here: ")
    assert missing in found
    assert "Your workspace is as it was." in todo
    assert fingerprint(fresh.clone.parent) == before
    assert [path.name for path in fresh.clone.parent.parent.iterdir() if "kept" in path.name] == []
