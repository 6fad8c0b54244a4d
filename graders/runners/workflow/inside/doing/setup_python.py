"""actions/setup-python: a virtual environment for each version, all of the interpreter at hand.

A version that does not exist is refused in the action's words; one that does is played by the interpreter at hand,
and the record says which. https://github.com/actions/setup-python/blob/main/docs/advanced-usage.md
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path

from ..said import environment, fail, inputs, job_folder, output, path, record, workspace
from ..virtual_environment import make

_MINORS = range(8, 15)
_NEWEST_PATCH = 13
_FILES = {
    "pip": ("**/requirements.txt", "**/pyproject.toml"),
    "pipenv": ("**/Pipfile.lock",),
    "poetry": ("**/poetry.lock",),
}


def main(root: Path) -> int:
    given = inputs()
    asked = [line.strip() for line in given.get("python-version", "").splitlines() if line.strip()]
    if file := given.get("python-version-file"):
        source = workspace() / file
        if not source.is_file():
            record()
            return fail(f"The specified python version file at: {source} doesn't exist.")
        asked = asked or _versions_in(source)
    asked = asked or ["3.x"]
    resolved = [_resolve(version) for version in asked]
    record(asked=asked, resolved=resolved, played_by=".".join(map(str, sys.version_info[:3])))
    for version, found in zip(asked, resolved, strict=True):
        if not found:
            return fail(
                f"The version '{version}' with architecture 'x64' was not found for Ubuntu 24.04. The list of all "
                "available versions is in https://raw.githubusercontent.com/actions/python-versions/main/versions-manifest.json"
            )
    version = resolved[-1]
    folder = job_folder() / "python" / version
    make(folder, str(root))
    path(folder / "bin")
    environment(pythonLocation=str(folder), Python_ROOT_DIR=str(folder), Python3_ROOT_DIR=str(folder))
    output(python_version=version, python_path=str(folder / "bin" / "python"))
    return _cache(given, version)


def _cache(given: dict[str, str], version: str) -> int:
    manager = given.get("cache", "")
    if not manager:
        return 0
    if manager not in _FILES:
        return fail(f"Caching for '{manager}' is not supported")
    patterns = (
        given.get("cache-dependency-path", "").split("\n") if given.get("cache-dependency-path") else _FILES[manager]
    )
    found = sorted(
        {file for one in patterns if one.strip() for file in workspace().glob(one.strip()) if file.is_file()}
    )
    if not found:
        wanted = " or ".join(patterns)
        return fail(
            f"No file in {workspace()} matched to [{wanted}], make sure you have checked out the target repository"
        )
    digest = hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in found)).hexdigest()
    prefix = f"setup-python-{os.environ.get('RUNNER_OS', 'Linux')}-x64-24.04-Ubuntu-python-{version}-{manager}-"
    output(cache_path=f"~/.cache/{manager}", cache_key=prefix + digest, cache_prefix=prefix if manager == "pip" else "")
    return 0


def _versions_in(file: Path) -> list[str]:
    text = file.read_text("utf-8", "replace")
    if file.name == "pyproject.toml":
        import tomllib

        return [str(tomllib.loads(text).get("project", {}).get("requires-python", "3.x"))]
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _resolve(asked: str) -> str:
    """The newest version that fits, or empty."""
    wanted = asked.removesuffix("-dev").removesuffix("t").strip()
    if match := re.fullmatch(r"3\.(\d+)(?:\.(\d+|x))?", wanted):
        minor, patch = int(match[1]), match[2]
        fits = minor in _MINORS and (patch in (None, "x") or int(patch) <= _NEWEST_PATCH)
        return f"3.{minor}.{patch if patch and patch != 'x' else _NEWEST_PATCH}" if fits else ""
    if wanted in ("3", "3.x", "3.x.x", "x", "*"):
        return f"3.{_MINORS[-1]}.{_NEWEST_PATCH}"
    bounds = re.findall(r"(>=|<=|<|>|==|~=|\^|~)\s*3\.(\d+)", wanted)
    if not bounds:
        return ""
    fitting = [minor for minor in _MINORS if all(_holds(minor, sign, int(bound)) for sign, bound in bounds)]
    return f"3.{fitting[-1]}.{_NEWEST_PATCH}" if fitting else ""


def _holds(minor: int, sign: str, bound: int) -> bool:
    same = {"==": minor == bound, "~": minor == bound, "<": minor < bound, "<=": minor <= bound, ">": minor > bound}
    return same.get(sign, minor >= bound)
