"""`make demo`: runs for real, ends in a pass, and fits a screen."""

from __future__ import annotations

import subprocess
import sys

from learners_terminal import Terminal


def test_the_demo_fits_a_screen_and_ends_with_full_score(newcomer: Terminal) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "graders.demo"],
        env={**newcomer.env, "COLUMNS": "100"}, cwd=newcomer.cwd, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) <= 40
    assert all(len(line.rstrip()) <= 100 for line in lines)
    assert "10 of 10 points" in lines[-3]
    assert any(line.strip().startswith("✘ failed") for line in lines)
    assert lines[-1] == "Your turn: make lab"
    assert not list(newcomer.cwd.iterdir())
