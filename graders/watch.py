"""Judge again at every change of a repository and of its origin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from graders.evidence.submission import locate
from graders.step import Place
from graders.workspace.locate import workspace_of

_QUIET = 400  # milliseconds without a change: a rebase or a push is over
_LONGEST = 2_000  # milliseconds after which changes that go on are judged all the same


def watch_and(act: Callable[[], None], place: Place, path: Path | None) -> None:
    """Call `act` now and after each change of refs, until the learner presses Ctrl-C. Raises Problem for a bad path."""
    from watchfiles import watch

    found = locate(workspace_of(place, path), place)
    console = Console(stderr=True)  # standard output may be read by a program
    begun = False
    try:
        # The first turn is one without changes: judging begins when watching does, so that nothing is missed.
        for changes in watch(
            *_folders(found), watch_filter=lambda _, name: _matters(Path(name), found),
            debounce=_LONGEST, step=_QUIET, rust_timeout=_QUIET, yield_on_timeout=True,
        ):  # fmt: skip
            if begun and not changes:
                continue
            if begun:
                console.print()
                console.clear()  # where the terminal can
            begun = True
            act()
            console.print("Watching for commits, pushes and pull requests. Ctrl-C ends it.", highlight=False)
    except KeyboardInterrupt:
        console.print()


def _folders(found: Path) -> list[Path]:
    if found.is_file():
        return [found.parent]
    both = (found / ".git", found.parent / "origin.git")
    return [folder for folder in both if folder.is_dir()] or [found]


def _matters(changed: Path, found: Path) -> bool:
    """A ref, HEAD or the hand-in; neither lock files nor objects, and nothing that judging itself writes."""
    if found.is_file():
        return changed == found
    return changed.suffix != ".lock" and ("refs" in changed.parts or changed.name in ("packed-refs", "HEAD"))
