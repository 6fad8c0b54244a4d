"""`ninesteps submit` as a learner types it; what the file holds is tested in tests/workspace."""

from __future__ import annotations

import pytest
from learners_terminal import Terminal


@pytest.mark.parametrize("name", ["fresh", "solved"])
def test_the_file_is_judged_as_the_workspace_is(name: str, request: pytest.FixtureRequest) -> None:
    learner: Terminal = request.getfixturevalue(name)
    done = learner("submit", "git")
    written = learner.cwd / "git.ninesteps"
    assert (done.code, done.err) == (0, "")
    assert f"Hand this in: {written}\n" in done.out
    assert f"ninesteps check git {written}" in done.out
    here, there = learner("check", "git", "--json", "-"), learner("check", "git", written, "--json", "-")
    assert (there.code, there.out) == (here.code, here.out)
    assert learner("check", "git", learner.cwd, "--json", "-").out == here.out


def test_the_same_work_gives_the_same_bytes(solved: Terminal) -> None:
    contents = []
    for folder in ("one", "two"):
        assert solved("submit", "git", "--into", folder).code == 0
        contents.append((solved.cwd / folder / "git.ninesteps").read_bytes())
    assert contents[0] == contents[1]


def test_in_the_clone_it_is_written_beside_it(fresh: Terminal) -> None:
    done = fresh.at(fresh.clone / "tests")("submit", "git")
    assert f"Hand this in: {fresh.clone.parent / 'git.ninesteps'}\n" in done.out
    assert fresh.git("status", "--porcelain") == ""


def test_what_will_cost_points_is_said_at_once(solved: Terminal) -> None:
    solved.git("remote", "remove", "origin")
    done = solved("submit", "git")
    assert done.code == 0
    assert "Some of it can't be checked" in done.err
    assert "no remote called origin" in done.err
    assert "git remote add origin" in done.err
    assert solved("check", "git", "git.ninesteps").code == 3
