"""Run the workflows of a plain folder, as a push to main would: for pages that show one at work."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from graders.evidence.git_command import Git
from graders.problems import Problem
from graders.runners.workflow.record import CacheEntry
from graders.runners.workflow.repository import empty_commit, with_changes
from graders.runners.workflow.scenario import Outcome, Scenario, play
from graders.workspace.home import cache_dir

_MOST_FILES, _MOST_BYTES = 500, 4 << 20
_REVIEWED = ("production",)
_LEFT_OUT = {".git", ".venv", "node_modules", "__pycache__"}


def play_folder(
    folder: Path, event: str = "push", approve: Sequence[str] | None = None, caches: tuple[CacheEntry, ...] = (),
    secrets: Mapping[str, str] | None = None,
) -> Outcome:  # fmt: skip
    """What a push of the folder's files to main (or a `pull_request` with them) sets off.

    With `approve`, jobs of environments with a reviewer wait, but for those that it lists. `caches` are what an
    earlier run left; `secrets` are what the workflow finds under these names.

    Raises Problem where there are too many files, or no program to run them with.
    """
    files = _files(folder)
    with tempfile.TemporaryDirectory(prefix="ninesteps-folder-") as scratch:
        git = Git(Path(scratch).resolve())
        base = empty_commit(git)
        commit = with_changes(git, base, files, "Add the service and its workflow")
        branch = "main" if event == "push" else "feature"
        gates = () if approve is None else _REVIEWED
        scenario = Scenario(
            event, branch, gates=gates, approvals=tuple(approve or ()), caches=caches, secrets=secrets or {}
        )
        return play(git, commit, base, scenario, cache_dir())


def _files(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise Problem(f"There is no folder {folder}.", "Run the cells above first, from the top.")
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if not _LEFT_OUT & set(name.parts) and path.is_file() and not path.is_symlink():
            found[name.as_posix()] = path.read_bytes()
        if len(found) > _MOST_FILES or sum(map(len, found.values())) > _MOST_BYTES:
            raise Problem(
                f"{folder} holds too many files to run a workflow on.", "Use a folder with the example alone."
            )
    return found
