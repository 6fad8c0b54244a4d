"""Which repository a command means when it is told none."""

from __future__ import annotations

from pathlib import Path

from graders.problems import Problem
from graders.step import ROOT, Place
from graders.workspace.home import default_workspace, meant
from graders.workspace.progress import load


def workspace_of(place: Place, path: Path | None = None) -> Path:
    """The repository to judge for a step.

    It is `path` where given (or the `repo` in it); else the repository around the current folder, if it began from this
    step's starter; else the one started last, which always has the one name it was recorded with. Raises Problem where
    there is none.
    """
    recorded = folder_of(place) / "repo"
    if path is not None:
        path = meant(path)
        if not (path / ".git").exists() and (path / "repo" / ".git").exists():
            path = path / "repo"
        return recorded if path.resolve() == recorded.resolve() else path
    here = _clone_around(Path.cwd())
    if here and here == recorded.resolve():
        return recorded
    if here and _began_from(place, here):
        return here
    if recorded.is_dir():
        return recorded
    if not here:
        raise Problem(
            f"There is no workspace for step {place.number} ({place.name}) yet.",
            f"Make one: `ninesteps start {place.name}`. Or name a repository: `ninesteps check {place.name} PATH`",
        )
    raise Problem(
        f"The repository here ({here}) did not begin from step {place.number} ({place.name}).",
        f"Make a workspace: `ninesteps start {place.name}`. Or name a repository: `ninesteps check {place.name} PATH`",
    )


def folder_of(place: Place) -> Path:
    """The folder of the step's workspace, with `repo/` and `origin.git`: the one started last, else the usual one."""
    one = load().steps.get(place.name)
    return Path(one.workspace) if one and one.workspace else default_workspace(place)


def clone_here() -> Path:
    """The clone that a command without a step means, such as `ninesteps pr`.

    It is the repository around the current folder (the course's own does not count, since notebooks run there); else
    the one started last. Raises Problem where there is none.
    """
    if here := _clone_around(Path.cwd()):
        return here
    progress = load()
    one = progress.steps.get(progress.latest or "")
    if one and one.workspace and (Path(one.workspace) / "repo").is_dir():
        return Path(one.workspace) / "repo"
    raise Problem("This folder is in no clone, and no step was started yet.", "Start one: `ninesteps start git`")


def _clone_around(folder: Path) -> Path | None:
    """The repository that `folder` is in; the course's own does not count."""
    folder = folder.resolve()
    top = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)
    return None if top == ROOT.resolve() else top


def _began_from(place: Place, repo: Path) -> bool:
    """Whether a root commit of the repository names the step, as starters do."""
    from graders.forge.git_calls import ask, learner_git, without_caller_variables

    with without_caller_variables():
        calls = learner_git(repo)
        calls.update_environment(GIT_ALLOW_PROTOCOL="none")  # a partial clone must not fetch because of this
        roots = ask(calls, "rev-list", "--max-parents=0", "--format=%B", "HEAD")
    return f"Exercise: {place.name}" in roots.splitlines()
