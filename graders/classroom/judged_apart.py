"""Judge in a process of its own, for a notebook cell and for nbgrader: a score and a card, whatever happens.

A kernel, and nbgrader's own process, hold a learner's code or a class's grades. Neither computes a verdict.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from graders.problems import Problem
from graders.step import find

JUDGED = (0, 1, 2, 3)  # the exit codes of `ninesteps check`
_MOST_CARD = 4 << 20


@dataclass(frozen=True, slots=True)
class Grade:
    """A score between 0 and `max_score`, and its card as an HTML fragment."""

    score: float
    max_score: float
    card: str


def judge_apart(step: str, path: Path | None, timeout: float) -> Grade:
    """What `ninesteps check STEP PATH` says; `path` None means the learner's own workspace, as on the command line.

    Never raises for what is wrong with a submission or with us: that is a score of 0, with a card that says why. The
    process and its children are ended after `timeout` seconds.
    """
    try:
        name = find(step).name
    except Problem as problem:
        return nothing_judged(problem.found, problem.next)
    with tempfile.TemporaryDirectory(prefix="ninesteps-card-") as scratch:
        card = Path(scratch) / "card.html"
        words = ["check", name, *([str(path)] if path is not None else []), "--json", "-", "--html", str(card)]
        try:
            code, said, complaint = _run(words, timeout)
        except subprocess.TimeoutExpired:
            return nothing_judged(
                f"Judging took longer than {timeout:g} seconds and was ended.",
                "A test that never ends is the usual reason: run the tests yourself first.",
            )
        except OSError as trouble:
            return nothing_judged(f"The grader could not be started: {trouble.strerror or trouble}.", _OURS)
        return _grade(code, said, complaint, card)


def nothing_judged(found: str, next: str) -> Grade:
    """A score of 0 with a card that says why."""
    from graders.reports.card import problem_html

    return Grade(0.0, 0.0, problem_html(found, next))


_OURS = "This is our defect or this machine's, not yours: `ninesteps doctor` tells what is missing."


def _run(words: list[str], timeout: float) -> tuple[int, str, str]:
    process = subprocess.Popen(
        [sys.executable, "-I", "-X", "utf8", "-m", "graders", *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        errors="replace", start_new_session=True, env=os.environ | {"NINESTEPS_SCAN": "off"},  # the same feedback each day
    )  # fmt: skip
    try:
        said, complaint = process.communicate(timeout=timeout)
    except BaseException:  # also KeyboardInterrupt: the learner pressed “stop”
        _end(process)
        raise
    return process.returncode, said, complaint


def _end(process: subprocess.Popen[str]) -> None:
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        pass
    process.communicate()


def _grade(code: int, said: str, complaint: str, card: Path) -> Grade:
    try:
        result = json.loads(said)
        score, most = float(result["score"]), float(result["max_score"])
        usable = code in JUDGED and result["schema"] == 1 and isfinite(score) and isfinite(most)
    except (ValueError, KeyError, TypeError, RecursionError):
        usable = False
    if not usable:
        last = (complaint.strip().splitlines() or ["it said nothing"])[-1][:300]
        return nothing_judged(f"The grader ended with code {code} and no result ({last}).", _OURS)
    most = max(most, 0.0)
    score = min(max(score, 0.0), most)
    try:
        html = card.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        html = ""
    if not html or len(html) > _MOST_CARD:
        return nothing_judged("The grader wrote no card that can be shown.", _OURS)
    return Grade(score, most, html)
