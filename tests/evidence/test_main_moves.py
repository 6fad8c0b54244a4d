"""Every way to merge a pull request explains main's move; whatever came to main beside them does not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graders.evidence.git_command import Git
from graders.evidence.main_moves import Moves, explain
from graders.evidence.snapshot import Origin, Snapshot

WAYS = ("merge", "squash", "rebase", "fast-forward", "squash and merge")


class Host:
    """A repository in which pull requests come to main, made of objects alone."""

    def __init__(self, folder: Path) -> None:
        self.git = Git(folder)
        self.git.environment |= {
            f"GIT_{who}_{what}": "A@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        self.clock = 1_700_000_000
        self.files = 0
        self.start = self.main = self.commit(self.tree({"base": "0"}))
        self.pulls: dict[str, str] = {}

    def tree(self, files: dict[str, str]) -> str:
        lines = []
        for name, text in sorted(files.items()):
            blob = self.git.text("hash-object", "-w", "--stdin", stdin=text.encode()).strip()
            lines.append(f"100644 blob {blob}\t{name}\n")
        return self.git.text("mktree", stdin="".join(lines).encode()).strip()

    def files_at(self, commit: str) -> dict[str, str]:
        names = self.git.text("ls-tree", "--name-only", commit).split()
        return {name: self.git.text("cat-file", "blob", f"{commit}:{name}") for name in names}

    def commit(self, tree: str, *parents: str, subject: str = "") -> str:
        self.clock += 1
        self.git.environment |= {f"GIT_{who}_DATE": f"{self.clock} +0000" for who in ("AUTHOR", "COMMITTER")}
        options = [word for parent in parents for word in ("-p", parent)]
        return self.git.text("commit-tree", tree, *options, "-m", subject or f"Commit {self.clock}").strip()

    def with_file(self, on: str) -> str:
        self.files += 1
        return self.commit(self.tree({**self.files_at(on), f"f{self.files}": str(self.files)}), on)

    def pull(self, commits: int, on: str = "") -> str:
        """Open the next pull request, of so many commits; its number."""
        head = on or self.main
        for _ in range(commits):
            head = self.with_file(head)
        number = str(len(self.pulls) + 2)
        self.pulls[number] = head
        return number

    def merge(self, number: str, way: str) -> None:
        head, main = self.pulls[number], self.main
        tree = self.git.text("merge-tree", "--write-tree", main, head).split()[0]
        if way == "merge":
            self.main = self.commit(tree, main, head)
        elif way == "squash":
            self.main = self.commit(tree, main)
        elif way == "squash and merge":
            self.main = self.commit(tree, main, self.commit(tree, main))
        elif way == "fast-forward" and self.git.text("merge-base", main, head).strip() == main:
            self.main = head
        else:
            base = self.git.text("merge-base", main, head).strip()
            for commit in self.git.text("rev-list", "--reverse", f"{base}..{head}").split():
                new = {
                    name: text
                    for name, text in self.files_at(commit).items()
                    if name not in self.files_at(f"{commit}~")
                }
                subject = self.git.text("log", "-1", "--format=%s", commit).strip()
                self.main = self.commit(self.tree({**self.files_at(self.main), **new}), self.main, subject=subject)

    def explained(self) -> Moves:
        for number, head in self.pulls.items():
            self.git.text("update-ref", f"refs/origin/pull/{number}", head)
        self.git.text("update-ref", "refs/origin/heads/main", self.main)
        return explain(Snapshot(self.git, Origin()), self.start, self.main, self.pulls)


@contextmanager
def a_host() -> Iterator[Host]:
    with tempfile.TemporaryDirectory() as folder:
        yield Host(Path(folder))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("commits", [1, 2, 3])
def test_one_pull_request_explains_the_move_however_it_was_merged(way: str, commits: int) -> None:
    with a_host() as host:
        number = host.pull(commits)
        host.merge(number, way)

        moves = host.explained()

        assert moves.unexplained is None
        assert [(move.number, move.old, move.new) for move in moves.moves] == [(number, host.start, host.main)]


Plan = list[tuple[str, int, bool]]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(WAYS), st.integers(1, 3), st.booleans()), min_size=1, max_size=4))
def test_any_row_of_pull_requests_is_explained_move_by_move(plan: Plan) -> None:
    """Each begins at main or, where the third value says so, where main stood at the start."""
    with a_host() as host:
        stops = [host.start]
        for way, commits, from_the_start in plan:
            host.merge(host.pull(commits, host.start if from_the_start else ""), way)
            stops.append(host.main)

        moves = host.explained()

        assert moves.unexplained is None
        assert [(move.old, move.new) for move in moves.moves] == list(pairwise(stops))
        assert {move.number for move in moves.moves} == set(host.pulls)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(WAYS), st.integers(1, 3)), max_size=3), st.data())
def test_a_commit_that_came_past_them_is_found(plan: list[tuple[str, int]], data: st.DataObject) -> None:
    with a_host() as host:
        place = data.draw(st.integers(0, len(plan)))
        empty = data.draw(st.booleans())
        stray = ""
        # Pull requests branched off before it came, so that none of them holds it.
        numbers = [host.pull(commits, host.start) for _, commits in plan]
        for position in range(len(plan) + 1):
            if position == place:
                tree = host.git.text("rev-parse", f"{host.main}^{{tree}}").strip()
                stray = host.main = host.commit(tree, host.main) if empty else host.with_file(host.main)
            if position < len(plan):
                host.merge(numbers[position], plan[position][0])

        moves = host.explained()

        assert moves.unexplained is not None
        assert moves.unexplained.id == stray
        assert len(moves.moves) == place


def test_a_merge_that_brings_more_than_its_pull_request_is_not_explained() -> None:
    with a_host() as host:
        head = host.pulls[host.pull(2)]
        host.main = host.commit(host.tree({**host.files_at(head), "more": "!"}), host.main, head)

        assert host.explained().unexplained is not None


def test_the_same_pull_request_does_not_explain_a_second_move() -> None:
    with a_host() as host:
        number = host.pull(2)
        host.merge(number, "squash")
        host.main = host.commit(host.tree({**host.files_at(host.main), "more": "!"}), host.main)

        assert len(host.explained().moves) == 1
        assert host.explained().unexplained is not None


def test_main_without_its_start_is_lost() -> None:
    with a_host() as host:
        host.main = host.with_file(host.commit(host.tree({})))

        assert host.explained().lost_start


def test_nothing_happened_yet() -> None:
    with a_host() as host:
        host.pull(2)

        assert host.explained() == Moves(())
