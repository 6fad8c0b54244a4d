"""`ninesteps start` as its users meet it; what it makes is tested in tests/workspace."""

from __future__ import annotations

from pathlib import Path

from learners_terminal import Terminal, fingerprint


def test_a_start_tells_the_ticket_and_what_to_do_next(newcomer: Terminal) -> None:
    done = newcomer("start", "1", "--seed", "3")
    assert (done.code, done.err) == (0, "")
    repo = Path(newcomer.env["NINESTEPS_HOME"]) / "01_git" / "repo"
    assert f"Your clone:  {repo}\nIts origin:  {repo.parent / 'origin.git'}\n" in done.out
    assert done.out.endswith(f"Next: cd {repo}\nHow far you are: ninesteps check git\n")
    assert all(len(line) <= 80 for line in done.out.split("Ticket:")[1].split("Next:")[0].splitlines())
    assert "git config user.name" not in done.out


def test_a_second_start_says_again_where_it_is_and_changes_nothing(fresh: Terminal) -> None:
    before = fingerprint(fresh.clone.parent)
    done = fresh("start", "git")
    assert done.code == 0
    assert str(fresh.clone) in done.out
    assert "Ticket:" in done.out
    assert "ninesteps reset git" in done.out
    assert fingerprint(fresh.clone.parent) == before


def test_another_variant_never_goes_over_what_is_there(fresh: Terminal) -> None:
    before = fingerprint(fresh.clone.parent)
    for words in (["--seed", "4"], ["--into", fresh.clone.parent]):
        done = fresh("start", "git", *words)
        assert done.code == 2
        assert "ninesteps reset git" in done.err
    assert fingerprint(fresh.clone.parent) == before


def test_somebody_whom_git_does_not_know_is_told_how_to_say_their_name(newcomer: Terminal) -> None:
    (Path(newcomer.env["HOME"]) / ".gitconfig").unlink()
    shown = newcomer("start", "git").out
    assert "commits there are by Learner <learner@example.org>" in shown
    assert 'git config user.name "Your Name"' in shown
    assert 'git config user.email "you@example.org"' in shown
