"""What `ninesteps check` does: judge, show, write, and remember the attempt."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from graders.console import progress_line, say, say_problem, told_as_problems
from graders.problems import Problem

if TYPE_CHECKING:
    from graders.result import Result
    from graders.step import Place


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where the result goes beside the terminal; with `-` as JSON's file, instead of it."""

    json: str | None
    html: Path | None
    junit: Path | None


def check_and_tell(place: Place, path: Path | None, trust: bool, outputs: Outputs) -> int:
    """Judge, show, write and remember; returns the exit code. Raises Problem where the input can't be judged."""
    try:
        with told_as_problems():
            result = judged(place, path, trust, record=True)
    except Problem as problem:
        _write_problem(place, problem, outputs)
        raise
    if outputs.json != "-":
        _show(result)
    _write_result(result, outputs)
    return result.exit_code


def judged(place: Place, path: Path | None, trust: bool, *, record: bool) -> Result:
    """The verdicts; with `record`, remarks beside them, and they count as an attempt of the learner, if it is their own work."""
    from graders.evidence.submission import locate
    from graders.judge import judge
    from graders.runners.sandbox import isolates
    from graders.workspace.locate import folder_of, workspace_of

    found = locate(workspace_of(place, path), place)
    if found.is_file() and not trust and not isolates():
        raise Problem(
            "A hand-in's tests are somebody's code, and there is no sandbox here to run them in.",
            "`ninesteps doctor` says how to get one; `--trust-submissions` runs them all the same.",
        )
    recorded = folder_of(place) / "repo"
    mine = found.resolve() == recorded.resolve() or (path is None and not recorded.exists())
    if path is None and not mine:
        say(f"This is about {found}, where you are. Your workspace is {recorded}: only that one counts.", err=True)
    if mine and not isolates():
        _say_no_sandbox()
    with progress_line("Reading your work") as tell:
        result = judge(place, found, lambda title: tell(f"Checking: {title}"), with_remarks=record)
    if mine and record:
        _record(result)
    return result


def _say_no_sandbox() -> None:
    from graders.workspace.progress import told_once

    with suppress(Problem):  # where nothing can be remembered, `_record` says so
        if not told_once("no_sandbox"):
            return
    say("Your tests run here without a sandbox; `ninesteps doctor` says how to get one.", err=True)


def _record(result: Result) -> None:
    """Remember the attempt; where that can't be, the result still stands."""
    from graders.workspace.progress import record_check

    try:
        record_check(result)
    except Problem as problem:
        say_problem(problem)


def _show(result: Result) -> None:
    from rich.console import Console

    from graders.reports.terminal import show

    show(result, Console())


def _write_result(result: Result, outputs: Outputs) -> None:
    if outputs.json:
        _write_json(outputs.json, result.as_json())
    if outputs.html:
        from graders.reports.card import html

        _write(outputs.html, html(result))
    if outputs.junit:
        from graders.reports.junit import junit

        _write(outputs.junit, junit(result))


def _write_problem(place: Place, problem: Problem, outputs: Outputs) -> None:
    from graders.result import problem_json

    try:
        if outputs.json:
            _write_json(outputs.json, problem_json(place, problem))
        if outputs.html:
            from graders.reports.card import problem_html

            _write(outputs.html, problem_html(problem.found, problem.next))
    except Problem as second:
        say_problem(second)


def _write_json(target: str, content: object) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    # Half surrogates of a path that is no Unicode become JSON's own escapes.
    data = text.encode("utf-8", "backslashreplace")
    if target == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        _write(Path(target), data)


def _write(target: Path, content: str | bytes) -> None:
    try:
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as trouble:
        raise Problem(f"{target} can't be written: {trouble.strerror or trouble}.", "Name another file.") from None
