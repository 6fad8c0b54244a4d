"""Files of a commit come from its objects, and a tree that is too large is said to be."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.evidence.git_command import Git
from graders.evidence.git_tree import MOST_BYTES, MOST_FILES, TreeTooLarge, files_of, touched

Files = dict[str, str]


def blob(git: Git, content: bytes) -> str:
    return git.text("hash-object", "-w", "--stdin", stdin=content).strip()


def tree(git: Git, *entries: str) -> str:
    return git.text("mktree", "-z", stdin="".join(f"{entry}\0" for entry in entries).encode()).strip()


def tree_of(git: Git, files: Files) -> str:
    """Through an index of its own, so that folders come as git makes them."""
    lines = "".join(f"100644 {blob(git, text.encode())}\t{path}\0" for path, text in files.items())
    index = {**git.environment, "GIT_INDEX_FILE": str(git.folder / "some-index"), "GIT_DIR": str(git.folder)}
    (git.folder / "some-index").unlink(missing_ok=True)
    subprocess.run(["git", "update-index", "-z", "--add", "--index-info"], input=lines.encode(), env=index, check=True)
    return subprocess.run(["git", "write-tree"], env=index, capture_output=True, text=True, check=True).stdout.strip()


def test_regular_files_only(tmp_path: Path) -> None:
    git = Git(tmp_path)
    content = blob(git, b"\0hello\r\n")
    inner = tree(git, f"100755 blob {content}\trun me.sh")
    outer = tree(
        git,
        f"100644 blob {content}\tn\u00e4me\n.txt",
        f"120000 blob {content}\tlink",
        f"160000 commit {'1' * 40}\tsub",
        f"040000 tree {inner}\tscripts",
    )

    assert files_of(git, outer) == {"n\u00e4me\n.txt": b"\0hello\r\n", "scripts/run me.sh": b"\0hello\r\n"}


def test_a_name_that_is_not_text_is_kept_as_it_is(tmp_path: Path) -> None:
    git = Git(tmp_path)
    content = blob(git, b"x")
    two = git.text(
        "mktree",
        "-z",
        stdin=b"".join(b"100644 blob %s\t%s\0" % (content.encode(), name) for name in (b"\xfe", b"\xff")),
    )

    assert [os.fsencode(name) for name in files_of(git, two.strip())] == [b"\xfe", b"\xff"]


def test_too_many_files(tmp_path: Path) -> None:
    git = Git(tmp_path)
    content = blob(git, b"x")
    many = tree(git, *(f"100644 blob {content}\tf{number}" for number in range(MOST_FILES + 1)))

    with pytest.raises(TreeTooLarge, match="files"):
        files_of(git, many)


def test_too_many_bytes_though_git_stores_them_in_few(tmp_path: Path) -> None:
    git = Git(tmp_path)
    content = blob(git, bytes(MOST_BYTES // 4))
    large = tree(git, *(f"100644 blob {content}\tf{number}" for number in range(5)))

    with pytest.raises(TreeTooLarge, match="MiB"):
        files_of(git, large)


def test_a_name_too_long_for_any_disk(tmp_path: Path) -> None:
    git = Git(tmp_path)

    with pytest.raises(TreeTooLarge, match="name"):
        files_of(git, tree(git, f"100644 blob {blob(git, b'x')}\t{'x' * 256}"))


def test_a_tree_that_names_itself_billions_of_times(tmp_path: Path) -> None:
    git = Git(tmp_path)
    content = blob(git, b"x")
    bomb = tree(git, *(f"100644 blob {content}\t{number}" for number in range(10)))
    for _ in range(9):
        bomb = tree(git, *(f"040000 tree {bomb}\t{number}" for number in range(10)))

    with pytest.raises(TreeTooLarge):
        files_of(git, bomb)
    with pytest.raises(TreeTooLarge):
        touched(git, {"it": (bomb, [])})
    assert touched(git, {"it": (bomb, [bomb])}) == {"it": {}}


PATHS = st.sampled_from(["a", "b", "d/a", "d/b", "d/e/a", "d/e/b", "e/a"])
FILES = st.dictionaries(PATHS, st.sampled_from(["1", "2", "3"]), max_size=7)


@settings(max_examples=40, deadline=None)
@given(FILES, st.lists(FILES, max_size=2))
def test_what_a_commit_touched(now: Files, before: list[Files]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        git = Git(Path(folder))
        old = [tree_of(git, files) for files in before]

        found = touched(git, {"it": (tree_of(git, now), old)})["it"]

        assert set(found) == {path for path, text in now.items() if all(files.get(path) != text for files in before)}
        assert all(found[path] == blob(git, now[path].encode()) for path in found)


def test_many_at_once(tmp_path: Path) -> None:
    git = Git(tmp_path)
    one, two = tree_of(git, {"a": "1", "d/b": "1"}), tree_of(git, {"a": "1", "d/b": "2"})

    assert touched(git, {"first": (one, []), "second": (two, [one]), "back": (one, [two])}) == {
        "first": {"a": blob(git, b"1"), "d/b": blob(git, b"1")},
        "second": {"d/b": blob(git, b"2")},
        "back": {"d/b": blob(git, b"1")},
    }
