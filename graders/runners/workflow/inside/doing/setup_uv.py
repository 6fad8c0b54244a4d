"""astral-sh/setup-uv: the uv that is at hand, which finds the wheels at hand (see `inside/uv.py`).

https://github.com/astral-sh/setup-uv#inputs
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from ..said import environment, fail, inputs, job_folder, output, path, record, settings, workspace

_ENTRY = """\
#!{python} -IS
import sys
sys.path.insert(0, {parent!r})
from inside.uv import main
sys.exit(main({root!r}, sys.argv))
"""


def main(root: Path) -> int:
    given, told = inputs(), settings(str(root))
    record()
    if not told["uv"]:
        return fail("uv is not at hand here")
    folder = job_folder() / "uv"
    folder.mkdir(exist_ok=True)
    parent = str(Path(__file__).resolve().parent.parent.parent)
    for name in ("uv", "uvx"):
        (folder / name).write_text(_ENTRY.format(python=told["python"], parent=parent, root=str(root)))
        (folder / name).chmod(0o755)
    path(folder)
    output(uv_path=str(folder / "uv"), uvx_path=str(folder / "uvx"), uv_version=given.get("version") or "latest")
    if given.get("activate-environment") != "true":
        return 0
    venv = workspace() / given.get("working-directory", "") / ".venv"
    environment(VIRTUAL_ENV=str(venv))
    path(venv / "bin")
    output(venv=str(venv))
    return subprocess.call([str(folder / "uv"), "venv", "--quiet", str(venv)])
