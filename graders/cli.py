"""The `ninesteps` command: parses, calls, prints. What a command needs is imported when it runs."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graders.console import progress_line, say, say_problem, told_as_problems, wrapped
from graders.forge import pr_cli, settings_cli
from graders.pipelines import run_cli
from graders.problems import Problem
from graders.runners import registry_cli

if TYPE_CHECKING:
    from graders.step import Place

app = typer.Typer(
    help="CI/CD and DevOps for backend engineers: nine steps, judged by what your work does.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: ninesteps start git",
)
dev = typer.Typer(
    help="For authors: prove that a grader is right.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog="Example: ninesteps dev check git",
)
app.add_typer(
    pr_cli.app,
    name="pr",
    short_help="Open, list, view and merge pull requests.",
    epilog="Example: ninesteps pr create --fill",
)
app.add_typer(
    run_cli.app,
    name="run",
    short_help="List, view, approve and repeat runs of your workflows.",
    epilog="Example: ninesteps run list",
)
app.add_typer(
    settings_cli.secrets,
    name="secret",
    short_help="Secrets for your workflows.",
    epilog="Example: ninesteps secret list",
)
app.add_typer(
    settings_cli.variables,
    name="variable",
    short_help="Variables for your workflows.",
    epilog="Example: ninesteps variable list",
)
app.add_typer(
    registry_cli.app,
    name="registry",
    short_help="Start and stop a registry of your own for images.",
    epilog="Example: ninesteps registry up",
)
app.add_typer(dev, name="dev")


def _steps(incomplete: str) -> list[str]:
    from graders.step import places

    return [place.name for place in places() if place.name.startswith(incomplete)]


StepName = Annotated[
    str, typer.Argument(metavar="STEP", help="Its number or its name: 1 or git.", autocompletion=_steps)
]


def main() -> None:
    """Run the command line; what stops it becomes two sentences and exit code 2, never a traceback."""
    try:
        with told_as_problems():
            os.getcwd()
            app(prog_name="ninesteps")
    except Problem as problem:
        say_problem(problem)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


@app.command(epilog="Example: ninesteps doctor")
def doctor() -> None:
    """Say what is installed and what is missing.

    Beside what is missing stands what mends it. Exit code: 0 if the course can be used, else 1.
    """
    from graders.doctor import examine

    findings = examine()
    for finding in findings:
        state = "ok" if finding.good else ("missing" if finding.needed else "optional")
        say(f"{state:<9} {finding.name:<14} {finding.found}")
        if not finding.good and finding.mend:
            say(f"{'':<9} {'':<14} → {finding.mend}")
    if any(finding.needed and not finding.good for finding in findings):
        say("Something that the course needs is missing: see the arrows above.")
        raise typer.Exit(1)
    say("Everything the course needs is there.")


@app.command(epilog="Example: ninesteps start git")
def start(
    step: StepName,
    into: Annotated[
        Path | None, typer.Option("--into", help="Put it at DIR/repo and DIR/origin.git.", metavar="DIR")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="The variant of the exercise; drawn if left out.")] = None,
) -> None:
    """Make the workspace of a step.

    It holds your clone, and the forge that it came from. Where you have one already, it says again where it is.
    """
    from graders.step import find
    from graders.workspace.locate import folder_of
    from graders.workspace.progress import load, record_start
    from graders.workspace.start import start as start_step

    place = find(step)
    begun, repo = load().step(place.name).seed, folder_of(place) / "repo"
    if into is None and seed is None and begun is not None and repo.is_dir():
        say(f"You have started step {place.number} already, and nothing was changed. Your clone:  {repo}")
        _say_ticket(place, begun, repo)
        say(f"To begin again: ninesteps reset {place.name}")
        return
    made = start_step(place, into, seed)
    record_start(place.name, made.seed, made.folder)
    say(f"Your clone:  {made.repo}")
    say(f"Its origin:  {made.origin}")
    if made.identity:
        say(f"git knows no name for you, so commits there are by {made.identity}. To put in yours, there:")
        say('  git config user.name "Your Name"')
        say('  git config user.email "you@example.org"')
    _say_ticket(place, made.seed, made.repo)


def _say_ticket(place: Place, seed: int, repo: Path) -> None:
    """What to do, and where."""
    from graders.starter import exercise_module, starter_for

    say("")
    ticket = exercise_module(place, "starter").ticket(starter_for(place, seed).variant)
    say(wrapped(ticket.replace("**", "")))
    say("")
    _say_where_to_go(place, repo)


def _say_where_to_go(place: Place, repo: Path) -> None:
    if not shutil.which("ninesteps"):
        say(f'So that your terminal finds `ninesteps`: export PATH="{Path(sys.executable).parent}:$PATH"')
    say(f"Next: cd {shlex.quote(str(repo))}")
    say(f"How far you are: ninesteps check {place.name}")


@app.command(epilog="Example: ninesteps check git --watch")
def check(
    step: StepName,
    path: Annotated[
        Path | None, typer.Argument(metavar="[PATH]", help="A repository or a hand-in; else your workspace.")
    ] = None,
    json_to: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON; - is standard output.")
    ] = None,
    html_to: Annotated[Path | None, typer.Option("--html", hidden=True, metavar="FILE", help="Write the card.")] = None,
    junit_to: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write the result as JUnit XML.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Judge again at every change, until Ctrl-C.")] = False,
    trust: Annotated[
        bool,
        typer.Option(
            "--trust-submissions",
            envvar="NINESTEPS_TRUST_SUBMISSIONS",
            help="Run a hand-in's tests even without a sandbox.",
        ),
    ] = False,
) -> None:
    """Judge your work.

    Exit code: 0 all passed, 1 something failed, 2 unusable input, 3 nothing failed, but something could not be checked.
    """
    from graders.check import Outputs, check_and_tell
    from graders.step import find

    place = find(step)
    outputs = Outputs(json_to, html_to, junit_to)
    if not watch:
        raise typer.Exit(check_and_tell(place, path, trust, outputs))
    from graders.watch import watch_and

    def judge_again() -> None:
        try:
            check_and_tell(place, path, trust, outputs)
        except Problem as problem:
            say_problem(problem)

    watch_and(judge_again, place, path)


@app.command(epilog="Example: ninesteps hint git")
def hint(step: StepName) -> None:
    """Show the next hint.

    It is for the first criterion that failed, and goes one rung further each time you ask.
    """
    from graders.check import judged
    from graders.criterion import Kind
    from graders.reports.safe_text import one_line
    from graders.step import find
    from graders.workspace.progress import load, next_rung

    place = find(step)
    result = judged(place, None, trust=False, record=False)
    waiting = result.first_open
    if waiting is None:
        say(f"Nothing is left to hint at: all {len(result.criteria)} criteria pass.")
        if not load().step(place.name).passed_at:
            say(f"To have it counted: ninesteps check {place.name}")
        return
    failed = next((one for one in result.criteria if one.verdict.kind is Kind.FAILED), None)
    if failed is None:
        say(f"{waiting.criterion.title}: no hint helps here, since it could not be checked.")
        say(wrapped(one_line(f"{waiting.verdict.found} {waiting.verdict.next}"), "  "))
        return
    hints = failed.criterion.hints
    rung = next_rung(failed.id, len(hints))
    say(f"{failed.criterion.title}: hint {rung + 1} of {len(hints)}")
    say(wrapped(hints[rung], "  "))
    if rung + 1 < len(hints):
        say(f"One more: ninesteps hint {place.name}")
    else:
        say(f"That was the last one. The whole answer: ninesteps solution {place.name} --force")


@app.command(epilog="Example: ninesteps reset git")
def reset(step: StepName) -> None:
    """Begin a step again.

    Your work is kept aside, and you are told where.
    """
    from graders.step import find
    from graders.workspace.locate import folder_of
    from graders.workspace.reset import reset as reset_step

    place = find(step)
    folder = folder_of(place)
    kept = reset_step(place, folder)
    say(f"Step {place.number} ({place.name}) begins again in {folder / 'repo'}.")
    say(f"Your earlier work is in {kept}.")
    _say_if_moved(kept)
    _say_where_to_go(place, folder / "repo")


def _say_if_moved(kept: Path) -> None:
    if Path.cwd().resolve().is_relative_to(kept.resolve()):
        say("Mind that this terminal is still in the earlier one.")


@app.command(epilog="Example: ninesteps solution git --apply")
def solution(
    step: StepName,
    force: Annotated[bool, typer.Option("--force", help="Show it before you have passed.")] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Carry it out in a fresh workspace; yours is kept aside.")
    ] = False,
) -> None:
    """Show the reference answer.

    You get it once you have passed, or with --force.
    """
    from graders.step import find
    from graders.workspace.solution import apply_solution, solution_text

    place = find(step)
    if not apply:
        say(solution_text(place, force=force))
        return
    with progress_line("Carrying out the reference answer"):
        folder, kept = apply_solution(place, force=force)
    say(f"The reference answer is in {folder / 'repo'}.")
    say(f"Your earlier work is in {kept}.")
    _say_if_moved(kept)
    _say_where_to_go(place, folder / "repo")
    say(f"See it pass: ninesteps check {place.name}")


@app.command(epilog="Example: ninesteps progress")
def progress() -> None:
    """Show your points, and what comes next."""
    from graders.reports.progress_table import progress_table
    from graders.step import places
    from graders.workspace.progress import load

    state = load()
    if state.notice:
        say(state.notice, err=True)
    say(progress_table(places(), state, shutil.get_terminal_size().columns))


@app.command(epilog="Example: ninesteps submit git")
def submit(
    step: StepName,
    into: Annotated[
        Path | None,
        typer.Option("--into", help="The folder to write it into; else this one, or beside your clone.", metavar="DIR"),
    ] = None,
) -> None:
    """Write the one file to hand in.

    It holds what you committed, and what origin has: what `check` judges now.
    """
    from graders.step import find
    from graders.workspace.home import meant
    from graders.workspace.locate import workspace_of
    from graders.workspace.submit import submit as make

    place = find(step)
    repository, here = workspace_of(place), Path.cwd()
    if into is None:  # in the clone it would soon be committed
        into = repository.parent if here.resolve().is_relative_to(repository.resolve()) else here
    made = make(place, repository, meant(into))
    if made.problem:
        say("Some of it can't be checked, here or where you hand it in:", err=True)
        say_problem(made.problem)
    say(f"Hand this in: {made.file}")
    say(f"What it will get: ninesteps check {place.name} {shlex.quote(str(made.file))}")


@dev.command("check", epilog="Example: ninesteps dev check git --only near_")
def dev_check(
    step: StepName,
    only: Annotated[str, typer.Option("--only", help="Just the attempts whose name holds this.")] = "",
    update: Annotated[bool, typer.Option("--update", help="Write the golden feedback anew.")] = False,
) -> None:
    """Carry out every attempt of a step.

    Verdicts and feedback are compared with what they must be. Exit code: 0 all as it must be, else 1.
    """
    from graders.attempts.proof import gaps, prove_all
    from graders.step import find

    place = find(step)
    with progress_line("Carrying out the attempts"):
        proofs = prove_all(place, update=update, only=only)
    for proof in proofs:
        say(f"{'ok  ' if not proof.complaints else 'BAD '} {proof.recipe.name}: {proof.recipe.about}")
        for complaint in proof.complaints:
            say(f"       {complaint}")
    missing = [] if only else gaps(place, proofs)
    for gap in missing:
        say(f"GAP  {gap}")
    bad = sum(bool(proof.complaints) for proof in proofs)
    say(f"{len(proofs) - bad} of {len(proofs)} attempts are as they must be; {len(missing)} gaps.")
    raise typer.Exit(1 if bad or missing else 0)
