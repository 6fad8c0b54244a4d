"""Where the course keeps things: workspaces, a learner's state, and what can be made again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from graders.problems import Problem

if TYPE_CHECKING:
    from graders.step import Place

VARIABLE = "NINESTEPS_HOME"


def home() -> Path:
    """The learner's folder: `$NINESTEPS_HOME`, else `~/ninesteps`. Always absolute; not made here."""
    chosen = os.environ.get(VARIABLE, "").strip()
    return Path(chosen or "~/ninesteps").expanduser().absolute()


def meant(path: Path) -> Path:
    """The absolute path that a learner means, with `~` and `~name` for a home. Raises Problem where there is no such home."""
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise Problem(f"{path} names a home folder that is not there.", "Write the whole path.") from None


def state_dir() -> Path:
    """What must not be lost, such as progress."""
    return home() / ".state"


def cache_dir() -> Path:
    """What can be made again: beside the state where the home was chosen, else where the platform keeps caches."""
    if os.environ.get(VARIABLE, "").strip():
        return home() / ".cache"
    from platformdirs import user_cache_path

    return user_cache_path("ninesteps", appauthor=False)


def default_workspace(place: Place) -> Path:
    """The folder `ninesteps start` makes for a step, such as `~/ninesteps/01_git`."""
    return home() / place.folder.name
