"""Start a step: a forge and a clone of it, with a colleague's pull request merged since the clone was made."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from graders.forge.create import bring_meanwhile, create_forge
from graders.forge.git_calls import ask, learner_git, settings_free_git, without_caller_variables
from graders.problems import Problem
from graders.starter import SEEDS, starter_for
from graders.step import Place
from graders.workspace.home import default_workspace, meant

REPO = "repo"
ORIGIN = "origin.git"
STAND_IN = ("Learner", "learner@example.org")


@dataclass(frozen=True, slots=True)
class Workspace:
    """What was made. `identity` is the `Name <mail>` set in the clone because git knew none, or None."""

    repo: Path
    origin: Path
    seed: int
    identity: str | None = None

    @property
    def folder(self) -> Path:
        """The folder that holds both: what `progress.record_start` remembers."""
        return self.repo.parent


@without_caller_variables()
def start(place: Place, into: Path | None = None, seed: int | None = None) -> Workspace:
    """Make `DIR/repo` and `DIR/origin.git` for a step; DIR is `into`, else the step's own folder under the home.

    `seed` (0 to SEEDS - 1) is drawn where it is None. Raises Problem where something is there already, where the folder
    can't be written, or where git fails; then nothing half made stays.
    """
    folder = meant(into) if into else default_workspace(place)
    if os.path.expandvars(folder) != str(folder):  # GitPython would take it for the variable's value
        raise Problem(f"The name {folder} holds a variable, which git is not given.", "Choose another: --into DIR")
    for name in (REPO, ORIGIN):
        if _taken(folder / name):
            raise Problem(
                f"There is something in {folder / name} already.",
                f"To go on, work there. To begin again, `ninesteps reset {place.name}` keeps your work aside; "
                "`--into DIR` starts it elsewhere.",
            )
    with built(place, folder, seed) as made:
        repo, origin = put(made, folder)
    return Workspace(repo, origin, made.seed, made.identity)


@contextmanager
def built(place: Place, folder: Path, seed: int | None) -> Iterator[Workspace]:
    """A workspace in a passing folder inside `folder`, to be moved to its place with `put`; what is left of it goes."""
    seed = _checked(seed)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        passing = Path(tempfile.mkdtemp(prefix=".starting-", dir=folder))
    except OSError as trouble:
        raise Problem(
            f"The workspace can't be made in {folder}: {trouble.strerror or trouble}.",
            "Choose a folder that you can write: --into DIR",
        ) from None
    try:
        yield _build(place, passing, seed)
    finally:
        shutil.rmtree(passing, ignore_errors=True)


def put(made: Workspace, folder: Path) -> tuple[Path, Path]:
    """Move a built workspace to its place, both parts or neither. Raises Problem where another one got there first."""
    repo, origin = folder / REPO, folder / ORIGIN
    put_already: list[tuple[Path, Path]] = []
    try:
        for source, target in ((made.origin, origin), (made.repo, repo)):
            if target.is_dir():
                target.rmdir()  # an empty one; Windows would not rename onto it
            os.rename(source, target)
            put_already.append((source, target))
    except OSError as trouble:
        for source, target in put_already:
            os.rename(target, source)
        raise Problem(
            f"The workspace can't be put into {folder}: {trouble.strerror or trouble}.",
            "Is another `ninesteps start` running? Look at what is there, then start again.",
        ) from None
    return repo, origin


def _taken(path: Path) -> bool:
    if path.is_symlink() or not path.is_dir():
        return os.path.lexists(path)
    return any(path.iterdir())


def _checked(seed: int | None) -> int:
    if seed is None:
        return secrets.randbelow(SEEDS)
    if not 0 <= seed < SEEDS:
        raise Problem(f"There is no seed {seed}.", f"Seeds go from 0 to {SEEDS - 1}.")
    return seed


def _build(place: Place, folder: Path, seed: int) -> Workspace:
    repo, origin = folder / REPO, folder / ORIGIN
    starter = starter_for(place, seed)
    points = create_forge(origin, starter)
    # Not --local: that would copy the colleague's commits, which the clone must not know yet.
    options = ["--quiet", "--no-local", "--template=", "--origin=origin", "--branch=main"]
    settings_free_git(folder).clone(*options, "--", str(origin), str(repo))
    # Relative, so that the pair can be moved together, and work kept aside never pushes to its successor.
    settings_free_git(repo).remote("set-url", "origin", f"../{ORIGIN}")
    (repo / ".git" / "hooks").mkdir(exist_ok=True)
    bring_meanwhile(origin, starter, points)
    return Workspace(repo, origin, seed, _introduced(repo))


def _introduced(repo: Path) -> str | None:
    """Set a stand-in identity in the clone where the learner has none, since git could not commit otherwise."""
    calls = learner_git(repo)
    idents = ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT")
    if all(ask(calls, "-c", "user.useConfigOnly=true", "var", ident) for ident in idents):
        return None
    for name, value in zip(("user.name", "user.email"), STAND_IN, strict=True):
        if not ask(calls, "config", "--get", name):
            calls.config(name, value)
    return f"{ask(calls, 'config', '--get', 'user.name')} <{ask(calls, 'config', '--get', 'user.email')}>"
