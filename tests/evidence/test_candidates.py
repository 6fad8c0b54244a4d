"""Which of a learner's commits is judged: neither the branch that is checked out nor the clock decides."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.attempts.make import settled_environment
from graders.criterion import Criterion, Verdict, failed, passed
from graders.evidence.candidates import best, branch, candidates, earned, names_of
from graders.evidence.snapshot import Snapshot, snapshot_of
from graders.evidence.starting_point import StartingPoint, starting_point
from graders.step import find

GIT = find("git")


class Learner:
    """A clone to type git commands in, and to look at as a grader does."""

    def __init__(self, home: Path) -> None:
        self.repo, self.env = home / "work" / "repo", settled_environment(home)
        start = [sys.executable, "-m", "graders", "start", "git", "--into", str(home / "work"), "--seed", "3"]
        subprocess.run(start, env=self.env, check=True, capture_output=True)

    def types(self, script: str) -> None:
        done = subprocess.run(["bash", "-ec", script], cwd=self.repo, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def seen(self) -> Iterator[tuple[Snapshot, StartingPoint]]:
        with snapshot_of(self.repo, GIT) as snapshot:
            yield snapshot, starting_point(snapshot, GIT)

    def judged(self, beside: str = "") -> list[tuple[str, tuple[str, ...]]]:
        for snapshot, start in self.seen():
            return [(one.subject, names_of(snapshot, one)) for one in candidates(snapshot, start, beside)]
        raise AssertionError


@pytest.fixture
def learner(tmp_path: Path) -> Learner:
    return Learner(tmp_path)


COMMIT = 'commit() { echo "$1" > "$2"; git add .; git commit -qm "$1"; }\n'


def test_nothing_done_gives_main_as_it_was_given(learner: Learner) -> None:
    for snapshot, start in learner.seen():
        assert [one.id for one in candidates(snapshot, start)] == [start.commits.moved]


def test_only_the_tips_count_and_the_longest_work_comes_first(learner: Learner) -> None:
    learner.types(COMMIT + "git switch -qc a; commit one x; commit two x; git push -q origin a; commit three x")
    learner.types(COMMIT + "git switch -qc b main; commit short y; git switch -q main")
    assert learner.judged() == [("three", ("a",)), ("short", ("b",))]


def test_the_same_files_are_judged_once(learner: Learner) -> None:
    learner.types(COMMIT + "git switch -qc a; commit one x; commit two x; git switch -qc squashed main")
    learner.types("git merge -q --squash a; git commit -qm all; git push -q origin squashed")
    assert learner.judged() == [("two", ("a",))]


def test_a_branch_that_undoes_all_is_no_work(learner: Learner) -> None:
    learner.types(COMMIT + "git switch -qc a; commit one x; git rm -q x; git commit -qm undo")
    for snapshot, start in learner.seen():
        assert [one.id for one in candidates(snapshot, start)] == [start.commits.moved]


def test_what_only_a_pull_request_holds_counts(learner: Learner) -> None:
    learner.types(COMMIT + "git switch -qc a; commit one x; git push -q origin a")
    path = f"{Path(sys.executable).parent}{os.pathsep}$PATH"
    learner.types(f'PATH="{path}" ninesteps pr create --title T --body B; git switch -q main; git branch -qD a')
    learner.types("git push -q origin :a")
    assert learner.judged() == [("one", ("#2",))]


def test_a_branch_beside_counts_for_none_and_hides_none(learner: Learner) -> None:
    learner.types(COMMIT + "git switch -qc a; commit one x; git switch -qc b; commit two x; git push -q origin a b")
    assert learner.judged("b") == [("one", ("a",))]
    for snapshot, _ in learner.seen():
        assert [snapshot.history[id].subject for id in branch(snapshot, "b")] == ["two"]
        assert branch(snapshot, "c") == []


def test_of_a_branch_beside_that_stands_alone_what_it_builds_on_counts(learner: Learner) -> None:
    learner.types(COMMIT + "git switch -qc b; commit one x; commit two x")
    assert learner.judged("b") == [("one", ())]


def test_a_branch_beside_without_a_commit_of_its_own_leaves_the_other(learner: Learner) -> None:
    learner.types(COMMIT + "git switch -qc a; commit one x; git branch b")
    assert learner.judged("b") == [("one", ("a", "b"))]


def _criterion(name: str, points: float, wanted: str, after: tuple[Criterion, ...] = ()) -> Criterion:
    def judge(work: str) -> Verdict:
        if wanted == "broken":
            raise RuntimeError("a defect")
        return passed("yes") if wanted in work else failed("no", expected="yes", next="try")

    return Criterion(name, points, name, "why", ("hint",), after, judge)


def test_the_best_is_the_one_that_earns_most_and_the_first_of_equals() -> None:
    first = _criterion("first", 1, "a")
    criteria = [first, _criterion("second", 2, "b", (first,)), _criterion("third", 5, "broken")]
    assert [earned(work, criteria) for work in ("", "a", "ab", "b")] == [0, 1, 3, 0]
    given_up: list[str] = []
    assert best(["x", "a", "ab", "ba"], criteria, given_up.append) == "ab"
    assert given_up == ["x", "a", "ba"]
    assert best(["x"], criteria, given_up.append) == "x"


def test_what_a_failed_criterion_still_earns_counts() -> None:
    def judge(work: str) -> Verdict:
        return failed("some are wrong", expected="none", next="try", share=work.count("a") / 4)

    shared = Criterion("shared", 2, "shared", "why", ("hint",), (), judge)
    needs_it = _criterion("second", 1, "b", (shared,))

    assert [earned(work, [shared, needs_it]) for work in ("", "ab", "aaa")] == [0, 0.5, 1.5]
    assert best(["a", "aaa", "ab"], [shared, needs_it], lambda _: None) == "aaa"
