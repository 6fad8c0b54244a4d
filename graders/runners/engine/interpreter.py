"""A CPython on this machine that can be put into an image, and what an image needs of it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ASK = """
import json, platform, sys, sysconfig
print(json.dumps({
    "version": platform.python_version(), "prefix": sys.base_prefix, "base": sysconfig.get_path("stdlib"),
    "implementation": platform.python_implementation(),
}))
"""
_LEFT_OUT = {"test", "tests", "idlelib", "tkinter", "turtledemo", "site-packages", "__pycache__", "lib2to3"}


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A CPython in a folder of its own: `program` runs it, `version` is like `3.12.1`."""

    program: Path
    prefix: Path
    version: str

    @property
    def minor(self) -> str:
        """The version as in `3.12`."""
        return ".".join(self.version.split(".")[:2])


def find_interpreter(minor: str) -> Interpreter | None:
    """A CPython `minor` (such as `3.12`) that does not belong to the system: on PATH, pyenv's, uv's, or the one that runs us."""
    for program in _candidates(minor):
        found = _ask(program)
        if (
            found
            and found.minor == minor
            and not found.prefix.is_relative_to("/usr/lib")
            and found.prefix != Path("/usr")
        ):
            return found
    return None


def _candidates(minor: str) -> Iterator[Path]:
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or Path.home() / ".local/share/uv/python")
    for folder, pattern in ((pyenv / "versions", f"{minor}.*"), (uv, f"cpython-{minor}.*")):
        for version in sorted(folder.glob(pattern), reverse=True):
            yield version / "bin" / f"python{minor}"
    yield Path(sys.base_prefix) / "bin" / f"python{minor}"
    if found := shutil.which(f"python{minor}"):
        yield Path(found)


def _ask(program: Path) -> Interpreter | None:
    try:
        said = subprocess.run(
            [str(program), "-I", "-c", _ASK], capture_output=True, text=True, timeout=30, check=True
        ).stdout
        found = json.loads(said)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if found["implementation"] != "CPython":
        return None
    return Interpreter(program, Path(found["prefix"]).resolve(), str(found["version"]))


def pack(interpreter: Interpreter, target: Path) -> None:
    """Write a tar of what runs: programs, the library without its tests and caches, headers. Owned by root, without times."""
    name = f"python{interpreter.minor}"
    library = interpreter.prefix / "lib"
    with tarfile.open(target, "w") as tar:
        tar.add(interpreter.prefix / "bin" / name, f"bin/{name}", filter=_plain)
        _link(tar, "bin/python3", name)
        for shared in sorted(library.glob("libpython*.so*")):
            tar.add(shared, f"lib/{shared.name}", filter=_plain)
        tar.add(library / name, f"lib/{name}", filter=_plain)
        tar.add(interpreter.prefix / "include" / name, f"include/{name}", filter=_plain)
        note = b"The packages of this Python are not here: pip puts them into site-packages.\n"
        folder = tarfile.TarInfo(f"lib/{name}/site-packages/README")
        folder.size = len(note)
        tar.addfile(folder, io.BytesIO(note))


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    parts = Path(member.name).parts
    if _LEFT_OUT & set(parts) or parts[-1].endswith(".a"):
        return None
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = "root"
    return member


def _link(tar: tarfile.TarFile, name: str, to: str) -> None:
    link = tarfile.TarInfo(name)
    link.type, link.linkname = tarfile.SYMTYPE, to
    tar.addfile(link)
