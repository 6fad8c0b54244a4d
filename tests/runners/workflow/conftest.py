"""A repository made of files, and one call that runs a workflow in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from platformdirs import user_cache_path

from graders.evidence.git_command import Git
from graders.runners.workflow import events
from graders.runners.workflow.record import Run
from graders.runners.workflow.repository import with_changes
from graders.runners.workflow.run import run_workflow

CI = ".github/workflows/ci.yml"


class Repository:
    """Our bare copy with one commit, and what it takes to run a workflow of it."""

    def __init__(self, folder: Path, cache: Path, files: Mapping[str, str | bytes]) -> None:
        self.git, self.cache = Git(folder), cache
        empty = self.git.text("hash-object", "-t", "tree", "-w", "--stdin", stdin=b"").strip()
        as_us = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        dates = {"GIT_AUTHOR_DATE": "1000000000 +0000", "GIT_COMMITTER_DATE": "1000000000 +0000"}
        self.git.environment = {**self.git.environment, **as_us, **dates}
        root = self.git.text("commit-tree", empty, "-m", "start").strip()
        given = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
        self.commit = with_changes(self.git, root, given, "files")

    def run(self, event: events.Event | None = None, path: str = CI, **more: Any) -> Run:
        event = event or events.push("main", self.commit)
        more.setdefault("offline_packages", False)
        return run_workflow(self.git, path, event, cache=self.cache, **more)


@pytest.fixture(scope="session")
def shared_cache() -> Path:
    """The folder of programs and packages that the course itself uses: they are named by their content, made once."""
    return user_cache_path("ninesteps", appauthor=False)


@pytest.fixture
def repository(tmp_path: Path, shared_cache: Path) -> Callable[[Mapping[str, str | bytes]], Repository]:
    count = iter(range(100))

    def make(files: Mapping[str, str | bytes]) -> Repository:
        folder = tmp_path / f"git{next(count)}"
        folder.mkdir()
        return Repository(folder, shared_cache, files)

    return make


@pytest.fixture
def run(repository: Callable[[Mapping[str, str | bytes]], Repository]) -> Callable[..., Run]:
    """Run one workflow, given as text, for a push to main, in a repository with `files` besides."""

    def run_text(text: str, files: Mapping[str, str | bytes] | None = None, **more: Any) -> Run:
        return repository({CI: text, **(files or {})}).run(**more)

    return run_text
