# nbformat carries no types of its own.
# mypy: disable-error-code="no-untyped-call"

"""`python -m graders.pages.lab`: what `make lab` runs. Opens the course in JupyterLab, on the learner's own copies."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from graders.pages.build import COURSE
from graders.pages.copies import bring_up_to_date
from graders.problems import Problem
from graders.workspace.home import home, state_dir

FIRST = "00_start.ipynb"
_SETTINGS = Path(__file__).parent / "lab_settings"  # also keeps these extensions' buttons out of the page
_NOT_FOR_LEARNERS = (
    "jupyterlab_jupytext",  # would pair a page with a text file, and each would overwrite the other
    "nbgrader.server_extensions.course_list",
    "nbgrader.server_extensions.formgrader",
    "nbgrader.server_extensions.validate_assignment",  # runs all cells, to say less than the check cell does
)


def main(argv: Sequence[str]) -> int:
    """Copy the notebooks and serve JupyterLab until it is stopped; `argv` goes on to it. Returns the exit code."""
    try:
        folder = prepare(COURSE / "release")
    except Problem as problem:
        print(f"lab: {problem}", file=sys.stderr)
        return 2
    command = [sys.executable, "-m", "jupyterlab", *_options(folder), *argv]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    env = {**os.environ, "PATH": path, "JUPYTER_PREFER_ENV_PATH": "1", "NINESTEPS_HOME": str(home())}
    os.chdir(home())
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(command[0], command, env)  # noqa: S606 - becomes the server, so that signals reach it
    return subprocess.run(command, env=env).returncode


def prepare(release: Path) -> Path:
    """Bring the learner's notebooks up to date, saying what changed; returns their folder. Raises Problem."""
    released = sorted(release.glob("*/*.ipynb"))
    if not released:
        raise Problem("The course's notebooks are not built.", "Build them: make course")
    folder = home() / "notebooks"
    for sentence in bring_up_to_date(released, folder, state_dir() / "notebooks.json"):
        print(sentence)
    for notebook in released:
        _trust(folder / notebook.name, notebook)
    return folder


def _trust(mine: Path, released: Path) -> None:
    """Sign a copy that is just as released. https://jupyter-server.readthedocs.io/en/latest/operators/security.html"""
    if mine.read_bytes() != released.read_bytes():
        return
    import nbformat
    from nbformat.sign import NotebookNotary

    with suppress(OSError):  # unsigned, its first output is shown without styles: no reason not to open it
        NotebookNotary().sign(nbformat.read(mine, as_version=4))


def _options(folder: Path) -> list[str]:
    first = folder / FIRST
    options = [
        f"--ServerApp.root_dir={home()}",
        "--ServerApp.log_level=WARN",  # the address is still told
        "--LabApp.log_level=WARN",
        f"--LabApp.default_url=/lab/tree/notebooks/{FIRST}" if first.exists() else "--LabApp.default_url=/lab",
        f"--LabApp.app_settings_dir={_SETTINGS}",
        # nothing here may ask the network
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        *(f"--ServerApp.jpserver_extensions={name}=False" for name in _NOT_FOR_LEARNERS),
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")  # a container; the server listens on this machine alone
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
