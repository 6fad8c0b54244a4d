"""The evidence of a step about workflow files: a learner's commit, what its files say, and what events set off in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from graders.criterion import Criterion
from graders.evidence.candidates import best, candidates, names_of
from graders.evidence.git_command import GitFailed
from graders.evidence.git_tree import TreeTooLarge, files_of
from graders.evidence.history import Commit
from graders.evidence.linting import Lint
from graders.evidence.snapshot import Snapshot, snapshot_of
from graders.evidence.starting_point import StartingPoint, starting_point
from graders.evidence.workflow.data_flow import Library, library
from graders.evidence.workflow.linters import actionlint, zizmor
from graders.evidence.workflow.model import Workflow
from graders.evidence.workflow.read import Unread, read_workflows
from graders.problems import Problem
from graders.runners.test_suite import SuiteRun, run_suite
from graders.runners.workflow.scenario import Outcome, Scenario, play
from graders.step import Place, find
from graders.workspace.home import cache_dir

_AT_ONCE = os.cpu_count() or 1


class PipelineWork:
    """A commit of the learner's in a snapshot, read once, and the scenarios that were let happen to it."""

    def __init__(self, snapshot: Snapshot, start: StartingPoint, commit: Commit) -> None:
        self.snapshot, self.start, self.commit = snapshot, start, commit
        self.notes = list(snapshot.notes)
        self._outcomes: list[tuple[Scenario, Future[Outcome]]] = []
        self._pool = ThreadPoolExecutor(_AT_ONCE)

    @property
    def branch(self) -> str:
        """What the commit is called: its branch or pull request, else its short id."""
        return next(iter(names_of(self.snapshot, self.commit)), self.commit.short)

    @property
    def untouched(self) -> bool:
        """Whether this is main as it was given, since nothing was committed."""
        given = self.start.commits
        return self.commit.id in (given.base, given.moved)

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """Path to content of every regular file of the commit. Raises Problem where it is too large."""
        try:
            return files_of(self.snapshot.git, self.commit.tree)
        except TreeTooLarge as trouble:
            mend = "Take what does not belong in a repository out of it, and list it in `.gitignore`."
            raise Problem(f"The commit {self.commit.short} on `{self.branch}` holds {trouble}.", mend) from None

    @cached_property
    def given(self) -> Mapping[str, bytes]:
        """The files that the learner was given."""
        return files_of(self.snapshot.git, self.snapshot.history[self.start.commits.moved].tree)

    @cached_property
    def _read(self) -> tuple[tuple[Workflow, ...], tuple[Unread, ...]]:
        return read_workflows(self.files)

    @property
    def workflows(self) -> tuple[Workflow, ...]:
        """The workflows of the commit, by path."""
        return self._read[0]

    @property
    def unread(self) -> tuple[Unread, ...]:
        """Files where workflows belong that hold none."""
        return self._read[1]

    @cached_property
    def library(self) -> Library:
        """The workflows by path, for following values through calls."""
        return library(self.workflows)

    @cached_property
    def actionlint(self) -> tuple[Lint, ...]:
        """actionlint's findings. Raises LinterMissing."""
        return actionlint(self.files)

    @cached_property
    def zizmor(self) -> tuple[Lint, ...]:
        """zizmor's findings. Raises LinterMissing."""
        return zizmor(self.files)

    def suite(self, changes: Mapping[str, bytes | None] | None = None) -> SuiteRun:
        """The commit's own tests, run without any workflow, with `changes` (path to content, None deletes)."""
        files = {path: text for path, text in {**self.files, **(changes or {})}.items() if text is not None}
        return run_suite(files, cache=cache_dir() / "suites")

    def start_playing(self, *scenarios: Scenario) -> None:
        """Begin with scenarios whose outcome will be asked for, as many at once as there are cores."""
        for scenario in scenarios:
            if self._playing(scenario) is None:
                self._outcomes.append((scenario, self._pool.submit(self._play, scenario)))

    def outcome(self, scenario: Scenario) -> Outcome:
        """What comes of a scenario; the same one is not played twice. Raises Problem where none can be played here."""
        self.start_playing(scenario)
        playing = self._playing(scenario)
        assert playing
        return playing.result()

    def _playing(self, scenario: Scenario) -> Future[Outcome] | None:
        return next((playing for known, playing in self._outcomes if known == scenario), None)

    def _play(self, scenario: Scenario) -> Outcome:
        return play(self.snapshot.git, self.commit.id, self.start.commits.moved, scenario, cache_dir())

    def finish(self) -> None:
        """Leave out what was begun and is not needed, and wait for what runs."""
        self._pool.shutdown(cancel_futures=True)


_Work = TypeVar("_Work", bound=PipelineWork)


@contextmanager
def open_pipeline(
    path: Path, step: str, criteria: Sequence[Criterion], kind: type[_Work], beside: str = ""
) -> Iterator[_Work]:
    """The evidence at `path`: of several branches, the one that earns most by `criteria`, so that no try costs anything.

    `kind` is the class of evidence, PipelineWork or one that adds to it; `beside` names a branch that is none of them.

    Raises Problem where `path` is no repository or hand-in of the step.
    """
    place: Place = find(step)
    works: list[_Work] = []
    with snapshot_of(path, place) as snapshot:
        try:
            start = starting_point(snapshot, place)
            works = [kind(snapshot, start, commit) for commit in candidates(snapshot, start, beside)]
            yield best(works, criteria, give_up=lambda work: work.finish())
        except GitFailed as failure:
            raise Problem(f"The history in {path} cannot be read: {failure.reason}.", "See `git fsck`.") from None
        finally:
            for work in works:
                work.finish()


__all__ = ["Outcome", "PipelineWork", "Scenario", "open_pipeline"]
