"""Step 1's drills against git itself, and what each says about the mistakes that people make."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from graders.drills.play import Asked
from graders.drills.question import Feedback, Listing, Outcome
from graders.drills.registry import drills
from graders.picture import CommitGraph
from graders.starter import exercise_module
from graders.step import find

Git = Callable[..., str]
SEEDS = range(12)


def asked(name: str, seed: int) -> Asked:
    return Asked(f"git.{name}", seed)


def module(name: str):  # type: ignore[no-untyped-def]
    return exercise_module(find("git"), f"drills/{name}")


def graph(shown: Asked, title: str) -> CommitGraph:
    every = (*shown.question.figures, *shown.question.options)
    return next(one for one in every if isinstance(one, CommitGraph) and one.title == title)


def build(git: Git, folder: Path, drawn: CommitGraph) -> dict[str, str]:
    """The drawn history in real git: each commit adds a file of its own. Gives the real id for each drawn one."""
    folder.mkdir()
    git(folder, "init", "--quiet")
    ids: dict[str, str] = {}
    for node in drawn.nodes:
        for parent in node.parents[:1]:
            git(folder, "read-tree", ids[parent])
        (folder / node.id).write_text(node.id)
        git(folder, "add", node.id)
        parents = [word for parent in node.parents for word in ("-p", ids[parent])]
        ids[node.id] = git(
            folder, "commit-tree", git(folder, "write-tree").strip(), *parents, "-m", node.text or node.id
        ).strip()
        for label in node.labels:
            git(folder, "update-ref", f"refs/heads/{label}", ids[node.id])
    return ids


# --- merge_base, ahead_of_main ---


@pytest.mark.parametrize("seed", SEEDS)
def test_merge_base_is_what_git_prints(git: Git, tmp_path: Path, seed: int) -> None:
    shown = asked("merge_base", seed)
    drawn = graph(shown, "History")
    ids = build(git, tmp_path / "repo", drawn)

    printed = git(tmp_path / "repo", "merge-base", "--all", "main", drawn.lanes[1]).split()

    assert [ids[shown.question.right]] == printed


@pytest.mark.parametrize("seed", SEEDS)
def test_ahead_of_main_is_what_git_counts(git: Git, tmp_path: Path, seed: int) -> None:
    shown = asked("ahead_of_main", seed)
    drawn = graph(shown, "History")
    build(git, tmp_path / "repo", drawn)

    assert git(tmp_path / "repo", "rev-list", "--count", f"main..{drawn.lanes[1]}").strip() == shown.question.right


def test_merge_base_names_the_mistake() -> None:
    """History by hand: c3 forks off c2; main's c4 is merged into the branch with c5; c6 is main, c7 the branch."""
    drill = module("merge_base")
    parents = {
        "c1": (),
        "c2": ("c1",),
        "c3": ("c2",),
        "c4": ("c2",),
        "c5": ("c3", "c4"),
        "c6": ("c4",),
        "c7": ("c5",),
        "c8": ("c1",),
    }
    lanes = {"c1": 0, "c2": 0, "c3": 1, "c4": 0, "c5": 1, "c6": 0, "c7": 1, "c8": 2}
    history = drill.History(parents, lanes, {0: "c6", 1: "c7", 2: "c8"}, "c2")

    def text(given: str) -> str:
        return str(drill._judge(history, "c4", "login", given).text)

    assert history.merge_bases() == ["c4"]
    assert text("c4").endswith("It is newer than c2, where `login` began, since a merge brought the two together.")
    assert text("c1") == "c1 is a common ancestor, but not the newest: c2 comes after it, and is on both branches too."
    assert text("c2").startswith("c2 is where `login` left main, but a merge has brought the two together again")
    assert text("c3") == "c3 is only on `login`: following the lines from main never gets there."
    assert text("c6") == "c6 is only on main: following the lines from `login` never gets there."
    assert text("c8").startswith("c8 is on neither branch")
    assert text("c99") == "There is no commit c99 in the drawing."
    assert text("main") == "`main` does not name a commit."
    for same in (" C4 ", "`c4`", "commit c4", "4", "c04"):
        assert drill._judge(history, "c4", "login", same).outcome is Outcome.RIGHT


@pytest.mark.parametrize("seed", SEEDS)
def test_ahead_of_main_tells_the_usual_miscounts_apart(seed: int) -> None:
    shown = asked("ahead_of_main", seed)
    drawn = graph(shown, "History")
    own, every = int(shown.question.right), len(drawn.nodes)
    behind = sum(node.lane == 0 for node in drawn.nodes) - sum(
        node.lane == 0 for node in drawn.nodes if _is_shared(drawn, node.id)
    )

    assert "other direction" in shown.answer(str(behind)).feedback.text
    assert "that main has too" in shown.answer(str(every - behind)).feedback.text
    assert "too many" in shown.answer(str(every + 1)).feedback.text
    assert "too few" in shown.answer("0").feedback.text
    assert shown.answer(f"{own} commits").feedback.outcome is Outcome.RIGHT
    assert shown.answer("-1").feedback.outcome is Outcome.UNCLEAR


def _is_shared(drawn: CommitGraph, id: str) -> bool:
    by_id = {node.id: node for node in drawn.nodes}
    one = next(node for node in drawn.nodes if drawn.lanes[1] in node.labels)
    while one.id != id and one.parents:
        one = by_id[one.parents[0]]
    return one.id == id


# --- which_rebase ---


def shape(drawn: CommitGraph, branch: str) -> tuple[list[str], set[str]]:
    """A branch's subjects, newest first by first parents, and the drawing's ids."""
    by_id = {node.id: node for node in drawn.nodes}
    one, subjects = next(node for node in drawn.nodes if branch in node.labels), []
    while True:
        subjects.append(one.text)
        if not one.parents:
            return subjects, set(by_id)
        one = by_id[one.parents[0]]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_right_history_is_what_git_makes(git: Git, tmp_path: Path, seed: int) -> None:
    shown = asked("which_rebase", seed)
    before, after = graph(shown, "Before"), graph(shown, shown.question.right)
    feature = before.lanes[1]
    repo = tmp_path / "repo"
    ids = build(git, repo, before)

    git(repo, "reset", "--quiet", "--hard")
    git(repo, "switch", "--quiet", feature)
    git(repo, "rebase", "--quiet", "main")

    for branch in ("main", feature):
        assert git(repo, "log", "--format=%s", branch).splitlines() == shape(after, branch)[0]
    real = set(git(repo, "rev-list", "main", feature).split())
    kept = {drawn for drawn, id in ids.items() if id in real}
    assert kept == shape(before, feature)[1] & shape(after, feature)[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_wrong_histories_differ_and_each_has_its_own_reason(seed: int) -> None:
    shown = asked("which_rebase", seed)
    options = [graph(shown, letter) for letter in "ABC"]

    assert len({option.nodes for option in options}) == 3
    assert len({shown.answer(letter).feedback.text for letter in "ABC"}) == 3
    for option in options:
        places = {node.id: place for place, node in enumerate(option.nodes)}
        assert all(places[parent] < places[node.id] for node in option.nodes for parent in node.parents)
    for same in ("a", "A)", "option A", " a. "):
        assert shown.answer(same) == shown.answer("A")
    assert shown.answer("D").feedback.text == "`D` is none of the options."


# --- broken_build ---


@pytest.mark.parametrize("seed", range(4))
def test_git_bisect_finds_the_answer(git: Git, seed: int) -> None:
    shown = asked("broken_build", seed)
    shown.prepare()
    repo = shown.folder

    git(repo, "bisect", "start", "main", "v1.0")
    said = git(repo, "bisect", "run", sys.executable, "test_cart.py")
    line = next(line for line in said.splitlines() if line.endswith("is the first bad commit"))

    assert 16 <= int(git(repo, "rev-list", "--count", "main")) <= 20
    for given in (line, line.split()[0], line.split()[0][:7], git(repo, "log", "-1", "--format=%s", line.split()[0])):
        assert shown.answer(given).feedback.outcome is Outcome.RIGHT
    assert shown.answer(line.split()[0][:3]).feedback.outcome is Outcome.UNCLEAR


def test_the_build_is_red_from_the_answer_on_and_green_before(git: Git) -> None:
    shown = asked("broken_build", 11)
    shown.prepare()
    repo = shown.folder
    commits = git(repo, "rev-list", "--reverse", "main").split()

    green = []
    for commit in commits:
        git(repo, "checkout", "--quiet", commit)
        green.append(git(repo, "-c", f"alias.t=!'{sys.executable}' test_cart.py", "t", check=False).startswith("cart:"))

    place = commits.index(shown.question.right)
    assert green == [True] * place + [False] * (len(commits) - place)
    assert git(repo, "status", "--porcelain") == ""


def test_bisecting_says_on_which_side_a_commit_is(git: Git) -> None:
    shown = asked("broken_build", 5)
    shown.prepare()
    commits = git(shown.folder, "rev-list", "--reverse", "main").split()
    place = commits.index(shown.question.right)

    def text(given: str) -> str:
        return shown.answer(given).feedback.text

    assert text(commits[0]).endswith("the test still passes, so the break came later.")
    assert text(commits[place - 1]).endswith("it is the last good commit.")
    assert text(commits[place + 1]).endswith("it already failed one commit earlier.")
    assert text("HEAD~3") == "`HEAD~3` is neither the id nor the subject of a commit on main."
    assert text("0123456789").startswith("No commit on main has an id that begins with")


def test_an_ambiguous_abbreviation_asks_for_more() -> None:
    feedback = module("broken_build")._judge(("abcd1" + "0" * 35, "abcd2" + "0" * 35), ["One", "Two"], 1, "abcd")

    assert feedback == Feedback(Outcome.UNCLEAR, "2 commits have an id that begins with `abcd`.", "Give more of it.")


def test_a_deleted_repository_is_made_again_and_judging_never_needed_it(git: Git) -> None:
    shown = asked("broken_build", 5)

    assert shown.answer(shown.question.right).feedback.outcome is Outcome.RIGHT
    assert not shown.folder.exists()
    shown.prepare()
    assert git(shown.folder, "log", "-1", "--format=%H", shown.question.right).strip() == shown.question.right


# --- mend_conflict ---

SHIPPING_SEED = next(seed for seed in range(99) if "shipping_cents" in asked("mend_conflict", seed).question.right)
FILTER_SEED = next(seed for seed in range(99) if "select_orders" in asked("mend_conflict", seed).question.right)


def conflict_of(shown: Asked) -> str:
    (listing,) = shown.question.figures
    assert isinstance(listing, Listing)
    return listing.text


@pytest.mark.parametrize("seed", SEEDS)
def test_the_conflict_is_the_one_that_git_makes(git: Git, tmp_path: Path, seed: int) -> None:
    case = module("mend_conflict").case(Random(seed))
    for name, text in (("mine", case.text(case.mine)), ("base", case.text()), ("theirs", case.text(case.theirs))):
        (tmp_path / name).write_text(text)

    merged = git(
        tmp_path,
        "merge-file",
        "-p",
        "-L",
        "HEAD",
        "-L",
        "b",
        "-L",
        "1234567 (Mine)",
        "theirs",
        "base",
        "mine",
        check=False,
    )

    assert merged == case.conflict("1234567 (Mine)")


def case_of(seed: int):  # type: ignore[no-untyped-def]
    """The case that the question of this seed is made from."""
    return module("mend_conflict").case(Random(f"{seed}:git.mend_conflict"))


@pytest.mark.parametrize("seed", [SHIPPING_SEED, FILTER_SEED])
def test_other_right_answers_are_right(seed: int) -> None:
    shown, case = asked("mend_conflict", seed), case_of(seed)
    text = shown.question.right
    assert text == case.text(case.theirs, case.mine)

    for other in (
        case.text(case.mine, case.theirs),
        text.replace("\n", "\r\n"),
        text.replace(f"({case.argument}, ", f"({case.argument}, *, "),
        f'import os\n\n"""Ours."""\n\n{text}\n\nif __name__ == "__main__":\n    print({case.name})\n',
        text.replace('"""\n', '    ======= mended\n    """\n', 1),
        "\n\n" + text + "\n\n",
    ):
        feedback = shown.answer(other).feedback
        assert feedback.outcome is Outcome.RIGHT, (other, feedback)
    assert case.theirs.parameter in feedback.text
    assert case.mine.parameter in feedback.text


def test_each_mistake_has_its_name() -> None:
    shown, case = asked("mend_conflict", SHIPPING_SEED), case_of(SHIPPING_SEED)
    theirs, mine = case.theirs, case.mine
    right = shown.question.right
    lines = right.splitlines()

    def says(*words: str, text: str) -> None:
        feedback = shown.answer(text).feedback
        assert feedback.outcome is Outcome.WRONG, feedback
        for word in words:
            assert word in f"{feedback.text} {feedback.next}", feedback

    says("Line 1 is still a conflict marker: `<<<<<<< HEAD`", text=conflict_of(shown))
    says("Line 4 is still a conflict marker: `=======`", text="\n".join([*lines[:3], "=======", *lines[3:]]))
    says(f"`{mine.parameter}` is gone, and with it your change", text=right.replace(f", {mine.parameter}=False", ""))
    says(f"`{theirs.parameter}` is gone", text=right.replace(f", {theirs.parameter}=False", ""))
    says("your change is lost", mine.parameter, text=right.replace(mine.block, ""))
    says("change is lost", theirs.parameter, text=right.replace(theirs.block, ""))
    says("in the body just once", text=right.replace(mine.block, mine.block * 2))
    says(
        "Each change works alone", "elif", text=right.replace(f"    if {mine.parameter}", f"    elif {mine.parameter}")
    )
    says(
        "your change is lost", "before its `return`", text=case.text(theirs, mine).replace(mine.block, "") + mine.block
    )
    says(f"is there 2 times, and the one from line {len(lines) + 2}", text=f"{right}\n{right}")
    says("Lines 1 and 2 are both a `def`", text=case.head_with(theirs) + case.head_with(mine) + case.start + case.end)
    says("This is no Python yet: line 2: ", text=right.replace("\n    ", "\n", 1))
    says("without either parameter the function must do", text=right.replace("// 1000", "// 500"))
    says("There is no function", text=right.replace(case.name, "other"))
    says("breaks off: NameError", text=right.replace("return cents", "return total"))


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("import os; os._exit(0)", "Python ended before the function gave anything back."),
        ("raise SystemExit", "breaks off: SystemExit"),
        ("while True: pass", "doesn't come to an end"),
        ("open('/etc/hostile', 'w')", "breaks off: "),
        ("import socket; socket.create_connection(('127.0.0.1', 1), 1)", "breaks off: "),
        ("import sys; open(sys.argv[1], 'w').write('[[[[[[]]]]]]'); import os; os._exit(0)", "Python ended before"),
        ("import sys; open(sys.argv[1], 'w').write('[' * 99999); import os; os._exit(0)", "Python ended before"),
    ],
)
def test_hostile_text_runs_apart_and_gets_a_sentence(extra: str, said: str) -> None:
    shown = asked("mend_conflict", SHIPPING_SEED)

    feedback = shown.answer(f"{shown.question.right}\n{extra}\n").feedback

    assert feedback.outcome is Outcome.WRONG
    assert said in feedback.text


def test_deep_nesting_is_unreadable_and_no_crash() -> None:
    shown = asked("mend_conflict", SHIPPING_SEED)

    assert shown.answer("x = " + "(" * 5000).feedback.outcome is not Outcome.RIGHT
    assert shown.answer("x = " + "-" * 19_000 + "1").feedback.outcome is not Outcome.RIGHT


# --- refused_push ---


def refusals(git: Git, tmp_path: Path) -> dict[str, str]:
    """What git really says in each situation; the server's hook speaks for a hosting service."""
    origin, mine, other = tmp_path / "origin.git", tmp_path / "mine", tmp_path / "other"
    git(tmp_path, "init", "--quiet", "--bare", str(origin))
    git(tmp_path, "clone", "--quiet", str(origin), str(mine))
    said = {}

    def commit(repo: Path, name: str) -> None:
        (repo / name).write_text(name)
        git(repo, "add", name)
        git(repo, "commit", "--quiet", "-m", name)

    commit(mine, "a")
    git(mine, "push", "--quiet", "origin", "main")
    git(mine, "switch", "--quiet", "-c", "login")
    said["no upstream"] = git(mine, "push", check=False)
    commit(mine, "b")
    git(mine, "push", "--quiet", "-u", "origin", "login")
    git(mine, "commit", "--quiet", "--amend", "-m", "b again")
    said["rebased"] = git(mine, "push", check=False)
    git(mine, "reset", "--quiet", "--hard", "origin/login")
    git(tmp_path, "clone", "--quiet", "-b", "login", str(origin), str(other))
    commit(other, "c")
    git(other, "push", "--quiet")
    commit(mine, "d")
    said["fetch first"] = git(mine, "push", check=False)
    said["fetch first, forced"] = git(mine, "push", "--force-with-lease", check=False)
    hook = origin / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    git(mine, "switch", "--quiet", "main")
    commit(mine, "e")
    said["protected"] = git(mine, "push", "origin", "main", check=False)
    return said


def test_the_shown_output_is_gits_own(git: Git, tmp_path: Path) -> None:
    real = refusals(git, tmp_path)

    for name, situation in module("refused_push").situations("login").items():
        telling = [line for line in situation.output.splitlines() if line.startswith((" ! ", "fatal:"))]
        for line in telling:
            ours, gits = (" ".join(text.split()) for text in (line, real[name]))
            assert ours.replace("protected branch hook", "hook") in gits
    assert "(stale info)" in real["fetch first, forced"]


def test_every_situation_is_asked_and_each_remedy_has_its_own_answer() -> None:
    rights = set()
    for seed in range(40):
        shown = asked("refused_push", seed)
        texts = [shown.answer(letter).feedback.text for letter in "ABCD"]
        assert len(set(texts)) == 4
        rights.add(shown.answer(shown.question.right).feedback.text)

    assert len(rights) == 4


def test_no_drill_is_left_without_a_test_here() -> None:
    here = Path(__file__).read_text()

    for drill_id in drills():
        if drill_id.startswith("git."):
            assert f'"{drill_id.removeprefix("git.")}"' in here
