"""A virtual environment of the interpreter at hand, made in a millisecond; its `pip` is ours (see `pip.py`)."""

from __future__ import annotations

import os
from pathlib import Path

from .said import settings

_PIP = """\
import sys
sys.path.insert(0, {parent!r})
from inside.pip import main
sys.exit(main({root!r}, sys.argv))
"""
_METADATA = "Metadata-Version: 2.1\nName: pip\nVersion: 26.0\n"


def make(folder: Path, root: str) -> None:
    """Make it in `folder`, unless it is there. https://docs.python.org/3/library/venv.html#how-venvs-work"""
    if (folder / "pyvenv.cfg").exists():
        return
    python = Path(settings(root)["python"])
    version = python.resolve().name.removeprefix("python") or "3"
    packages = folder / "lib" / f"python{version}" / "site-packages"
    (packages / "pip").mkdir(parents=True, exist_ok=True)
    (packages / "pip-26.0.dist-info").mkdir(exist_ok=True)
    (packages / "pip-26.0.dist-info" / "METADATA").write_text(_METADATA)
    (packages / "pip" / "__init__.py").write_text("__version__ = '26.0'\n")
    text = _PIP.format(parent=str(Path(__file__).resolve().parent.parent), root=root)
    (packages / "pip" / "__main__.py").write_text(text)
    scripts = folder / "bin"
    scripts.mkdir(exist_ok=True)
    for name in ("python", "python3", f"python{version}"):
        if not (scripts / name).is_symlink():
            os.symlink(python, scripts / name)
    for name in ("pip", "pip3"):
        (scripts / name).write_text(f"#!{scripts / 'python'}\n{text}")
        (scripts / name).chmod(0o755)
    (folder / "pyvenv.cfg").write_text(
        f"home = {python.parent}\ninclude-system-site-packages = false\nversion = {version}\n"
    )
