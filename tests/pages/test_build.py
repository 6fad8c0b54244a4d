"""The course's build, through nbgrader's own generate_assignment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graders.pages.build import COURSE, build
from graders.problems import Problem


def notebooks(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.ipynb"))}


def test_the_committed_notebooks_are_a_fresh_build_of_the_pages(tmp_path):
    build(COURSE, tmp_path)
    fresh = notebooks(tmp_path / "release")
    assert set(fresh) == {f"{page.stem}/{page.stem}.ipynb" for page in COURSE.glob("[0-9][0-9]_*.md")}
    assert notebooks(COURSE / "release") == fresh, "run `make course` and commit course/release"
    for data in fresh.values():
        assert all(not cell.get("outputs") for cell in json.loads(data)["cells"])


def test_the_same_pages_give_the_same_bytes_anywhere(course, tmp_path):
    assert build(course, tmp_path / "again") == [
        tmp_path / "again" / "release" / "01_git" / "01_git.ipynb",
        tmp_path / "again" / "release" / "02_ci" / "02_ci.ipynb",
    ]
    assert notebooks(tmp_path / "again") == notebooks(course)


def test_what_is_built_is_left_alone_until_something_changed(course):
    once, stamp = notebooks(course), course / "source" / ".built.json"
    before = stamp.stat().st_ino, stamp.stat().st_mtime_ns
    built = build(course)
    assert (stamp.stat().st_ino, stamp.stat().st_mtime_ns) == before
    built[0].write_text(built[0].read_text().replace("check", "chekc"))
    build(course)
    assert notebooks(course) == once


def test_nothing_but_the_notebooks_is_written(built_once):
    course = built_once / "course"
    assert {str(path.relative_to(course)) for path in course.rglob("*") if path.is_file()} == {
        "01_git.md",
        "02_ci.md",
        "source/.built.json",
        *(f"{kind}/{name}/{name}.ipynb" for kind in ("source", "release") for name in ("01_git", "02_ci")),
    }
    assert not [path for path in (built_once / "home").rglob("*") if "nbgrader" in path.name]
    assert {path.name for path in built_once.iterdir()} == {"course", "home"}


def test_a_page_that_is_gone_takes_its_notebooks_with_it(course):
    (course / "02_ci.md").unlink()
    assert [path.stem for path in build(course)] == ["01_git"]
    assert not (course / "release" / "02_ci").exists()
    assert not (course / "source" / "02_ci").exists()


def test_a_bad_page_leaves_what_was_built(course):
    once = notebooks(course)
    (course / "01_git.md").write_text("```{code-cell}\n:check: nothing\n```\n")
    with pytest.raises(Problem, match=r"course/01_git\.md, cell 1"):
        build(course)
    assert notebooks(course) == once


@pytest.mark.parametrize("content", [None, b"\xff\xfe# A"])
def test_a_course_without_readable_pages_says_so(tmp_path, content):
    if content is not None:
        (tmp_path / "01_git.md").write_bytes(content)
    with pytest.raises(Problem) as caught:
        build(tmp_path)
    assert caught.value.next
