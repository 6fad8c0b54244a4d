"""Reading a history gives what git itself says of it, whatever its shape."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from graders.evidence.git_command import Git
from graders.evidence.history import History

Shape = list[tuple[int, ...]]


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """For each commit, the numbers of its parents, all of them earlier."""
    count = draw(st.integers(1, 12))
    return [
        tuple(draw(st.lists(st.integers(0, number - 1), max_size=2, unique=True))) if number else ()
        for number in range(count)
    ]


def made(folder: Path, shape: Shape) -> tuple[Git, list[str]]:
    """A repository of ours with that history, each commit held by a ref; and the ids."""
    git = Git(folder)
    stream = []
    for number, parents in enumerate(shape):
        stream.append(f"reset refs/local/b{number}\ncommit refs/local/b{number}\nmark :{number + 1}\n")
        stream.append(
            f"committer A <a@example.org> {1_700_000_000 + number} +0000\ndata {len(str(number))}\n{number}\n"
        )
        stream += [f"{'merge' if place else 'from'} :{parent + 1}\n" for place, parent in enumerate(parents)]
        stream.append(f"M 100644 inline f{number}\ndata 1\nx\n\n")
    stream += [f"get-mark :{number + 1}\n" for number in range(len(shape))]
    text = git.text("fast-import", "--quiet", "--cat-blob-fd=1", stdin="".join(stream).encode())
    return git, text.split()


def asked(git: Git, *words: str) -> list[str]:
    done = subprocess.run(["git", f"--git-dir={git.folder}", *words], capture_output=True, text=True, env=os.environ)
    return done.stdout.split()


@settings(max_examples=40, deadline=None)
@given(shapes())
def test_history_agrees_with_git(shape: Shape) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        git, ids = made(Path(scratch), shape)
        history = History(git)
        first, last = ids[0], ids[-1]

        assert set(history.commits) == set(asked(git, "rev-list", "--all"))
        assert history.ancestors(last) == set(asked(git, "rev-list", last))
        assert {commit.id for commit in history.between(first, last)} == set(asked(git, "rev-list", f"{first}..{last}"))
        assert [c.id for c in history.first_parents(last)] == asked(git, "rev-list", "--first-parent", last)
        for one in ids:
            bases = asked(git, "merge-base", "--all", one, last)
            assert (history.merge_base(one, last) in bases) if bases else history.merge_base(one, last) is None


@settings(max_examples=10, deadline=None)
@given(shapes())
def test_each_commit_stands_after_its_parents(shape: Shape) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        git, _ = made(Path(scratch), shape)
        seen: set[str] = set()
        for commit in History(git).commits.values():
            assert set(commit.parents) <= seen
            seen.add(commit.id)
