"""`ninesteps check`: exit codes, JSON as the design fixes it, files, and whose attempt it is."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from learners_terminal import Terminal, fingerprint

CRITERION = {
    "id": str,
    "title": str,
    "verdict": str,
    "points": float,
    "max_points": float,
    "found": str,
    "expected": str,
    "where": str,
    "next": str,
    "ran": list,
}


def valid(found: dict[str, Any]) -> dict[str, Any]:
    """The JSON, once it is what DESIGN says."""
    assert (found["schema"], found["step"]) == (1, "git")
    assert isinstance(found["score"], float)
    assert found["max_score"] == 10.0
    for criterion in found["criteria"]:
        for key, kind in CRITERION.items():
            assert type(criterion[key]) is kind, (key, criterion)
        assert criterion["id"].startswith("git.")
        assert criterion["verdict"] in ("passed", "failed", "cannot_check", "error")
        assert criterion["points"] == (criterion["max_points"] if criterion["verdict"] == "passed" else 0.0)
        assert all(isinstance(command, str) and command for command in criterion["ran"])
        if criterion["verdict"] == "failed":
            assert all(criterion[key] for key in ("found", "expected", "next", "ran")), criterion
        if criterion["verdict"] == "cannot_check":
            assert criterion["found"]
            assert criterion["next"]
    assert sum(criterion["points"] for criterion in found["criteria"]) == found["score"]
    return found


def test_0_when_all_passed(solved: Terminal) -> None:
    done = solved("check", "git", "--json", "-")
    assert done.code == 0
    found = valid(done.json)
    assert found["score"] == 10.0
    assert sum(criterion["max_points"] for criterion in found["criteria"]) == found["max_score"]
    assert done.err == ""


def test_1_when_something_failed(fresh: Terminal) -> None:
    done = fresh("check", "git", "--json", "-")
    assert done.code == 1
    found = valid(done.json)
    assert {criterion["verdict"] for criterion in found["criteria"]} == {"failed", "cannot_check"}


def test_3_when_nothing_failed_but_something_could_not_be_checked(solved: Terminal) -> None:
    solved.git("remote", "remove", "origin")
    done = solved("check", "git", "--json", "-")
    assert done.code == 3
    found = valid(done.json)
    assert {criterion["verdict"] for criterion in found["criteria"]} == {"passed", "cannot_check"}
    assert found["score"] < 10.0


def test_2_with_a_problem_in_json_when_it_cannot_be_judged(newcomer: Terminal) -> None:
    done = newcomer("check", "git", newcomer.cwd, "--json", "-")
    assert done.code == 2
    found = valid(done.json)
    assert (found["score"], found["criteria"]) == (0.0, [])
    assert "is not a git repository" in found["problem"]["found"]
    assert found["problem"]["next"]
    assert found["problem"]["found"] in done.err


def test_the_number_of_the_step_does_as_well(fresh: Terminal) -> None:
    assert fresh("check", "1", "--json", "-").out == fresh("check", "git", "--json", "-").out


@pytest.mark.parametrize("name", ["fresh", "solved"])
def test_the_same_input_twice_gives_the_same_bytes(name: str, request: pytest.FixtureRequest) -> None:
    terminal = request.getfixturevalue(name)
    one, two = (terminal("check", "git", "--json", "-") for _ in range(2))
    assert (one.out, one.err) == (two.out, two.err)
    assert terminal("check", "git").out == terminal("check", "git").out


def test_without_a_cache_it_says_the_same(solved: Terminal) -> None:
    remembered = solved("check", "git", "--json", "-").out
    shutil.rmtree(Path(solved.env["NINESTEPS_HOME"]) / ".cache")
    assert solved("check", "git", "--json", "-").out == remembered


def test_json_in_a_file_is_the_same_as_on_standard_output_and_the_report_is_shown(solved: Terminal) -> None:
    target = solved.cwd / "ein Ergebnis.json"
    done = solved("check", "git", "--json", target)
    assert done.code == 0
    assert "10 of 10 points" in done.out
    assert target.read_text(encoding="utf-8") == solved("check", "git", "--json", "-").out


def test_json_is_utf_8_even_where_the_terminal_is_not(fresh: Terminal) -> None:
    ascii_only = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    fresh.git("switch", "-q", "-c", "größer-名前")
    assert json.loads(fresh("check", "git", "--json", "-", **ascii_only).out)["criteria"][0]["where"] == "größer-名前"


def test_junit(fresh: Terminal) -> None:
    target = fresh.cwd / "junit.xml"
    assert fresh("check", "git", "--junit", target).code == 1
    suite = ElementTree.parse(target).getroot().find(".//testsuite")  # noqa: S314 - written by us
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("9", "1")


@pytest.mark.parametrize("option", ["--json", "--junit", "--html"])
def test_a_file_that_cannot_be_written_is_said_after_the_report(fresh: Terminal, option: str) -> None:
    target = fresh.cwd / "no such folder" / "result"
    done = fresh("check", "git", option, target)
    assert done.code == 2
    assert "0 of 10 points" in done.out
    assert f"{target} can't be written: No such file or directory." in done.err


def test_a_problem_is_said_even_where_its_file_cannot_be_written(newcomer: Terminal) -> None:
    done = newcomer("check", "git", newcomer.cwd, "--json", newcomer.cwd / "no" / "x.json")
    assert done.code == 2
    assert "is not a git repository" in done.err
    assert "can't be written" in done.err


def test_judging_writes_nothing_into_the_clone_and_its_origin(solved: Terminal) -> None:
    def state() -> list[tuple[str, int, int]]:
        folder = solved.clone.parent
        return sorted((str(path), path.lstat().st_mtime_ns, path.lstat().st_ino) for path in folder.rglob("*"))

    before, content = state(), fingerprint(solved.clone.parent)
    assert solved("check", "git").code == 0
    assert (state(), fingerprint(solved.clone.parent)) == (before, content)


def attempts(terminal: Terminal) -> int:
    state = Path(terminal.env["NINESTEPS_HOME"]) / ".state" / "progress.json"
    found: int = json.loads(state.read_text(encoding="utf-8"))["steps"]["git"]["attempts"]
    return found


def test_only_the_learners_own_workspace_counts(fresh: Terminal, tmp_path: Path) -> None:
    shutil.copytree(fresh.clone.parent, tmp_path / "somebody")
    assert fresh("check", "git", tmp_path / "somebody").code == 1
    assert attempts(fresh) == 0
    done = fresh.at(tmp_path / "somebody" / "repo")("check", "git")
    assert f"This is about {tmp_path / 'somebody' / 'repo'}, where you are." in done.err
    assert str(fresh.clone) in done.err
    assert attempts(fresh) == 0
    assert fresh("check", "git").code == 1
    assert fresh("check", "git", fresh.clone).code == 1
    assert fresh.at(fresh.clone / "tests")("check", "git").err == ""
    assert attempts(fresh) == 3


def test_a_workspace_behind_a_link_is_still_the_learners_own(fresh: Terminal, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(fresh.clone.parent)
    assert fresh("check", "git", tmp_path / "link" / "repo").code == 1
    assert attempts(fresh) == 1


def test_a_hand_in_that_lies_in_the_clone_is_not_what_is_judged(fresh: Terminal) -> None:
    assert fresh("submit", "git", "--into", fresh.clone).code == 0
    fresh.git("switch", "-q", "-c", "list-few")
    fresh.commit("notes.md", "Notes\n", "Note what to do")
    assert fresh("check", "git", "--json", "-").json["score"] == 1.0
    assert fresh("check", "git", fresh.clone, "--json", "-").json["score"] == 1.0


@pytest.fixture
def no_sandbox(tmp_path: Path) -> str:
    """A PATH on which everything is but bubblewrap."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for part in os.environ.get("PATH", os.defpath).split(os.pathsep):
        for program in Path(part).iterdir() if Path(part).is_dir() else ():
            if program.name != "bwrap" and not (folder / program.name).is_symlink():
                (folder / program.name).symlink_to(program)
    return str(folder)


def test_without_a_sandbox_ones_own_tests_run_and_that_is_said_once(solved: Terminal, no_sandbox: str) -> None:
    shutil.rmtree(Path(solved.env["NINESTEPS_HOME"]) / ".cache")
    first, second = (solved("check", "git", PATH=no_sandbox) for _ in range(2))
    assert (first.code, second.code) == (0, 0)
    assert first.err.count("without a sandbox") == 1
    assert second.err == ""


def test_without_a_sandbox_a_hand_in_needs_trust(solved: Terminal, no_sandbox: str) -> None:
    assert solved("submit", "git", "--into", solved.cwd).code == 0
    refused = solved("check", "git", "git.ninesteps", PATH=no_sandbox)
    assert refused.code == 2
    assert "--trust-submissions" in refused.err
    assert solved("check", "git", "git.ninesteps", "--trust-submissions", PATH=no_sandbox).code == 0
    assert solved("check", "git", "git.ninesteps", PATH=no_sandbox, NINESTEPS_TRUST_SUBMISSIONS="1").code == 0
