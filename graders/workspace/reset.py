"""Begin a step again, and keep what was there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from graders.forge.git_calls import ask, forge_git, without_caller_variables
from graders.problems import Problem
from graders.step import Place
from graders.workspace.home import meant
from graders.workspace.progress import load
from graders.workspace.start import ORIGIN, REPO, Workspace, built, put


@without_caller_variables()
def reset(place: Place, workspace: Path, prepare: Callable[[Workspace], None] = lambda made: None) -> Path:
    """Start the step anew in the folder that holds `repo/` and `origin.git`, with the seed it had.

    `prepare` works on the new two before they take the place of the old. Returns the sibling folder, such as
    `01_git.kept-1`, where the old two now are. Raises Problem where there is nothing to reset, or where the old can't
    be moved, and whatever `prepare` raises; then all is as it was.
    """
    folder = meant(workspace)
    old = [name for name in (REPO, ORIGIN) if os.path.lexists(folder / name)]
    if not old:
        raise Problem(
            f"There is no workspace in {folder}.",
            f"`ninesteps start {place.name}` makes one; name another folder if yours is elsewhere.",
        )
    with built(place, folder, _seed_of(place, folder)) as made:
        prepare(made)
        return _moved_aside(folder, old, made)


def _moved_aside(folder: Path, names: list[str], made: Workspace) -> Path:
    kept = _new_sibling(folder)
    moved: list[str] = []
    try:
        for name in names:
            os.rename(folder / name, kept / name)
            moved.append(name)
        put(made, folder)
    except BaseException as trouble:
        for name in moved:
            os.rename(kept / name, folder / name)
        kept.rmdir()
        if isinstance(trouble, OSError):
            raise _not_moved(folder, trouble) from None
        raise
    return kept


def _not_moved(folder: Path, trouble: OSError) -> Problem:
    return Problem(
        f"The old workspace in {folder} can't be moved aside: {trouble.strerror or trouble}.",
        "Close what has its files open (editors, terminals), then try again. Nothing was changed.",
    )


def _new_sibling(folder: Path) -> Path:
    number = 1
    while True:
        sibling = folder.with_name(f"{folder.name}.kept-{number}")
        try:
            sibling.mkdir()
        except FileExistsError:
            number += 1
        except OSError as trouble:
            raise _not_moved(folder, trouble) from None
        else:
            return sibling


def _seed_of(place: Place, folder: Path) -> int | None:
    """The seed the starter's root commit names, else the recorded one; None where neither is known."""
    roots = ask(
        forge_git(folder / ORIGIN),
        "log", "--max-parents=0", "--max-count=1", "--format=%(trailers:key=Seed,valueonly)", "refs/starter/base",
    )  # fmt: skip
    if roots.isascii() and roots.isdigit():
        return int(roots)
    one = load().steps.get(place.name)
    return one.seed if one and one.workspace == str(folder) else None
