"""What a learner is given, as data: the commits of a step's starter, the same for the same seed, byte for byte."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType

from graders import __version__
from graders.step import ROOT, Place, places

SEEDS = 10_000
SAMPLE_REPO = ROOT / "sample_repo"
_MADE_BY_RUNNING = {".venv", "__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", "build", "dist"}


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit on `main`: `files` maps a path to its new text, or to None where the commit deletes it.

    A text that begins with `#!` may be executed.

    `when` is in seconds since the epoch, UTC.
    """

    message: str
    author: str
    when: int
    files: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Starter:
    """`commits` is main when the learner clones; `meanwhile` is what a colleague's pull request then brings to main.

    `variant` names the values that differ from learner to learner.
    """

    commits: tuple[Commit, ...]
    meanwhile: tuple[Commit, ...] = ()
    variant: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StartPoint:
    """Commit ids in the built starter: `root`, `base` (main when cloned), `moved` (main after the colleague's PR)."""

    root: str
    base: str
    moved: str


@cache
def sample_repo_files() -> Mapping[str, str]:
    """Every file of the demo service, path to text, but for what running it leaves behind."""
    files = {}
    for path in sorted(SAMPLE_REPO.rglob("*")):
        name = path.relative_to(SAMPLE_REPO)
        made = _MADE_BY_RUNNING & set(name.parts) or path.suffix in (".db", ".pyc") or ".egg-info" in str(name)
        if path.is_file() and not made:
            files[name.as_posix()] = path.read_text(encoding="utf-8")
    return files


def answer_of(folder: Path) -> dict[str, str]:
    """The files of a step's reference answer, path to text: what stands in `exercises/NN_name/answer/`."""
    return _files_below(folder / "answer")


def given_by(folder: Path) -> dict[str, str]:
    """The files that a step itself brings along, path to text: what stands in `exercises/NN_name/given/`."""
    return _files_below(folder / "given")


def left_by_earlier(place: Place) -> dict[str, str]:
    """The demo service with what the steps before this one gave, and their reference answers.

    So any step can be started alone. Where several have a file, the latest one's counts.
    """
    files = dict(sample_repo_files())
    for earlier in places():
        if earlier.number < place.number:
            files |= given_by(earlier.folder) | answer_of(earlier.folder)
    return files


def _files_below(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def trailer(step: str, seed: int) -> str:
    """The lines in the root commit's message from which a grader knows the step, the seed and the course's version."""
    return f"Exercise: {step}\nSeed: {seed}\nCourse-Version: {__version__}\n"


def exercise_module(place: Place, name: str) -> ModuleType:
    """`exercises/NN_name/NAME.py`, loaded by its path."""
    return _load(place.folder / f"{name}.py")


@cache
def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"exercises.{path.parent.name}.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def starter_for(place: Place, seed: int) -> Starter:
    """The starter of a step for one seed (0 to SEEDS - 1), from `exercises/NN_name/starter.py`."""
    made: Starter = exercise_module(place, "starter").starter(seed)
    return made


def write_history(git_dir: Path, starter: Starter, env: Mapping[str, str]) -> StartPoint:
    """Write the starter's commits into a bare repository's object store, through `git fast-import`; moves no branch.

    `env` is the whole environment of the git process. The refs `refs/starter/base` and `refs/starter/moved` name the
    two tips.
    """
    every = [*starter.commits, *starter.meanwhile]
    stream: list[bytes] = []
    for mark, commit in enumerate(every, start=1):
        ref = "refs/starter/base" if mark <= len(starter.commits) else "refs/starter/moved"
        stream.append(_fast_import(commit, ref, mark))
    if not starter.meanwhile:
        stream.append(f"reset refs/starter/moved\nfrom :{len(every)}\n\n".encode())
    stream += [f"get-mark :{mark}\n".encode() for mark in (1, len(starter.commits), len(every))]
    stream.append(b"done\n")
    done = subprocess.run(
        ["git", "--git-dir", str(git_dir), "fast-import", "--quiet", "--done", "--cat-blob-fd=1"],
        input=b"".join(stream), capture_output=True, check=True, env=dict(env), timeout=60,
    )  # fmt: skip
    root, base, moved = done.stdout.decode().split()
    return StartPoint(root, base, moved)


def _fast_import(commit: Commit, ref: str, mark: int) -> bytes:
    author = f"{commit.author} {commit.when} +0000"
    message = commit.message.encode()
    parts = [f"commit {ref}\nmark :{mark}\nauthor {author}\ncommitter {author}\ndata {len(message)}\n".encode()]
    parts += [message, b"\n"]
    if mark > 1:
        parts.append(f"from :{mark - 1}\n".encode())
    for path, text in sorted(commit.files.items()):
        if text is None:
            parts.append(f"D {path}\n".encode())
        else:
            data, mode = text.encode(), "100755" if text.startswith("#!") else "100644"
            parts += [f"M {mode} inline {path}\ndata {len(data)}\n".encode(), data, b"\n"]
    parts.append(b"\n")
    return b"".join(parts)
