"""Judge again at every change of a repository or of its origin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from graders.evidence.submission import locate
from graders.step import Place
from graders.workspace.locate import workspace_of

_GIT_QUIET = 400  # milliseconds without a change: a rebase or a push is over


def watch_and(act: Callable[[], None], place: Place, path: Path | None) -> None:
    """Call `act` now and after each change of refs, until the learner presses Ctrl-C. Raises Problem for a bad path."""
    from watchfiles import watch

    repository = locate(workspace_of(place, path), place)
    watched = [folder for folder in (repository / ".git", repository.parent / "origin.git") if folder.is_dir()]
    act()
    typer.echo("Watching your repository. Ctrl-C ends it.")
    for _ in watch(*(watched or [repository]), watch_filter=_is_ref, debounce=2_000, step=_GIT_QUIET, raise_interrupt=False):
        typer.echo("\x1b[2J\x1b[H", nl=False)
        act()
        typer.echo("Watching your repository. Ctrl-C ends it.")


def _is_ref(_: object, path: str) -> bool:
    """Refs and HEAD; neither lock files nor objects, and nothing that judging itself writes."""
    parts = Path(path).parts
    return not path.endswith(".lock") and ("refs" in parts or Path(path).name in ("packed-refs", "HEAD"))
