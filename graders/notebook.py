"""What a notebook's cells use: the terminal's words, as functions and as a magic.

    from graders.notebook import check, hint, start, submit, drill
    check("git")                       judges your workspace, and shows the card

    %ninesteps pr create --title "…"   any command, with the words of the terminal

Nothing is judged in the kernel: each call is a process of its own, but for the examples of a page.
"""

# These libraries carry no types of their own.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graders.classroom.judged_apart import judge_apart
from graders.drills.play import answer, drill
from graders.problems import Problem

if TYPE_CHECKING:
    from graders.reports.image_card import ImageCard
    from graders.reports.run_card import RunCard

__all__ = [
    "Score", "answer", "build_image", "check", "drill", "hint", "ninesteps", "progress", "reset", "run_image", "run_workflow",
    "solution", "start", "submit",
]  # fmt: skip

_PATIENCE = 900.0  # seconds; nbgrader's own limit for a cell comes first
_caches: dict[str, Any] = {}  # by folder, what its workflows left in the cache


class Score(float):
    """A score that shows itself as its card, and to nbgrader as a plain number.

    nbgrader reads a cell's partial credit from the text of its last value:
    https://nbgrader.readthedocs.io/en/stable/user_guide/autograding_resources.html
    """

    card: str
    max_score: float

    def __new__(cls, points: float, max_score: float, card: str) -> Score:
        score = super().__new__(cls, min(max(points, 0.0), max(max_score, 0.0)))
        score.card, score.max_score = card, max_score
        return score

    def __repr__(self) -> str:
        return float.__repr__(self)

    def _repr_html_(self) -> str:
        return self.card


def check(step: str | int, path: str | Path | None = None) -> Score:
    """Judge a step as `ninesteps check STEP [PATH]` does: your workspace, or what is at `path`.

    Where there is no workspace, or nbgrader runs this notebook, it is the hand-in beside the notebook that is judged.
    """
    name = str(step)
    place = Path(path).expanduser().absolute() if path is not None else _hand_in_folder(name)
    with _shown(f"Checking {name}…"):
        grade = judge_apart(name, place, _PATIENCE)
    return Score(grade.score, grade.max_score, grade.card)


def hint(step: str | int) -> None:
    """The next rung for the first criterion that has not passed."""
    ninesteps("hint", str(step))


def start(step: str | int, *options: str) -> None:
    """Make the step's workspace."""
    ninesteps("start", str(step), *options)


def reset(step: str | int, *options: str) -> None:
    """Back to the start; the old work is kept aside."""
    ninesteps("reset", str(step), *options)


def solution(step: str | int, *options: str) -> None:
    """The reference answer, after a pass."""
    ninesteps("solution", str(step), *options)


def progress() -> None:
    """Steps, points, and what next."""
    ninesteps("progress")


def submit(step: str | int) -> None:
    """Write the hand-in beside this notebook, where nbgrader takes it along."""
    ninesteps("submit", str(step), "--into", str(Path.cwd()))


def run_workflow(
    folder: str | Path,
    event: str = "push",
    *,
    approve: Sequence[str] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> RunCard | None:
    """Run the workflows of a folder, as a push of it to main would, or a `pull_request` with it; shows what came of it.

    With `approve`, jobs in the environment `production` wait, unless it is listed there. What a run
    saves in the cache, the next run of that folder finds there. With `secrets`, the workflow finds these,
    and what its steps print is shown, as the log would show it.
    """
    from graders.picture import Pipelines
    from graders.reports.run_card import RunCard
    from graders.runners.workflow.folder import play_folder
    from graders.runners.workflow.kept import kept_lines
    from graders.runners.workflow.picture import pipeline_of

    if _grading():
        print("Left out while nbgrader grades.")
        return None
    try:
        with _shown("Running the workflow…"):
            outcome = play_folder(Path(folder), event, approve, _caches.get(str(folder), ()), secrets)
    except Problem as problem:
        print(problem)
        return None
    _caches[str(folder)] = outcome.caches or _caches.get(str(folder), ())
    named = outcome.scenario.named
    if not outcome.started:
        why = outcome.skipped[0][1].reason if outcome.skipped else "There is no workflow."
        print(f"{named[0].upper()}{named[1:]} starts nothing. {why}")
        return None
    runs = tuple(pipeline_of(one.run, one.workflow) for one in outcome.started)
    failing = outcome.failing[0] if outcome.failing else None
    ended = f"Red: {failing.named} failed" if failing else "Green"
    waiting = [run.id for _, run in outcome.jobs if run.result == "waiting"]
    ended = f"`{waiting[0]}` waits to be approved" if waiting and not failing else ended
    headline = f"Nothing can be said: {outcome.trouble}." if outcome.trouble else f"{ended}, on {named}."
    log = failing.step_run.log if failing and failing.step_run else ()
    if secrets and not failing:
        log = tuple(f"{step.name}: {line}" for _, run in outcome.jobs for step in run.steps for line in step.log)
    called = tuple(f"{call.job}: {shlex.join([call.tool, *call.argv])}" for call in outcome.calls if call.tool != "pip")
    called = (*kept_lines(outcome), *called)
    return RunCard(headline, Pipelines(f"{named[0].upper()}{named[1:]}", runs), log, called)


def build_image(folder: str | Path, target: str = "") -> ImageCard | None:
    """Build the Dockerfile of a folder, its final stage or `target`, as `docker build` would; shows steps and layers.

    Where no engine answers, it says so, and how to start one.
    """
    from graders.evidence.image.picture import layers_of
    from graders.reports.image_card import ImageCard
    from graders.runners.engine.folder import build_folder

    if _grading():
        print("Left out while nbgrader grades.")
        return None
    try:
        with _shown("Building…"):
            found = build_folder(Path(folder), target)
    except Problem as problem:
        print(problem)
        return None
    steps = [step for step in found.built.steps if step.instruction.split(" ")[0] in ("RUN", "COPY", "ADD", "WORKDIR")]
    lines = [f"{'cached' if step.cached else 'failed' if step.error else 'done'}: {step.name}" for step in steps]
    if found.image is None:
        failing = found.built.failed_step
        named = f"`{failing.instruction}` failed" if failing else "it can't be built"
        said = failing.said.splitlines() if failing else []
        why = [found.built.why or found.built.error]
        return ImageCard(f"Red: {named}.", (*lines, "", *said, *why))
    cached = sum(step.cached for step in steps)
    headline = f"Built: {len(steps) - cached} of {len(steps)} steps ran, {cached} came from the cache."
    title = f"The image of the stage {target}" if target else "The image"
    return ImageCard(headline, tuple(lines), layers_of(found.image, title, found.base))


def run_image(folder: str | Path) -> None:
    """Build and start the Dockerfile of a folder, and stop it as `docker stop` does: who is PID 1, and does it listen?"""
    from graders.runners.engine.folder import STOP_SECONDS, start_folder

    if _grading():
        print("Left out while nbgrader grades.")
        return
    try:
        with _shown("Starting…"):
            life = start_folder(Path(folder))
    except Problem as problem:
        print(problem)
        return
    if not life.first:
        print(f"It ended by itself, with exit code {life.exit_code}.", life.said[-2000:], sep="\n")
        return
    print(f"PID 1 is `{life.first}`, with user id {life.user}.")
    print(f"Health: {life.health or 'there is no HEALTHCHECK'}.")
    if life.stopped:
        print(f"SIGTERM: it stopped, with exit code {life.exit_code}.")
    else:
        print(f"SIGTERM: it was still there after {STOP_SECONDS:g} seconds, and was killed.")


def ninesteps(*words: str) -> None:
    """Run `ninesteps WORDS…` and print what it says, line by line as it comes.

    While nbgrader grades this notebook nothing is run: a `submit` left in a cell must not replace what was handed in.
    """
    if _grading():
        print(f"Left out while nbgrader grades: ninesteps {shlex.join(words)}")
        return
    process = subprocess.Popen(
        [sys.executable, "-I", "-X", "utf8", "-m", "graders", *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
        errors="replace", env={**os.environ, "COLUMNS": "100"},
    )  # fmt: skip
    try:
        for line in process.stdout or ():
            print(line, end="", flush=True)
    finally:
        process.kill()  # only matters where the learner pressed “stop”
        process.wait()


def _hand_in_folder(step: str) -> Path | None:
    """The folder of this notebook where its hand-in is what counts; None where the workspace does."""
    from graders.evidence.submission import hand_in_name
    from graders.step import find
    from graders.workspace.locate import workspace_of

    here = Path.cwd()
    if _grading():
        return here  # an instructor may well have a workspace of their own; it must not be graded
    try:
        place = find(step)
    except Problem:
        return None  # the command says it better
    if not (here / hand_in_name(place)).exists():
        return None
    try:
        workspace_of(place)
    except Problem:
        return here
    return None


def _grading() -> bool:
    """Whether nbgrader runs this notebook."""
    return os.environ.get("NBGRADER_EXECUTION") == "autograde"


@contextmanager
def _shown(text: str) -> Iterator[None]:
    """Show a line while something runs, and take it away when the result comes."""
    if not _kernel():
        yield
        return
    from IPython.display import clear_output

    print(text, flush=True)
    yield
    clear_output(wait=True)


def _kernel() -> Any:
    """The shell of a running kernel, or None in a plain interpreter or terminal."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    shell = get_ipython()
    return shell if shell is not None and hasattr(shell, "kernel") else None


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext graders.notebook`, which importing this module in a kernel does too."""

    def magic(line: str) -> Score | None:
        """`%ninesteps WORDS…`: the terminal's command."""
        try:
            words = shlex.split(line)
        except ValueError as trouble:
            print(f"That line cannot be read as a command: {str(trouble).lower()}. Close every quote you open.")
            return None
        if words[:1] == ["check"] and 2 <= len(words) <= 3 and not any(word.startswith("-") for word in words):
            return check(*words[1:])
        ninesteps(*words)
        return None

    shell.register_magic_function(magic, magic_kind="line", magic_name="ninesteps")


if _shell := _kernel():
    load_ipython_extension(_shell)
