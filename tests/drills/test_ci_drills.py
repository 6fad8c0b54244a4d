"""What step 2's drills teach is so: their scripts run in bash, their jobs in act."""

from __future__ import annotations

import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest
from platformdirs import user_cache_path

from graders.drills.question import Outcome
from graders.evidence.git_command import Git
from graders.runners.workflow import events
from graders.runners.workflow.repository import empty_commit, with_changes
from graders.runners.workflow.run import run_workflow
from graders.starter import exercise_module
from graders.step import find

CI = find("ci")


def drill(name: str) -> Any:
    return exercise_module(CI, f"drills/{name}")


@pytest.mark.parametrize(
    ("script", "beside", "red"), [(script, beside, red) for script, beside, red, _ in drill("red_or_green").STEPS]
)
def test_a_step_ends_as_the_drill_says(script: str, beside: str, red: bool, tmp_path: Path) -> None:
    """GitHub's own command lines: `bash -e {0}`, and with `shell: bash` also pipefail."""
    (tmp_path / "pytest").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "pytest").chmod(0o755)
    options = ["--noprofile", "--norc", "-eo", "pipefail"] if beside else ["-e"]

    done = subprocess.run(
        ["bash", *options, "-c", script], cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True
    )

    assert bool(done.returncode) is red


@pytest.mark.parametrize("seed", range(3))
def test_jobs_run_as_the_drill_says(seed: int, tmp_path: Path) -> None:
    module = drill("which_jobs_run")
    question = module.DRILL.make(Random(seed))
    fails = question.text.split("`")[1]
    text = question.figures[0].text
    steps = "".join(
        f"{line}\n    steps: [{{run: exit {int(job == fails)}}}]\n" if "runs-on" in line else f"{line}\n"
        for job, line in with_job(text)
    )
    git = Git(tmp_path)
    path = ".github/workflows/ci.yml"
    commit = with_changes(git, empty_commit(git), {path: f"on: push\n{steps}".encode()})

    run = run_workflow(
        git,
        path,
        events.push("main", commit),
        cache=user_cache_path("ninesteps", appauthor=False),
        offline_packages=False,
    )

    ran = {job.id for job in run.jobs if job.result != "skipped"} - {fails}
    letters = [option.title for option in question.options if option.text in ran]
    assert question.judge(", ".join(letters) or "none").outcome is Outcome.RIGHT


def with_job(text: str) -> list[tuple[str, str]]:
    job, found = "", []
    for line in text.splitlines():
        if line.startswith("  ") and line[2] != " ":
            job = line.strip(" :")
        found.append((job, line))
    return found
