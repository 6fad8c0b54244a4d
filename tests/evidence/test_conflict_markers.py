"""What is a conflict marker, and what only looks like one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from graders.evidence.conflict_markers import marker_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<<<<<<< HEAD\na\n=======\nb\n>>>>>>> main\n", 1),
        ("a\nb\n>>>>>>> 1a2b3c4 (List widgets)\n", 3),
        ("a\n||||||| parent of 1a2b3c4\nb\n", 2),
        ("a\r\n<<<<<<< HEAD\r\n", 2),
        ("<<<<<<<\n", 1),
        ("a\n>>>>>>> end", 2),
    ],
)
def test_a_marker_is_found_in_its_line(text: str, line: int) -> None:
    assert marker_line(text.encode()) == line


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Heading\n=======\n\nText\n",
        "  <<<<<<< quoted in an example\n",
        "x = a <<<<<<< b\n",
        "<<<<<<<<<<<<<<<<\n",
        ">>>>>> six\n",
        "| a | b |\n||||||||\n",
        "<<<<<<<HEAD\n",
        "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
    ],
)
def test_what_only_looks_like_one_is_not(text: str) -> None:
    assert marker_line(text.encode()) is None


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_what_git_itself_leaves_is_found(tmp_path: Path, style: str) -> None:
    def git(*words: str) -> None:
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", f"merge.conflictStyle={style}"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *words], capture_output=True, check=False)

    file = tmp_path / "a.txt"
    git("init", "-q", "-b", "main")
    for branch, text in (
        ("main", "one\nbase\nthree\n"),
        ("other", "one\ntheirs\nthree\n"),
        ("main", "one\nours\nthree\n"),
    ):
        git("switch", "-q", branch)
        git("switch", "-q", "-c", branch)
        file.write_text(text)
        git("add", ".")
        git("commit", "-q", "-m", text)
    git("merge", "other")

    assert marker_line(file.read_bytes()) == 2
