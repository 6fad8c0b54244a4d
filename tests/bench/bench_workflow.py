"""Running a workflow: our time over act's own, for one job; and `check ci` over the same act runs one after another."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from unittest import mock

from platformdirs import user_cache_path

from graders.evidence.git_command import Git
from graders.judge import judge
from graders.runners import sandbox
from graders.runners.workflow import events
from graders.runners.workflow.repository import with_changes
from graders.runners.workflow.run import run_workflow
from graders.step import ROOT, find
from tests.bench.by_hand import Prepared, every_run
from tests.bench.measure import in_turns, line

CI = ".github/workflows/ci.yml"
SMALLEST = "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}\n"
ONE_JOB = """
on: push
permissions: {contents: read}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - {uses: actions/setup-python@v6, with: {python-version: "3.x"}}
      - run: pip install -r requirements-dev.lock
      - run: ruff check .
      - run: python -m pytest
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ninesteps-bench-") as scratch:
        one_workflow("A workflow of one job that does nothing", SMALLEST, Path(scratch), rounds=15)
        one_workflow("One job: checkout, Python, install, lint, the service's tests", ONE_JOB, Path(scratch), rounds=5)
        check(Path(scratch))


def one_workflow(title: str, text: str, scratch: Path, rounds: int) -> None:
    """Print what a run takes by hand and by us, and what the sandbox takes of it."""
    cache = user_cache_path("ninesteps", appauthor=False)
    git, commit = _commit(Path(tempfile.mkdtemp(dir=scratch)), text)

    def ours() -> None:
        run = run_workflow(git, CI, events.push("main", commit), cache=cache)
        assert run.green, run

    with every_run(scratch / "kept") as runs:
        ours()
    prepared = runs[0]
    starts = _fresh(prepared, scratch, rounds + 1)

    def act() -> None:
        assert starts() == 0

    taken = in_turns(
        {
            "act": act,
            "ours": ours,
            "nothing": lambda: subprocess.run(["true"], check=True),
            "sandbox": lambda: sandbox.run(["true"], files={}),
        },
        rounds=rounds,
    )
    base, share = taken["act"], taken["sandbox"] - taken["nothing"]
    print(f"{title}:")
    print(line("act by hand: same stand-ins, no sandbox, no record", base))
    print(line("run_workflow", taken["ours"], taken["ours"] / base, "at most 1.3"))
    print(line("  of which the sandbox, by a command that does nothing", share, share / base))


def check(scratch: Path) -> None:
    """Print what `check ci` takes for the reference answer, and the act runs in it, started by hand one after another."""
    env = {**os.environ, "NINESTEPS_HOME": str(scratch / "home")}
    call = [sys.executable, "-m", "graders"]
    for words in (["start", "ci"], ["solution", "ci", "--force", "--apply"], ["check", "ci"]):
        subprocess.run([*call, *words], env=env, capture_output=True)
    with mock.patch.dict(os.environ, env), _no_outcomes(scratch), every_run(scratch / "kept") as runs:
        result = judge(find("ci"), scratch / "home" / "02_ci")
    assert result.score == result.max_score, result
    starts = [_fresh(prepared, scratch, 4) for prepared in runs]

    def by_hand() -> None:
        for start in starts:
            start()

    def ours() -> None:
        with _no_outcomes(scratch):
            subprocess.run([*call, "check", "ci"], env=env, check=True, capture_output=True)

    taken = in_turns({"act": by_hand, "ours": ours}, rounds=3)
    print(f"`ninesteps check ci` on the reference answer, a whole process with all its {len(runs)} runs:")
    print(line("the same act runs by hand, one after another", taken["act"]))
    print(line("ninesteps check ci", taken["ours"], taken["ours"] / taken["act"], "at most 1.0"))


@contextmanager
def _no_outcomes(scratch: Path) -> Iterator[None]:
    """Nothing that was found out before is known; programs and packages stay."""
    for name in ("runs", "suites"):
        shutil.rmtree(scratch / "home" / ".cache" / name, ignore_errors=True)
    yield


def _fresh(prepared: Prepared, scratch: Path, times: int) -> Callable[[], int]:
    """What runs act in another fresh folder at each call, `times` at most; laying it out takes none of its time."""
    starts = [prepared.lay_out(Path(tempfile.mkdtemp(dir=scratch))) for _ in range(times)]
    number = count()
    return lambda: starts[next(number)]()


def _commit(folder: Path, workflow: str) -> tuple[Git, str]:
    """A bare repository with one commit: the service, and `workflow`."""
    git = Git(folder)
    who = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    git.environment = {**git.environment, **who}
    empty = git.text("hash-object", "-t", "tree", "-w", "--stdin", stdin=b"").strip()
    files = {CI: workflow.encode()}
    for path in sorted((ROOT / "sample_repo").rglob("*")):
        name = path.relative_to(ROOT / "sample_repo")
        if path.is_file() and not any(part == "__pycache__" or part.startswith(".") for part in name.parts):
            files[name.as_posix()] = path.read_bytes()
    return git, with_changes(git, git.text("commit-tree", empty, "-m", "start").strip(), files)
