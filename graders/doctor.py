"""What is installed, what is missing, and the command that mends it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryFile

OLDEST_PYTHON = (3, 11)
OLDEST_GIT = (2, 38)  # `git merge-tree --write-tree`
OLDEST_TERRAFORM = (1, 7)  # `removed` blocks
_TERRAFORM_PAGES = "Terraform (developer.hashicorp.com/terraform/install) or OpenTofu (opentofu.org/docs/intro/install)"
_SUDO = "" if hasattr(os, "geteuid") and os.geteuid() == 0 else "sudo "


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked for. `mend` is the command or the sentence that helps; `needed` tells must from may."""

    name: str
    found: str
    good: bool
    needed: bool
    mend: str = ""


def examine() -> list[Finding]:
    """Everything the course uses, what must be there first."""
    needed = [_python(), _git(), _home(), _package("jupyterlab"), _package("nbgrader")]
    return [*needed, _command(), _sandbox(), _workflows(), _linters(), _docker(), _terraform()]


def _python() -> Finding:
    here = ".".join(map(str, sys.version_info[:3]))
    oldest = ".".join(map(str, OLDEST_PYTHON))
    return Finding("Python", here, sys.version_info[:2] >= OLDEST_PYTHON, True, f"Install Python {oldest} or newer.")


def _git() -> Finding:
    said = _first_line(["git", "--version"])
    numbers = tuple(map(int, re.findall(r"\d+", said)[:2]))
    oldest = ".".join(map(str, OLDEST_GIT))
    found = said.removeprefix("git version ") or "not found"
    return Finding("git", found, numbers >= OLDEST_GIT, True, _install("git", f"git {oldest} or newer"))


def _home() -> Finding:
    from graders.workspace.home import home

    folder = home()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as trouble:
        mend = "Make it writable, or name another folder: export NINESTEPS_HOME=DIR"
        return Finding("your folder", f"{folder}: {trouble.strerror}", False, True, mend)
    return Finding("your folder", str(folder), True, True)


def _package(name: str) -> Finding:
    try:
        return Finding(name, version(name), True, True)
    except PackageNotFoundError:
        return Finding(name, "not found", False, True, "Run `make lab` in the course's folder.")


def _command() -> Finding:
    found = shutil.which("ninesteps")
    mend = f'export PATH="{Path(sys.executable).parent}:$PATH"'
    return Finding("ninesteps", found or "not on your PATH", bool(found), False, mend)


def _sandbox() -> Finding:
    from graders.runners.sandbox import isolates

    if isolates():
        said = _first_line(["bwrap", "--version"]).removeprefix("bubblewrap ")
        return Finding("sandbox", f"bubblewrap {said}", True, False)
    if platform.system() != "Linux":
        mend = "There is none for this system: your own tests run without one, a class is graded on Linux."
        return Finding("sandbox", "none", False, False, mend)
    if shutil.which("bwrap"):
        mend = "bubblewrap is installed but may not make namespaces: allow unprivileged user namespaces."
        return Finding("sandbox", "bubblewrap does not work here", False, False, mend)
    return Finding("sandbox", "not found", False, False, _install("bubblewrap", "bubblewrap"))


def _workflows() -> Finding:
    """act, and the packages that workflows install, fetched beforehand."""
    from graders.runners.workflow.wheels import is_ready
    from graders.workspace.home import cache_dir

    said = _first_line([_ours("act"), "--version"]).removeprefix("act version ")
    mend = "Run `make lab` in the course's folder. (for steps 2, 3, 5 and 6)"
    if not said:
        return Finding("workflow runs", "act is not found", False, False, mend)
    if not is_ready(cache_dir()):
        return Finding("workflow runs", f"act {said}, but no packages to install in them", False, False, mend)
    return Finding("workflow runs", f"act {said}, and the packages they install", True, False)


def _linters() -> Finding:
    missing = [
        tool
        for tool in ("actionlint", "hadolint", "shellcheck", "zizmor")
        if not _first_line([_ours(tool), "--version"])
    ]
    mend = "Run `make lab` in the course's folder. (for steps 2 to 6)"
    found = f"{', '.join(missing)} not found" if missing else "actionlint, hadolint, shellcheck, zizmor"
    return Finding("linters", found, not missing, False, mend)


def _ours(tool: str) -> str:
    """The program that was installed with the course, else one on PATH."""
    return shutil.which(tool, path=str(Path(sys.executable).parent)) or tool


def _docker() -> Finding:
    from graders.runners.engine.connection import NoEngine, find_engine

    try:
        engine = find_engine()
    except NoEngine as none:
        return Finding("Docker Engine", none.found, False, False, f"{none.next} (for steps 4 and 7)")
    return Finding("Docker Engine", f"{engine.name} {engine.version}, {engine.platform}", True, False)


def _terraform() -> Finding:
    """Terraform or OpenTofu, the one that step 9 would run."""
    from graders.runners.terraform.planning import program

    said = _first_line([program(), "version"]) if program() else ""
    oldest = ".".join(map(str, OLDEST_TERRAFORM))
    get = _install("opentofu", _TERRAFORM_PAGES, {"apt-get": "", "winget": "winget install --exact --id=OpenTofu.Tofu"})
    mend = f"{get} ({oldest} or newer, for step 9: without it, your files are read and not planned)"
    numbers = tuple(map(int, re.findall(r"\d+", said)[:2]))
    return Finding("Terraform", said or "not found", numbers >= OLDEST_TERRAFORM, False, mend)


def _first_line(argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, timeout=10, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    said = done.stdout.decode("utf-8", "replace").strip()
    return said.splitlines()[0] if done.returncode == 0 and said else ""


def _install(package: str, what: str, others: Mapping[str, str] | None = None) -> str:
    """The command of this machine's package manager; `others` replaces those that are named otherwise, "" where it has none."""
    commands = {
        "apt-get": f"{_SUDO}apt-get install {package}",
        "dnf": f"{_SUDO}dnf install {package}",
        "pacman": f"{_SUDO}pacman -S {package}",
        "brew": f"brew install {package}",
        "winget": f"winget install {package}",
    } | dict(others or {})
    for tool, command in commands.items():
        if command and shutil.which(tool):
            return command
    return f"Install {what}."
