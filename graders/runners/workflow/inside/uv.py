"""`uv`, as steps call it: the real one, with no network, the wheels at hand and the interpreter at hand.

A project is installed from its `pyproject.toml`: a lock file names packages for every platform, and only this one's are
here. https://docs.astral.sh/uv/reference/environment/
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from .calls import note
from .pip import installs_from_here, linked_cache, own_cache
from .said import settings

_ASKS_FOR_PYTHON = ("--python", "-p")
_NOTHING_TO_DO = (["python", "install"], ["python", "pin"], ["self", "update"])
_OF_PROJECTS = frozenset("--frozen --locked --no-dev --all-extras --all-groups --no-sync --no-editable --exact".split())
_OF_PROJECTS_WITH_VALUE = frozenset(("--group", "--extra", "--only-group", "--no-group"))


def main(root: str, argv: list[str]) -> int:  # noqa: RET503 - its end is the command that it becomes
    told, name = settings(root), Path(argv[0]).name
    note(root, name, argv[1:])
    words = (["tool", "run"] if name == "uvx" else []) + argv[1:]
    if words[:2] in _NOTHING_TO_DO:
        return 0
    system = "--system" in words or os.environ.get("UV_SYSTEM_PYTHON", "").lower() in ("1", "true", "yes")
    words = _with_python(
        words, (shutil.which("python3") or told["python"]) if system else told["python"], system=system
    )
    wheels = {"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(Path(told["wheels"], "wheels"))} if told["wheels"] else {}
    environment = {key: value for key, value in os.environ.items() if key not in ("UV_SYSTEM_PYTHON", "UV_PYTHON")} | {
        "UV_OFFLINE": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "UV_LINK_MODE": "symlink", **wheels,
    }  # fmt: skip
    place, house = Path(root), Path(told["wheels"])
    build = environment | {"UV_CACHE_DIR": str(own_cache(place))}
    environment["UV_CACHE_DIR"] = str(linked_cache(place, house) if told["wheels"] else own_cache(place))
    uv, project = told["uv"], Path("pyproject.toml").is_file()
    if words[:1] == ["sync"]:
        return _install_project(uv, words, told["python"], environment, build)
    makes_its_own = words[:1] in (["build"], ["tool"]) or (words[:1] == ["run"] and "--with" in words)
    if makes_its_own or (words[:2] == ["pip", "install"] and installs_from_here(words[2:])):
        environment = build
    if words[:1] == ["run"] and project and "--no-project" not in words:
        if "--no-sync" not in words and (done := _install_project(uv, words, told["python"], environment, build)):
            return done
        words = ["run", "--no-project", *_without_project(words[1:])]
    if words[:1] in (["run"], ["tool"]) and not (Path(".venv").exists() or "VIRTUAL_ENV" in environment):
        environment["UV_PYTHON"] = told["python"]
    sys.stdout.flush()
    os.execve(uv, [uv, *words], environment)  # noqa: S606


def _install_project(uv: str, words: list[str], python: str, environment: dict[str, str], build: dict[str, str]) -> int:
    """What `uv sync` gives: `.venv` with the project, its dependencies and its development group."""
    if not Path(".venv").exists() and (done := subprocess.call([uv, "venv", "-q", "-p", python], env=environment)):
        return done
    groups = ["--group", "dev"] if _has_group("dev") and "--no-dev" not in words else []
    for word, value in zip(words, [*words[1:], ""], strict=True):
        if word in ("--group", "--extra") and value != "dev":
            groups += [word, value]
    groups += ["--all-extras"] if "--all-extras" in words else []
    synced = Path(".venv", "synced")  # by an earlier step, with the same groups
    if synced.exists() and synced.read_text() == " ".join(groups):
        return 0
    install = [uv, "pip", "install", "--quiet", "--python", ".venv/bin/python"]
    done = subprocess.call([*install, *groups, "-r", "pyproject.toml"], env=environment)
    done = done or subprocess.call([*install, "--no-deps", "-e", "."], env=build)
    if not done:
        synced.write_text(" ".join(groups))
    return done


def _has_group(name: str) -> bool:
    import tomllib

    try:
        return name in tomllib.loads(Path("pyproject.toml").read_text()).get("dependency-groups", {})
    except (OSError, ValueError, AttributeError):
        return False


def _without_project(words: list[str]) -> list[str]:
    """The words of `uv run` without the flags of a project that stand before the command."""
    kept, rest = [], list(words)
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        if word in _OF_PROJECTS_WITH_VALUE and rest:
            rest.pop(0)
        elif word not in _OF_PROJECTS:
            kept.append(word)
            if word in ("--with", "--env-file", "-m", "--module", *_ASKS_FOR_PYTHON) and rest:
                kept.append(rest.pop(0))
            if word in ("-m", "--module"):
                break
    return [*kept, *rest]


def _with_python(words: list[str], python: str, *, system: bool) -> list[str]:
    """The words with a version of Python replaced by the one that is here, and `--system` by the one on PATH."""
    kept: list[str] = []
    for word in words:
        if kept[-1:] and kept[-1] in _ASKS_FOR_PYTHON and re.fullmatch(r"(cpython@?)?3(\.\d+)*", word):
            word = python
        elif word.startswith("--python=3"):
            word = f"--python={python}"
        if word != "--system":
            kept.append(word)
    if system and kept[:2] in (["pip", "install"], ["pip", "sync"], ["pip", "uninstall"], ["pip", "list"]):
        return [*kept[:2], "--python", python, *kept[2:]]
    return kept
