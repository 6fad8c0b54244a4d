"""Which kind of thing a path is: a repository, a workspace, or a hand-in."""

from __future__ import annotations

from pathlib import Path

from graders.problems import Problem
from graders.step import Place

SUFFIX = ".ninesteps"


def hand_in_name(place: Place) -> str:
    """The file that `ninesteps submit` writes for this step."""
    return f"{place.name}{SUFFIX}"


def locate(path: Path, place: Place) -> Path:
    """The repository's folder, or the hand-in file, that `path` means.

    `path` may be a repository, a workspace (a folder with `repo/`), a hand-in, or a folder that holds one (such as
    nbgrader's `submitted/STUDENT/ASSIGNMENT/`). Raises Problem where it is none of these.
    """
    if not path.exists():
        raise Problem(f"{path} does not exist.", "Check the path, or leave it out to judge your workspace.")
    if path.is_file():
        return path
    if not path.is_dir():
        raise Problem(f"{path} is neither a folder nor a file.", "Give the path of your clone, or of a hand-in.")
    hand_in, notebook = path / hand_in_name(place), path / f"{place.folder.name}.ipynb"
    submit = f"Run `ninesteps submit {place.name}` and hand in the file that it writes, beside the notebook."
    stray = (path / ".git").exists() and not notebook.exists()  # written into the clone: the clone is what counts
    if not stray and (hand_in.exists() or hand_in.is_symlink()):
        return hand_in
    if notebook.exists() and (path / ".git").exists():
        raise Problem(f"{path} holds a .git folder where the file {hand_in.name} belongs.", submit)
    if notebook.exists():
        raise Problem(f"{path} holds a notebook but no {hand_in.name}, so nothing was handed in.", submit)
    if not (path / ".git").exists() and (path / "repo" / ".git").exists():
        return path / "repo"
    return path
