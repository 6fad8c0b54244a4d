"""A snapshot holds what counts, follows nothing that leads elsewhere, runs nothing, and says what is missing."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from graders.evidence.snapshot import snapshot_of
from graders.problems import Problem
from graders.step import find

GIT = find("git")


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_branches_pull_requests_and_the_forges_log_are_there(work: Path) -> None:
    with snapshot_of(work / "repo", GIT) as snapshot:
        tip = git(work / "repo", "rev-parse", "HEAD")

        assert snapshot.refs["refs/local/list-by-min_price_cents"] == tip
        assert snapshot.refs["refs/origin/heads/list-by-min_price_cents"] == tip
        assert snapshot.refs["refs/origin/pull/2"] == tip
        assert "refs/origin/forge/log" in snapshot.refs
        assert snapshot.origin.problem is None


def test_nothing_that_is_not_committed_counts(work: Path) -> None:
    (work / "repo" / "new.py").write_text("x")
    git(work / "repo", "add", "new.py")

    with snapshot_of(work / "repo", GIT) as snapshot:
        listed = snapshot.git.text("ls-tree", "-r", "--name-only", "refs/local/list-by-min_price_cents")
    assert "new.py" not in listed


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """`git daemon` on the loopback for as long as this lasts; the URL of `folder`'s repositories."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    daemon = subprocess.Popen(
        ["git", "daemon", "--listen=127.0.0.1", f"--port={port}", "--reuseaddr", "--export-all", f"--base-path={folder}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"git://127.0.0.1:{port}"
    finally:
        os.killpg(daemon.pid, 15)
        daemon.wait(10)


@pytest.mark.parametrize("ref", ["refs/pull/7/head", "refs/merge-requests/7/head"])
def test_a_hosts_pull_requests_are_read_over_the_network(work: Path, ref: str) -> None:
    host = work / "host.git"
    git(work, "init", "--quiet", "--bare", str(host))
    repo = work / "repo"
    git(repo, "push", "--quiet", str(host), "origin/main:refs/heads/main", "HEAD:refs/heads/feature", f"HEAD:{ref}")
    tip = git(repo, "rev-parse", "HEAD")
    with served(work) as url:
        git(repo, "remote", "set-url", "origin", f"{url}/host.git")

        with snapshot_of(repo, GIT) as snapshot:
            assert snapshot.origin.problem is None
            assert snapshot.under("refs/origin/pull/") == {"7": tip}
            assert not snapshot.origin.local


def test_an_origin_that_does_not_answer_is_a_remark_and_no_end(work: Path) -> None:
    git(work / "repo", "remote", "set-url", "origin", "git://user:hunter2@127.0.0.1:1/x.git")

    with snapshot_of(work / "repo", GIT) as snapshot:
        assert snapshot.origin.problem is not None
        assert "hunter2" not in str(snapshot.origin.problem)
        assert snapshot.under("refs/local/")


@pytest.mark.parametrize("url", ["ext::sh -c touch% /tmp/x", "--upload-pack=touch x", "ftp://example.org/x"])
def test_an_origin_by_a_transport_that_runs_things_is_not_followed(work: Path, url: str) -> None:
    git(work / "repo", "config", "remote.origin.url", url)

    with snapshot_of(work / "repo", GIT) as snapshot:
        assert snapshot.origin.problem is not None


def a_gitfile(repo: Path, aside: Path) -> None:
    shutil.move(repo / ".git", aside)
    (repo / ".git").write_text(f"gitdir: {aside}\n")


def a_linked_git(repo: Path, aside: Path) -> None:
    shutil.move(repo / ".git", aside)
    (repo / ".git").symlink_to(aside)


def linked_objects(repo: Path, aside: Path) -> None:
    shutil.move(repo / ".git" / "objects", aside)
    (repo / ".git" / "objects").symlink_to(aside)


def linked_refs(repo: Path, aside: Path) -> None:
    shutil.move(repo / ".git" / "refs" / "heads", aside)
    (repo / ".git" / "refs" / "heads").symlink_to(aside)


def alternates(repo: Path, aside: Path) -> None:
    shutil.copytree(repo / ".git" / "objects", aside)
    (repo / ".git" / "objects" / "info").mkdir(exist_ok=True)
    (repo / ".git" / "objects" / "info" / "alternates").write_text(f"{aside}\n")


def commondir(repo: Path, aside: Path) -> None:
    shutil.copytree(repo / ".git", aside)
    (repo / ".git" / "commondir").write_text(f"{aside}\n")


def shallow(repo: Path, aside: Path) -> None:
    (repo / ".git" / "shallow").write_text(git(repo, "rev-parse", "HEAD") + "\n")


REDIRECTS: list[Callable[[Path, Path], None]] = [
    a_gitfile, a_linked_git, linked_objects, linked_refs, alternates, commondir, shallow,
]  # fmt: skip


@pytest.mark.parametrize("redirect", REDIRECTS, ids=lambda redirect: redirect.__name__)
def test_a_repository_that_leads_elsewhere_is_refused(
    work: Path, tmp_path: Path, redirect: Callable[[Path, Path], None]
) -> None:
    redirect(work / "repo", tmp_path / "aside")

    with pytest.raises(Problem) as told, snapshot_of(work / "repo", GIT):
        pass
    assert told.value.found
    assert told.value.next


@pytest.mark.parametrize("redirect", [linked_objects, alternates, commondir])
def test_an_origin_that_leads_elsewhere_is_not_followed(
    work: Path, tmp_path: Path, redirect: Callable[[Path, Path], None]
) -> None:
    (work / "bare").mkdir()
    shutil.move(work / "origin.git", work / "bare" / ".git")
    redirect(work / "bare", tmp_path / "aside")
    shutil.move(work / "bare" / ".git", work / "origin.git")

    with snapshot_of(work / "repo", GIT) as snapshot:
        assert snapshot.origin.problem is not None


HOSTILE_SETTINGS = {
    "core.fsmonitor": "touch {canary}",
    "core.sshCommand": "touch {canary}",
    "core.hooksPath": "{hooks}",
    "core.pager": "touch {canary}",
    "diff.external": "touch {canary}",
    "filter.x.clean": "touch {canary}",
    "filter.x.smudge": "touch {canary}",
    "diff.x.textconv": "touch {canary}",
    "gpg.program": "{hooks}/pre-commit",
    "log.showSignature": "true",
    "uploadpack.packObjectsHook": "{hooks}/pre-commit",
    "credential.helper": "!touch {canary}",
    "alias.fetch": "!touch {canary}",
}


def test_settings_hooks_and_attributes_run_nothing(work: Path, tmp_path: Path) -> None:
    canary, hooks, repo = tmp_path / "canary", tmp_path / "hooks", work / "repo"
    hooks.mkdir()
    names = (
        "pre-commit",
        "post-checkout",
        "pre-push",
        "reference-transaction",
        "post-index-change",
        "fsmonitor-watchman",
    )
    for folder in (hooks, repo / ".git" / "hooks", work / "origin.git" / "hooks"):
        folder.mkdir(exist_ok=True)
        for name in names:
            (folder / name).write_text(f"#!/bin/sh\ntouch {canary}\nexit 1\n")
            (folder / name).chmod(0o755)
    for git_dir in (repo / ".git", work / "origin.git"):
        (git_dir / "info").mkdir(exist_ok=True)
        (git_dir / "info" / "attributes").write_text("* filter=x diff=x\n")
        for name, value in HOSTILE_SETTINGS.items():
            setting = value.format(canary=canary, hooks=hooks)
            subprocess.run(["git", "config", "--file", str(git_dir / "config"), name, setting], check=True)
    subprocess.run(["git", "-C", str(repo), "status"], capture_output=True)
    assert canary.exists(), "the control: git itself falls for it"
    canary.unlink()

    with snapshot_of(repo, GIT) as snapshot:
        assert snapshot.history.commits
    assert not canary.exists()


def test_replaced_objects_do_not_count(work: Path) -> None:
    repo = work / "repo"
    tip = git(repo, "rev-parse", "HEAD")
    git(repo, "replace", tip, git(repo, "commit-tree", "HEAD^{tree}", "-m", "Forged"))
    assert git(repo, "log", "-1", "--format=%s", tip) == "Forged", "the control: git itself shows the forged one"

    with snapshot_of(repo, GIT) as snapshot:
        assert snapshot.history[tip].subject != "Forged"


def test_nothing_of_the_learners_is_changed(work: Path) -> None:
    def seen() -> dict[str, tuple[int, int]]:
        return {str(file): (file.lstat().st_mtime_ns, file.lstat().st_size) for file in work.rglob("*")}

    before = seen()
    with snapshot_of(work / "repo", GIT) as snapshot:
        assert snapshot.history.commits
    assert seen() == before
