"""`ninesteps pr`: pull requests from the terminal, with gh's words and flags. Parses, calls, prints."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from graders.forge.checks import Checks
    from graders.forge.pull import Pull
    from graders.forge.pulls import Done

app = typer.Typer(
    help="Pull requests on the course's own forge: create, list, view, merge, as in `gh pr`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_WHICH = "Its number or its branch; that of the branch you are on where you name none."


class State(StrEnum):
    """What `list` shows."""

    OPEN = "open"
    MERGED = "merged"
    ALL = "all"


@app.command(epilog='Example: ninesteps pr create --title "Limit the page size" --body "Large pages time out."')
def create(
    title: Annotated[str | None, typer.Option("--title", "-t", help="What it changes, in one line.")] = None,
    body: Annotated[str | None, typer.Option("--body", "-b", help="Why it is needed.")] = None,
    base: Annotated[str, typer.Option("--base", "-B", help="The branch it goes into.")] = "main",
    head: Annotated[
        str | None, typer.Option("--head", "-H", help="Its branch; the one you are on if left out.")
    ] = None,
    fill: Annotated[bool, typer.Option("--fill", "-f", help="Take title and body from the commits.")] = False,
) -> None:
    """Open a pull request from a pushed branch into main."""
    from graders.forge import pulls
    from graders.workspace.locate import clone_here

    done = pulls.create(clone_here(), title=title, body=body, base=base, head=head, fill=fill)
    pull = done.pull
    _say(f"Opened pull request #{pull.number} from {pull.head} into {pull.base}: {pull.title}")
    _say(f"ref: {pull.ref} ({pull.sha[:7]})", before="  ")
    _notes(done)
    _say(f"Look at it: ninesteps pr view {pull.number}")


@app.command("list", epilog="Example: ninesteps pr list --state all")
def list_(
    state: Annotated[State, typer.Option("--state", "-s", help="Which ones.")] = State.OPEN,
) -> None:
    """List pull requests, newest first."""
    from graders.forge import pulls
    from graders.workspace.locate import clone_here

    found = pulls.list_pulls(clone_here(), state.value)
    if not found:
        _say("There are no pull requests." if state is State.ALL else f"There are no {state.value} pull requests.")
    for pull in found:
        _say(f"#{pull.number}", pull.state.upper(), pull.title, pull.head, pull.at)


@app.command(epilog="Example: ninesteps pr view 2")
def view(which: Annotated[str | None, typer.Argument(metavar="NUMBER|BRANCH", help=_WHICH)] = None) -> None:
    """Show a pull request, and whether it can be merged."""
    from graders.forge import pulls
    from graders.workspace.locate import clone_here

    seen = pulls.view(clone_here(), which)
    pull = seen.pull
    _say(f"{pull.title} #{pull.number}")
    for name, value in (
        ("state", pull.state.upper()),
        ("author", pull.author),
        ("from", f"{pull.head} ({pull.sha[:7]}) into {pull.base}"),
        ("opened", pull.at),
        ("merged", _merged(pull)),
        ("mergeable", "" if seen.mergeable is None else "yes" if seen.mergeable else _conflicts(seen.conflicts)),
        ("checks", _checks(seen.checks)),
        ("reviews", _reviews(pull)),
        ("commits", str(len(seen.commits))),
    ):
        if value:
            _say(value, before=f"{name + ':':<11}")
    for commit in seen.commits:
        _say(f"{commit.sha[:7]} {commit.subject} ({commit.author})", before="  ")
    if pull.body:
        from graders.forge.plain_text import many_lines

        _say("--")
        _print(many_lines(pull.body))


@app.command(epilog="Example: ninesteps pr checks 2 --watch")
def checks(
    which: Annotated[str | None, typer.Argument(metavar="NUMBER|BRANCH", help=_WHICH)] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Wait until they have ended.")] = False,
) -> None:
    """List the checks of a pull request. Exit code: 0 all passed, 1 one failed, 8 one has not ended, as in gh."""
    from graders.console import progress_line
    from graders.forge import pulls
    from graders.forge.checks import check_name
    from graders.forge.run_words import look
    from graders.workspace.locate import clone_here

    with progress_line("Waiting for the checks" if watch else "Reading"):
        pull, found = pulls.checks(clone_here(), which, wait=watch)
    if not found.runs:
        _say(f"Pull request #{pull.number}: {_checks(found)}")
    for run in found.runs:
        _say(look(run), check_name(run), f"run {run.id}")
    if found.failed:
        raise typer.Exit(1)
    if found.pending or found.unread:
        raise typer.Exit(8)


@app.command(epilog="Example: ninesteps pr merge 2 --squash --delete-branch")
def merge(
    which: Annotated[str | None, typer.Argument(metavar="NUMBER|BRANCH", help=_WHICH)] = None,
    as_merge: Annotated[bool, typer.Option("--merge", "-m", help="With a merge commit.")] = False,
    as_squash: Annotated[bool, typer.Option("--squash", "-s", help="As one commit.")] = False,
    as_rebase: Annotated[bool, typer.Option("--rebase", "-r", help="Commit by commit, on top of main.")] = False,
    delete_branch: Annotated[
        bool, typer.Option("--delete-branch", "-d", help="Delete the branch afterwards, on the forge and here.")
    ] = False,
    subject: Annotated[str | None, typer.Option("--subject", "-t", help="The new commit's first line.")] = None,
    body: Annotated[str | None, typer.Option("--body", "-b", help="The rest of its message.")] = None,
    auto: Annotated[bool, typer.Option("--auto", help="Wait for its checks first, and merge if they pass.")] = False,
) -> None:
    """Merge a pull request into main.

    Its checks must have passed; the reviewer bot approves it if nothing stands against it.
    """
    from graders.console import progress_line
    from graders.forge import pulls
    from graders.forge.merging import Method
    from graders.problems import Problem
    from graders.workspace.locate import clone_here

    asked = {Method.MERGE: as_merge, Method.SQUASH: as_squash, Method.REBASE: as_rebase}
    methods = [method for method, wanted in asked.items() if wanted]
    if len(methods) != 1:
        raise Problem(
            "Say how to merge, with one of three.",
            "--squash makes one commit, --rebase puts the commits on top of main, --merge adds a merge commit.",
        )
    with progress_line("Merging") as tell:
        done = pulls.merge(
            clone_here(), which, method=methods[0], delete_branch=delete_branch, subject=subject, body=body, auto=auto,
            tell=tell,
        )  # fmt: skip
    did = {Method.MERGE: "Merged", Method.SQUASH: "Squashed and merged", Method.REBASE: "Rebased and merged"}
    new = done.pull.merge.new[:7] if done.pull.merge else ""
    _say(f"{did[methods[0]]} pull request #{done.pull.number} ({done.pull.title}); {done.pull.base} is now {new}.")
    _notes(done)
    if not delete_branch:
        _say("To have it in your clone: git switch main, then git pull")


def _merged(pull: Pull) -> str:
    return f"{pull.merge.at} by {pull.merge.by} ({pull.merge.method}, {pull.merge.new[:7]})" if pull.merge else ""


def _conflicts(paths: tuple[str, ...]) -> str:
    return f"no, conflicts in {', '.join(paths)}: git fetch origin, git rebase origin/main"


def _reviews(pull: Pull) -> str:
    if pull.approved_by:
        return ", ".join(f"approved by {name}" for name in pull.approved_by)
    return "reviewer-bot approves when it is merged"


def _checks(found: Checks) -> str:
    from graders.forge.checks import check_name
    from graders.forge.run_words import look

    if found.unread:
        return "the forge has not looked at them yet"
    if not found.runs:
        return f"expected, and never started. {found.skip}" if found.skip else "none ran"
    return ", ".join(f"{look(run)} {check_name(run)}" for run in found.runs)


def _notes(done: Done) -> None:
    for note in done.notes:
        _say(note, before="  ")


def _say(*cells: str, before: str = "") -> None:
    """Print one line of text that may be a learner's, cells between tabs: no markup, no terminal escapes."""
    from graders.reports.safe_text import one_line

    _print(before + "\t".join(map(one_line, cells)))


def _print(text: str) -> None:
    from graders.reports.safe_text import encodable

    typer.echo(encodable(text, sys.stdout.encoding or "utf-8"))
