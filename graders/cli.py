"""The `ninesteps` command: parses, calls, prints. What a command needs is imported when it runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graders.forge import pr_cli
from graders.problems import Problem

if TYPE_CHECKING:
    from graders.result import Result
    from graders.step import Place

app = typer.Typer(
    help="CI/CD and DevOps for backend engineers: nine steps, judged by what your work does.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
dev = typer.Typer(help="For authors: prove that a step's graders are right.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(pr_cli.app, name="pr")
app.add_typer(dev, name="dev")


def _steps(incomplete: str) -> list[str]:
    from graders.step import places

    return [place.name for place in places() if place.name.startswith(incomplete)]


StepName = Annotated[
    str, typer.Argument(metavar="STEP", help="Its number or its name: 1 or git.", autocompletion=_steps)
]


def main() -> None:
    """Run the command line; a Problem becomes two sentences and exit code 2."""
    try:
        app()
    except Problem as problem:
        _say_problem(problem)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)


def _say_problem(problem: Problem) -> None:
    from graders.reports.safe_text import one_line

    for line in (problem.found, problem.next):
        for part in line.splitlines():
            typer.echo(one_line(part, 500), err=True)


@app.command(epilog="Example: ninesteps doctor")
def doctor() -> None:
    """Say what is installed, what is missing, and the command that mends it."""
    from graders.doctor import examine

    findings = examine()
    for finding in findings:
        state = "ok" if finding.good else ("missing" if finding.needed else "optional")
        typer.echo(f"{state:<9} {finding.name:<14} {finding.found}")
        if not finding.good and finding.mend:
            typer.echo(f"{'':<9} {'':<14} → {finding.mend}")
    if any(finding.needed and not finding.good for finding in findings):
        typer.echo("Something that the course needs is missing: see the arrows above.")
        raise typer.Exit(1)
    typer.echo("Everything the course needs is there.")


@app.command(epilog="Example: ninesteps start git")
def start(
    step: StepName,
    into: Annotated[Path | None, typer.Option("--into", help="Put it at DIR/repo and DIR/origin.git.", metavar="DIR")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="The variant of the exercise; drawn if left out.")] = None,
) -> None:
    """Make the workspace of a step: your clone, and the forge that it came from."""
    from graders.starter import exercise_module, starter_for
    from graders.step import find
    from graders.workspace.progress import record_start
    from graders.workspace.start import start as start_step

    place = find(step)
    made = start_step(place, into, seed)
    record_start(place.name, made.seed, made.folder)
    typer.echo(f"Your clone:  {made.repo}")
    typer.echo(f"Its origin:  {made.origin}")
    if made.identity:
        typer.echo(f"git knows no name for you, so commits there are by {made.identity}. Set yours: git config user.name")
    typer.echo("")
    typer.echo(exercise_module(place, "starter").ticket(starter_for(place, made.seed).variant).replace("**", ""))
    typer.echo(f"Next: cd {made.repo}")


@app.command(epilog="Example: ninesteps check git --watch")
def check(
    step: StepName,
    path: Annotated[Path | None, typer.Argument(metavar="[PATH]", help="A repository or a hand-in; else your workspace.")] = None,
    json_to: Annotated[str | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON; - is standard output.")] = None,
    html_to: Annotated[Path | None, typer.Option("--html", hidden=True, metavar="FILE", help="Write the card.")] = None,
    junit_to: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write the result as JUnit XML.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Judge again at every change, until Ctrl-C.")] = False,
    trust: Annotated[
        bool, typer.Option("--trust-submissions", envvar="NINESTEPS_TRUST_SUBMISSIONS", help="Run a hand-in's tests even without a sandbox.")
    ] = False,
) -> None:
    """Judge your work. Exit code: 0 all passed, 1 something failed, 2 unusable input, 3 something could not be checked."""
    from graders.step import find

    place = find(step)
    if watch:
        from graders.watch import watch_and

        watch_and(lambda: _check_once(place, path, trust), place, path)
        return
    try:
        result = _judged(place, path, trust)
    except Problem as problem:
        _write_problem(place, problem, json_to, html_to)
        raise
    if json_to:
        _write(json_to, json.dumps(result.as_json(), indent=2, ensure_ascii=False) + "\n")
    if html_to:
        from graders.reports.card import html

        html_to.write_text(html(result), encoding="utf-8")
    if junit_to:
        from graders.reports.junit import junit

        junit_to.write_text(junit(result), encoding="utf-8")
    if json_to != "-":
        _show(result)
    raise typer.Exit(result.exit_code)


def _check_once(place: Place, path: Path | None, trust: bool) -> None:
    try:
        _show(_judged(place, path, trust))
    except Problem as problem:
        _say_problem(problem)


def _judged(place: Place, path: Path | None, trust: bool) -> Result:
    from graders.evidence.submission import locate
    from graders.judge import judge
    from graders.runners.sandbox import isolates
    from graders.workspace.locate import folder_of, workspace_of
    from graders.workspace.progress import record_check, told_once

    found = locate(workspace_of(place, path), place)
    if found.is_file() and not trust and not isolates():
        raise Problem(
            "A hand-in's tests are somebody's code, and there is no sandbox here to run them in.",
            "`ninesteps doctor` says how to get one; `--trust-submissions` runs them all the same.",
        )
    mine = found == folder_of(place) / "repo"
    if mine and not isolates() and told_once("no_sandbox"):
        typer.echo("Your tests run here without a sandbox; `ninesteps doctor` says how to get one.", err=True)
    with _progress() as tell:
        result = judge(place, found, tell)
    if mine:
        record_check(result)
    return result


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Says what is being judged, where somebody is looking."""
    if not sys.stderr.isatty():
        yield lambda title: None
        return
    from rich.console import Console

    with Console(stderr=True).status("Reading your work…") as status:
        yield lambda title: status.update(f"Checking: {title}…")


def _show(result: Result) -> None:
    from rich.console import Console

    from graders.reports.terminal import show

    show(result, Console())


def _write(target: str, text: str) -> None:
    if target == "-":
        sys.stdout.write(text)
        return
    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as trouble:
        raise Problem(f"{target} can't be written: {trouble.strerror}.", "Name another file, or - for the terminal.") from None


def _write_problem(place: Place, problem: Problem, json_to: str | None, html_to: Path | None) -> None:
    from graders.result import problem_json

    if json_to:
        _write(json_to, json.dumps(problem_json(place, problem), indent=2, ensure_ascii=False) + "\n")
    if html_to:
        from graders.reports.card import problem_html

        html_to.write_text(problem_html(problem.found, problem.next), encoding="utf-8")


@app.command(epilog="Example: ninesteps hint git")
def hint(step: StepName) -> None:
    """Show the next hint for the first criterion that has not passed."""
    from graders.criterion import Kind
    from graders.step import find
    from graders.workspace.progress import next_rung

    place = find(step)
    result = _judged(place, None, trust=False)
    waiting = result.first_open
    if waiting is None:
        typer.echo(f"Nothing is left to hint at: all {len(result.criteria)} criteria pass.")
        return
    failed = next((one for one in result.criteria if one.verdict.kind is Kind.FAILED), waiting)
    hints = failed.criterion.hints
    rung = next_rung(failed.id, len(hints))
    typer.echo(f"{failed.criterion.title}: hint {rung + 1} of {len(hints)}")
    typer.echo(f"  {hints[rung]}")
    if rung + 1 == len(hints):
        typer.echo(f"That was the last one. The whole answer: ninesteps solution {place.name} --force")


@app.command(epilog="Example: ninesteps reset git")
def reset(step: StepName) -> None:
    """Put a step back to its start; your work is kept aside, and you are told where."""
    from graders.step import find
    from graders.workspace.locate import folder_of
    from graders.workspace.reset import reset as reset_step

    place = find(step)
    folder = folder_of(place)
    kept = reset_step(place, folder)
    typer.echo(f"Started anew in {folder / 'repo'}.")
    typer.echo(f"Your earlier work is in {kept}.")


@app.command(epilog="Example: ninesteps solution git --apply")
def solution(
    step: StepName,
    force: Annotated[bool, typer.Option("--force", help="Show it before you have passed.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Carry it out in a fresh workspace; yours is kept aside.")] = False,
) -> None:
    """Show the reference answer, once you have passed (or with --force)."""
    from graders.step import find
    from graders.workspace.solution import apply_solution, solution_text

    place = find(step)
    if apply:
        folder, kept = apply_solution(place, force=force)
        typer.echo(f"The reference answer is in {folder / 'repo'}. Your earlier work is in {kept}.")
        typer.echo(f"See it pass: ninesteps check {place.name}")
    else:
        typer.echo(solution_text(place, force=force))


@app.command(epilog="Example: ninesteps progress")
def progress() -> None:
    """Show the steps, your points, and what comes next."""
    from rich.console import Console

    from graders.reports.progress_table import progress_table
    from graders.step import places
    from graders.workspace.progress import load

    state = load()
    if state.notice:
        typer.echo(state.notice, err=True)
    table, what_next = progress_table(places(), state)
    Console().print(table)
    typer.echo(what_next)


@app.command(epilog="Example: ninesteps submit git")
def submit(
    step: StepName,
    into: Annotated[Path, typer.Option("--into", help="The folder to write it into.", metavar="DIR")] = Path("."),
) -> None:
    """Write one file to hand in: what you committed and pushed, and your pull requests."""
    from graders.step import find
    from graders.workspace.locate import workspace_of
    from graders.workspace.submit import submit as make

    place = find(step)
    written = make(place, workspace_of(place), into.expanduser().absolute())
    typer.echo(f"Hand this in: {written}")


@dev.command("check", epilog="Example: ninesteps dev check git --only near_")
def dev_check(
    step: StepName,
    only: Annotated[str, typer.Option("--only", help="Just the attempts whose name holds this.")] = "",
    update: Annotated[bool, typer.Option("--update", help="Write the golden feedback anew.")] = False,
) -> None:
    """Carry out every attempt of a step and compare verdicts and feedback with what they must be."""
    from graders.attempts.proof import gaps, prove_all
    from graders.step import find

    place = find(step)
    proofs = prove_all(place, update=update, only=only)
    for proof in proofs:
        typer.echo(f"{'ok  ' if not proof.complaints else 'BAD '} {proof.recipe.name}: {proof.recipe.about}")
        for complaint in proof.complaints:
            typer.echo(f"       {complaint}")
    missing = [] if only else gaps(place, proofs)
    for gap in missing:
        typer.echo(f"GAP  {gap}")
    bad = sum(bool(proof.complaints) for proof in proofs)
    typer.echo(f"{len(proofs) - bad} of {len(proofs)} attempts are as they must be; {len(missing)} gaps.")
    raise typer.Exit(1 if bad or missing else 0)
