"""What `pip install` finds in the sandbox: wheels of the service's locked packages and of common tools, fetched once.

Beside the wheels stands uv's cache of them, unpacked and compiled. Linking from it takes 0.1 s where pip takes 5.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from graders.problems import Problem
from graders.runners.workflow.repository import readable_by_all
from graders.step import ROOT

LOCK = ROOT / "sample_repo" / "requirements-dev.lock"
TOOLS = Path(__file__).with_name("tools.lock")  # what people put into a workflow besides: coverage, linters, builders
# What the service needs further on, where a step's starter brings it along.
OF_STEPS = tuple(sorted(ROOT.glob("exercises/*/given/requirements*.lock")))
LOCKS = (LOCK, TOOLS, *OF_STEPS)
INSTALLED = Path(sys.prefix) / "share" / "ninesteps"  # beside what the course itself is installed with
_SECONDS = 900


def wheelhouse(cache: Path, locks: tuple[Path, ...] = LOCKS) -> Path:
    """The folder with `wheels/` and `uv/` for these locks: what `make` installed, else one in `cache`.

    The first call makes it where neither is there, and needs the network. Raises Problem where it can't be made.
    """
    from filelock import FileLock

    for folder in (_folder(INSTALLED, locks), _folder(cache, locks)):
        if (folder / "ready").exists():
            return folder
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)  # what an interrupted call left
            _make(folder, locks)
            (folder / "ready").touch()
    return folder


def is_ready(cache: Path, locks: tuple[Path, ...] = LOCKS) -> bool:
    """Whether the packages are there already, so that a workflow can run without the network."""
    return any((_folder(place, locks) / "ready").exists() for place in (INSTALLED, cache))


def _folder(cache: Path, locks: tuple[Path, ...]) -> Path:
    uv = uv_program()
    made_with = [sys.version, platform.platform(), str(uv and (uv, uv.stat().st_size)), str(cache)]
    digest = hashlib.sha256("\0".join([*made_with, *(lock.read_text() for lock in locks)]).encode())
    return cache / f"wheels-{digest.hexdigest()[:16]}"


def for_pip(house: Path) -> dict[str, str]:
    """What tells a pip that is not ours, as in a virtual environment that a step makes, where packages are."""
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(house / "wheels"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def uv_program() -> Path | None:
    """uv, where it is installed beside us."""
    found = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    return Path(found).resolve() if found else None


def _make(folder: Path, locks: tuple[Path, ...]) -> None:
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    for lock in locks:
        _run([*_pip(), "download", "--quiet", "--only-binary", ":all:", "--no-deps", "--require-hashes",
              "--disable-pip-version-check",
              "-r", str(lock), "-d", str(wheels)])  # fmt: skip
    if uv := uv_program():
        _fill_uv_cache(folder, uv, locks)
    readable_by_all(folder)


def _fill_uv_cache(folder: Path, uv: Path, locks: tuple[Path, ...]) -> None:
    """uv knows a wheel by the path it came from, so this is done where the folder will stay."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ} | {
        "UV_CACHE_DIR": str(folder / "uv"), "UV_OFFLINE": "1", "UV_NO_INDEX": "1", "UV_NO_CONFIG": "1",
        "UV_FIND_LINKS": str(folder / "wheels"), "UV_LINK_MODE": "symlink", "UV_PYTHON_DOWNLOADS": "never",
    }  # fmt: skip
    for lock in locks:
        with tempfile.TemporaryDirectory(prefix="ninesteps-") as scratch:
            target = ["--target", scratch, "--python", sys.executable]
            _run(
                [str(uv), "pip", "install", "--quiet", "--no-deps", "--require-hashes", *target, "-r", str(lock)],
                environment,
            )
    compiling = [sys.executable, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*compiling, str(folder / "uv" / "archive-v0")], capture_output=True, timeout=_SECONDS)


def _pip() -> list[str]:
    if find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    import ensurepip

    bundled = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    if not bundled:
        raise Problem(
            "The packages that workflows install cannot be fetched: there is no pip.", "See `ninesteps doctor`."
        )
    return [sys.executable, str(bundled[-1] / "pip")]


def _run(argv: list[str], environment: dict[str, str] | None = None) -> None:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=_SECONDS, env=environment)
        said = [line for line in done.stderr.splitlines() if line.lower().startswith(("error", "  ×", "×"))]
        failed = bool(done.returncode)
    except subprocess.TimeoutExpired:
        said, failed = [], True
    if failed:
        why = f" {said[-1].strip()[:200]}" if said else ""
        raise Problem(
            f"The packages that workflows install could not be fetched.{why}",
            "This is done once and needs the network: connect, and check again.",
        )
