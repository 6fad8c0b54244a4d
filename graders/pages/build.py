"""The build behind `make course`: every page's notebook, as nbgrader's source and as its release."""

# These libraries carry no types of their own.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from graders.pages.page import notebook
from graders.pages.release import generate
from graders.problems import Problem
from graders.step import ROOT, places

COURSE = ROOT / "course"
_PAGE = re.compile(r"^\d\d_[a-z]+$")
_STAMP = ".built.json"


def build(course: Path, out: Path | None = None) -> list[Path]:
    """Build every `course/NN_name.md` into `out/source/` and `out/release/` (`out` is the course folder by default).

    Returns the notebooks of `release/`, in order. Where neither the pages, the criteria, the tools nor the built
    notebooks changed since the last build, nothing is written. Raises Problem, naming page and cell.
    """
    out = out or course
    pages = sorted(page for page in course.glob("*.md") if _PAGE.match(page.stem))
    if not pages:
        raise Problem(f"{course} holds no page.", "A page is called NN_name.md, such as 01_git.md.")
    built = [out / "release" / page.stem / f"{page.stem}.ipynb" for page in pages]
    stamp = out / "source" / _STAMP
    if _read(stamp) == _fingerprint(pages, out):
        return built
    with tempfile.TemporaryDirectory(prefix="ninesteps-course-") as scratch:
        root = Path(scratch)
        for page in pages:
            _write_notebook(page, root / "source" / page.stem / f"{page.stem}.ipynb")
        generate(root)
        for kind in ("source", "release"):
            _replace(root / kind, out / kind)
    stamp.write_text(_fingerprint(pages, out), encoding="utf-8")
    return built


def _write_notebook(page: Path, target: Path) -> None:
    import nbformat

    try:
        text = page.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as trouble:
        raise Problem(f"{page.name} cannot be read: {trouble}.", "Save it as UTF-8 text.") from None
    book = notebook(text, f"course/{page.name}")
    nbformat.validate(book)
    target.parent.mkdir(parents=True)
    target.write_text(nbformat.writes(book) + "\n", encoding="utf-8", newline="\n")


def _replace(new: Path, old: Path) -> None:
    """Make `old` hold the notebooks of `new`, file by file, and drop those of pages that are gone."""
    for file in sorted(new.rglob("*.ipynb")):
        target = old / file.relative_to(new)
        data = file.read_bytes()
        if target.is_file() and target.read_bytes() == data:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_name(f".{target.name}.{os.getpid()}")
        half.write_bytes(data)
        half.replace(target)
    for folder in old.iterdir():
        if _PAGE.match(folder.name) and not (new / folder.name).exists():
            shutil.rmtree(folder)


def _fingerprint(pages: Iterable[Path], out: Path) -> str:
    criteria = [
        (place.name, one.name, one.points, one.title, one.why) for place in places() for one in place.step.criteria
    ]
    ours = [*pages, *Path(__file__).parent.glob("*.py")]
    built = [*out.glob("source/*/*.ipynb"), *out.glob("release/*/*.ipynb")]
    digests = {file.name: _digest(file) for file in sorted(ours)}
    digests |= {file.relative_to(out).as_posix(): _digest(file) for file in sorted(built)}
    tools = {name: version(name) for name in ("jupytext", "nbformat", "nbgrader")}
    return json.dumps({"criteria": criteria, "files": digests, "tools": tools}, indent=1) + "\n"


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
