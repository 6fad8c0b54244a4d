"""What tests of CI ask for: push a workflow, wait until nothing runs any more, look at what ran."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock, Timeout
from typer.testing import CliRunner

from graders.cli import app
from graders.console import told_as_problems
from graders.forge import inbox, runs
from graders.forge.run_record import read_jobs
from graders.forge.runs import WorkflowRun
from graders.problems import Problem
from tests.forge_lab import Lab

_PATIENCE = 120  # seconds, after which a test is stuck
FILE = ".github/workflows/ci.yml"


@dataclass(frozen=True)
class Ci:
    """A learner's clone, and their forge's CI."""

    lab: Lab

    @property
    def origin(self) -> Path:
        return self.lab.origin

    def write(self, text: str, path: str = FILE, message: str = "Change the workflow") -> str:
        """Commit a file on the current branch; the commit."""
        (self.lab.repo / path).parent.mkdir(parents=True, exist_ok=True)
        return self.lab.commit(path, text, message)

    def push(self, text: str, branch: str = "feature", path: str = FILE, message: str = "Change the workflow") -> str:
        """Push a commit with a workflow on a branch, which is made where there is none; the commit."""
        if branch != self.lab.git("branch", "--show-current"):
            self.lab.git("fetch", "-q", "origin")
            self.lab.git("switch", "-q", "-c", branch, "origin/main")
        commit = self.write(text, path, message)
        self.lab.git("push", "-q", "-u", "--force", "origin", branch)
        return commit

    def say(self, *words: str, fails: int = 0) -> str:
        """Run `ninesteps WORDS…` in the clone; what it prints, or its problem where it is to end with 2."""
        if fails == 2:
            with pytest.raises(Problem) as caught, told_as_problems():
                CliRunner().invoke(app, list(words), catch_exceptions=False)
            return str(caught.value)
        done = CliRunner().invoke(app, list(words), catch_exceptions=False)
        assert done.exit_code == fails, done.output
        return done.output

    def settled(self) -> list[WorkflowRun]:
        """Every run, newest first, once nobody is at work any more."""
        self.until(lambda: not inbox.notes(self.origin) and not self._working())
        return runs.read_all(self.origin)

    def started(self) -> list[str]:
        """Workflow, event, and how it stands, of every run, oldest first, once nobody is at work any more."""
        return [f"{run.title} {run.event_name} {run.word}" for run in reversed(self.settled())]

    def log(self, run: WorkflowRun, job: str) -> str:
        """What the steps of a job printed."""
        jobs = [one for one in read_jobs(self.origin, run) if one.id == job]
        return "\n".join(line for one in jobs for step in one.steps for line in step.log)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds."""
        end = time.monotonic() + _PATIENCE
        while not holds():
            assert time.monotonic() < end, [(run.id, run.word, run.why) for run in runs.read_all(self.origin)]
            time.sleep(0.05)

    def _working(self) -> bool:
        try:
            with FileLock(self.origin / "forge" / "runner.lock", timeout=0):
                return any(run.state in (runs.QUEUED, runs.IN_PROGRESS) for run in runs.read_all(self.origin))
        except Timeout:
            return True

    def end(self) -> None:
        """See that nothing goes on."""
        if self.origin.is_dir():
            self.until(lambda: not inbox.notes(self.origin))
            for run in runs.read_all(self.origin):
                if run.state in (runs.QUEUED, runs.IN_PROGRESS):
                    inbox.put(self.origin, {"kind": "cancel", "run": run.id})
            self.settled()
