"""The forge's log is believed as far as it hangs together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graders.evidence.forge_log import ForgeLog, read_forge_log
from graders.evidence.git_command import Git
from graders.evidence.snapshot import Origin, Snapshot, snapshot_of
from graders.step import find


def logged(folder: Path, *bodies: str) -> ForgeLog | None:
    git = Git(folder)
    git.environment |= {
        f"GIT_{who}_{what}": "forge@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    tree = git.text("mktree").strip()
    tip: list[str] = []
    for body in bodies:
        tip = ["-p", git.text("commit-tree", tree, *tip, "-m", "Event", "-m", body).strip()]
    if tip:
        git.text("update-ref", "refs/origin/forge/log", tip[1])
    return read_forge_log(Snapshot(git, Origin()))


def event(kind: str, **values: object) -> str:
    return json.dumps({"event": kind, **values})


OPENED = event("opened", main="a")
MERGED = event("pr_merged", number=2, old="a", new="b")


def test_the_real_forges_log_is_read(work: Path) -> None:
    with snapshot_of(work / "repo", find("git")) as snapshot:
        log = read_forge_log(snapshot)

        assert log is not None
        assert log.opened == {"1", "2"}
        assert log.past_it(snapshot.refs["refs/origin/heads/main"]) == ""
        assert log.past_it("elsewhere") == "elsewhere"


def test_where_there_is_none_there_is_none(tmp_path: Path) -> None:
    assert logged(tmp_path) is None


@pytest.mark.parametrize(
    ("bodies", "main", "past"),
    [
        ([OPENED], "a", ""),
        ([OPENED], "b", "b"),
        ([OPENED, MERGED], "b", ""),
        ([OPENED, MERGED], "a", "a"),
        ([OPENED, event("pr_merged", number=2, old="x", new="b")], "b", "x"),
        ([OPENED, MERGED, event("pr_merged", number=3, old="x", new="c")], "c", "x"),
        (["no event at all"], "a", "a"),
        ([OPENED, MERGED, "no event at all", "[" * 50_000, "7", "null"], "b", ""),
        ([OPENED, event("pr_merged", number=2, old=["a"], new={"b": 1})], "a", ""),
    ],
)
def test_main_is_where_the_log_left_it_or_was_moved_past_it(
    tmp_path: Path, bodies: list[str], main: str, past: str
) -> None:
    log = logged(tmp_path, *bodies)

    assert log is not None
    assert log.past_it(main) == past


def test_only_numbers_are_pull_requests(tmp_path: Path) -> None:
    bodies = [event("pr_opened", number=number) for number in (2, "3", None, 4.5, [5])]

    assert logged(tmp_path, OPENED, *bodies) == ForgeLog(frozenset({"2"}), (("", "a"),))
