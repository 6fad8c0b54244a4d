"""`ninesteps registry`: a registry of your own to push images to. Parses, calls, prints."""

from __future__ import annotations

from typing import Annotated

import typer

from graders.console import progress_line, say

app = typer.Typer(
    help="A real image registry on this machine, to push to: start it, stop it, see what it holds.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(epilog="Example: ninesteps registry up --port 5001")
def up(
    port: Annotated[
        int | None,
        typer.Option("--port", "-p", min=1, max=65535, help="Where it listens; 5000 if left out, or a free one."),
    ] = None,
) -> None:
    """Start the registry. It goes on in the background, and keeps its images when it is stopped."""
    from graders.runners import registry
    from graders.workspace.home import home

    with progress_line("Starting the registry"):
        started = registry.up(home(), port)
    say(f"The registry is up:  {started.address}")
    say(f"Tell your script:    export REGISTRY={started.address}")
    say("To stop it:          ninesteps registry down")


@app.command(epilog="Example: ninesteps registry down")
def down() -> None:
    """Stop the registry that `up` started. Its images stay."""
    from graders.runners import registry
    from graders.workspace.home import home

    stopped = registry.down(home())
    say(f"The registry at {stopped.address} is stopped. Its images stay in {stopped.folder}")


@app.command("list", epilog="Example: ninesteps registry list")
def list_() -> None:
    """List the images that the registry holds: repository, tag, digest."""
    from graders.problems import Problem
    from graders.runners import registry
    from graders.workspace.home import home

    running = registry.find(home())
    if running is None:
        raise Problem("The registry is not up.", "To start it: ninesteps registry up")
    found = registry.tags(running.address)
    for tag in found:
        say(f"{running.address}/{tag.repository}\t{tag.tag}\t{tag.digest}")
    if not found:
        say(f"The registry at {running.address} holds no images yet.")
