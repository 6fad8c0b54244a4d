"""`ninesteps run`: runs of workflows from the terminal, with gh's words and flags. Parses, calls, prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graders.console import say

if TYPE_CHECKING:
    from graders.forge.origin import Clone
    from graders.forge.runs import WorkflowRun

app = typer.Typer(
    help="Runs of your workflows on the course's own forge, as in `gh run`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_LOOKS = 100  # at most so often does `watch` look whether what was pushed or said has been taken up

_ID = typer.Argument(metavar="[ID]", help="The run's number; the newest of your branch where you name none.")

_Waiting = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="The run's number; the newest that waits, if you name none.")
]
_Environment = Annotated[
    str | None, typer.Option("--environment", "-e", help="Only for this environment; else for all that it waits for.")
]


@app.command("list", epilog="Example: ninesteps run list --branch main")
def list_(
    branch: Annotated[str | None, typer.Option("--branch", "-b", help="Those of one branch or tag.")] = None,
    workflow: Annotated[
        str | None, typer.Option("--workflow", "-w", help="Those of one workflow: its name or its file.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-L", min=1, max=100, help="How many at most.")] = 20,
) -> None:
    """List the runs, newest first."""
    from graders.forge import looks, runs
    from graders.pipelines.run_pages import list_lines, look_lines

    clone = _clone()
    unread = _wake(clone)
    found = [
        run
        for run in runs.read_all(clone.origin)
        if branch in (None, run.branch) and (workflow is None or _is_of(run, workflow))
    ]
    for line in list_lines(found[:limit]):
        say(line)
    every = looks.read_looks(clone.origin)
    last = [look for look in every if look.head == every[-1].head]
    if last and not any(look.started for look in last) and branch is None and workflow is None:
        for line in (line for look in last if look.skipped for line in look_lines(look)):
            say(line)
    elif unread:
        say("Something was just pushed, and CI is looking at it: list again in a moment.")
    elif not found:
        of = " of that kind" if branch or workflow else ""
        say(f"There are no runs{of}. Push a commit with a workflow in .github/workflows/, and there will be.")


@app.command(epilog="Example: ninesteps run view 3 --log-failed")
def view(
    number: Annotated[str | None, _ID] = None,
    log: Annotated[bool, typer.Option("--log", help="What the steps printed.")] = False,
    log_failed: Annotated[bool, typer.Option("--log-failed", help="What the failed steps printed.")] = False,
    job: Annotated[str | None, typer.Option("--job", "-j", help="Only this job, by its id or name.")] = None,
    exit_status: Annotated[
        bool, typer.Option("--exit-status", help="Exit with 1 if the run failed, or has not ended.")
    ] = False,
) -> None:
    """Show a run: its jobs, their steps, its artifacts, or its logs."""
    from dataclasses import replace

    from graders.forge.run_record import read_jobs
    from graders.pipelines.run_pages import log_lines, named_jobs
    from graders.problems import Problem
    from graders.reports.safe_text import one_line

    clone = _clone()
    run = _run(clone, number)
    if job is not None:
        jobs = named_jobs(run.jobs, job)
        if not jobs:
            known = ", ".join(dict.fromkeys(one_line(one.id, 60) for one in run.jobs)) or "none yet"
            raise Problem(f"Run {run.id} has no job “{one_line(job, 60)}”.", f"Its jobs: {known}.")
        wanted = {one.id for one in jobs}
        run = replace(run, jobs=tuple(jobs), planned=tuple(one for one in run.planned if one.id in wanted))
    if log or log_failed:
        jobs = [one for one in read_jobs(clone.origin, run) if job is None or named_jobs([one], job)]
        lines = list(log_lines(run, jobs, failed=log_failed))
        for line in lines:
            say(line)
        if not lines:
            what = "No step has failed" if log_failed else "No step has printed anything"
            whys = [run.why, *(f"{one.id}: {one.why}." for one in jobs if one.result == "failure" and one.why)]
            say(" ".join([f"{what} in run {run.id}.", *(one_line(why, 600) for why in whys if why)]), err=True)
    else:
        _show(run)
    if exit_status and run.word not in ("success", "skipped"):
        raise typer.Exit(1)


@app.command(epilog="Example: ninesteps run watch 3 --exit-status")
def watch(
    number: Annotated[str | None, _ID] = None,
    exit_status: Annotated[bool, typer.Option("--exit-status", help="Exit with 1 if the run fails.")] = False,
) -> None:
    """Wait for a run, then show it.

    It is over when it has ended, or waits for an approval.
    """
    import time

    from graders.console import progress_line
    from graders.forge import inbox, runs

    clone = _clone()
    _wake(clone)
    with progress_line("Waiting for CI") as tell:
        for _ in range(_LOOKS):
            if inbox.notes(clone.origin):
                time.sleep(0.2)
        run = _run(clone, number)
        while run.state in (runs.QUEUED, runs.IN_PROGRESS):
            tell(f"Run {run.id} is {'in progress' if run.state == runs.IN_PROGRESS else 'queued'}")
            time.sleep(0.2)
            run = runs.read(clone.origin, run.id)
    _show(run)
    if exit_status and run.word not in ("success", "skipped", "waiting"):
        raise typer.Exit(1)


@app.command(epilog="Example: ninesteps run approve")
def approve(
    number: _Waiting = None,
    environment: _Environment = None,
) -> None:
    """Let a waiting run go on, as the environment's reviewer."""
    _review(number, environment, "approved")


@app.command(epilog="Example: ninesteps run reject 3")
def reject(
    number: _Waiting = None,
    environment: _Environment = None,
) -> None:
    """Refuse a waiting run: its job fails."""
    _review(number, environment, "rejected")


@app.command(epilog="Example: ninesteps run rerun 3")
def rerun(number: Annotated[str | None, _ID] = None) -> None:
    """Run it again: the same commit, the same event."""
    from graders.forge import inbox, runs
    from graders.problems import Problem

    clone = _clone()
    run = _run(clone, number)
    if run.state != runs.COMPLETED:
        raise Problem(f"Run {run.id} has not ended yet.", f"Wait for it: ninesteps run watch {run.id}")
    if not run.planned:
        raise Problem(f"Run {run.id} is of a file that is no valid workflow.", "Mend the file, and push again.")
    inbox.put(clone.origin, {"kind": "rerun", "run": run.id})
    say(f"Run {run.id} is run again. To see it: ninesteps run list")


@app.command(epilog="Example: ninesteps run cancel 3")
def cancel(number: Annotated[str | None, _ID] = None) -> None:
    """End a run that has not ended."""
    from graders.forge import inbox, runs
    from graders.problems import Problem

    clone = _clone()
    run = _run(clone, number)
    if run.state == runs.COMPLETED:
        raise Problem(f"Run {run.id} has ended already ({run.word}).", "Nothing is left to cancel.")
    inbox.put(clone.origin, {"kind": "cancel", "run": run.id})
    say(f"Run {run.id} is being cancelled. To see it: ninesteps run view {run.id}")


@app.command(epilog="Example: ninesteps run download 3 --name test-report --dir report")
def download(
    number: Annotated[str | None, _ID] = None,
    names: Annotated[
        list[str] | None, typer.Option("--name", "-n", help="Only this artifact; may be given several times.")
    ] = None,
    into: Annotated[Path, typer.Option("--dir", "-D", metavar="DIR", help="The folder to write into.")] = Path(),
) -> None:
    """Bring a run's artifacts.

    One that you name comes into the folder itself, several into a folder each.
    """
    from graders.forge.run_record import unpack_artifact
    from graders.problems import Problem
    from graders.reports.safe_text import one_line

    clone = _clone()
    run = _run(clone, number)
    if not run.artifacts:
        raise Problem(
            f"Run {run.id} has no artifacts{'' if run.ended else ' yet'}.",
            "A step with `uses: actions/upload-artifact@v4` makes one.",
        )
    wanted = names or [one.name for one in run.artifacts]
    for name in wanted:
        if len(wanted) > 1 or not names:
            if name in (".", ".."):
                raise Problem(
                    f"An artifact called {name} can have no folder.", f"Bring it alone: --name {name} --dir DIR"
                )
            folder = into / name
        else:
            folder = into
        count = unpack_artifact(clone.origin, run, name, folder.expanduser())
        say(f"{one_line(name, 60)}: {count} file{'' if count == 1 else 's'} in {folder}")


@app.command(epilog="Example: ninesteps run start release.yml -f environment=staging")
def start(
    workflow: Annotated[str, typer.Argument(metavar="WORKFLOW", help="Its name, or its file.")],
    ref: Annotated[str, typer.Option("--ref", "-r", help="The branch or tag to run it for.")] = "main",
    fields: Annotated[
        list[str] | None, typer.Option("--field", "-f", metavar="NAME=VALUE", help="An input; for each of them once.")
    ] = None,
) -> None:
    """Start a workflow by hand, as `gh workflow run` does.

    Its `on:` must have `workflow_dispatch`.
    """
    from graders.pipelines.by_hand import start_by_hand

    clone = _clone()
    path = start_by_hand(clone.origin, workflow, ref, fields or [])
    say(f"Started {path} for {ref}. To see it: ninesteps run list --workflow {path.rpartition('/')[2]}")


def _clone() -> Clone:
    from graders.forge.git_calls import without_caller_variables
    from graders.forge.origin import find_clone
    from graders.workspace.locate import clone_here

    with without_caller_variables():
        return find_clone(clone_here(), "run")


def _wake(clone: Clone) -> bool:
    """See that somebody is at work where there is work; whether something has not been looked at yet."""
    from graders.forge import inbox, runs

    unread = bool(inbox.notes(clone.origin))
    if unread or any(run.state == runs.QUEUED for run in runs.read_all(clone.origin)):
        inbox.start_runner(clone.origin)
    return unread


def _run(clone: Clone, number: str | None, *, state: str | None = None) -> WorkflowRun:
    """The run of that number; else the newest of the current branch or commit (which a tag names), else of all."""
    from graders.forge import runs
    from graders.forge.git_calls import ask, without_caller_variables
    from graders.problems import Problem
    from graders.reports.safe_text import one_line

    if number is not None:
        if not number.isascii() or not number.isdigit() or len(number) > 9:
            raise Problem(f"“{one_line(number, 40)}” is no run's number.", "`ninesteps run list` shows them.")
        return runs.read(clone.origin, int(number))
    found = [run for run in runs.read_all(clone.origin) if state in (None, run.state)]
    if not found and state:
        raise Problem("No run waits for an approval.", "`ninesteps run list` shows how they stand.")
    if not found:
        raise Problem(
            "There are no runs yet.", "Push a commit with a workflow in .github/workflows/, and there will be."
        )
    with without_caller_variables():
        branch = ask(clone.mine, "symbolic-ref", "--short", "--quiet", "HEAD")
        commit = ask(clone.mine, "rev-parse", "--verify", "--quiet", "HEAD")
    return next((run for run in found if run.branch == branch or run.head == commit), found[0])


def _show(run: WorkflowRun) -> None:
    import shutil
    import sys

    from graders.pipelines.run_pages import view_lines

    width = max(min(shutil.get_terminal_size().columns, 120), 40)
    for line in view_lines(run, width, sys.stdout.encoding or "utf-8"):
        say(line)


def _review(number: str | None, environment: str | None, state: str) -> None:
    from graders.forge import inbox, runs
    from graders.forge.git_calls import ask, without_caller_variables
    from graders.forge.merging import Person
    from graders.problems import Problem
    from graders.reports.safe_text import one_line

    clone = _clone()
    run = _run(clone, number, state=runs.WAITING)
    if run.state != runs.WAITING:
        raise Problem(f"Run {run.id} waits for nobody: it is {run.word.replace('_', ' ')}.", "Nothing was done.")
    jobs = {
        job: name
        for job, name in run.waiting.items()
        if environment is None or environment.lower() in name.lower().split(", ")
    }
    if not jobs:
        names = ", ".join(dict.fromkeys(run.waiting.values()))
        raise Problem(
            f"Run {run.id} does not wait for {one_line(environment or '', 60)}.",
            f"It waits for: {one_line(names, 200)}.",
        )
    with without_caller_variables():
        by = Person.read(ask(clone.mine, "var", "GIT_AUTHOR_IDENT")).name or "learner"
    inbox.put(clone.origin, {"kind": "review", "run": run.id, "jobs": jobs, "state": state, "by": by})
    names = one_line(", ".join(dict.fromkeys(jobs.values())), 100)
    if state == "approved":
        say(f"Approved {names}: run {run.id} goes on. To wait for its end: ninesteps run watch {run.id}")
    else:
        say(f"Rejected {names}: its job in run {run.id} fails. To see it: ninesteps run view {run.id}")


def _is_of(run: WorkflowRun, workflow: str) -> bool:
    wanted = workflow.strip().lower()
    return wanted in (run.title.lower(), run.path.lower(), run.path.rpartition("/")[2].lower())
