"""`ninesteps doctor`: what is there, what is missing, and what mends it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from learners_terminal import BIN, Terminal, fingerprint

from graders.runners.engine.connection import Engine


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder for PATH with hardly anything in it."""
    folder = tmp_path / "bare"
    folder.mkdir()
    return folder


def states(shown: str) -> dict[str, str]:
    lines = [line for line in shown.splitlines() if line[:1] not in ("", " ", "E", "S")]
    return {line[10:24].strip(): line[:9].strip() for line in lines}


def test_where_the_course_can_be_used_it_says_so(newcomer: Terminal) -> None:
    done = newcomer("doctor")
    assert (done.code, done.err) == (0, "")
    found = states(done.out)
    assert {found[name] for name in ("Python", "git", "your folder", "jupyterlab", "nbgrader", "ninesteps")} == {"ok"}
    assert {found[name] for name in ("workflow runs", "linters")} == {"ok"}
    assert done.out.endswith("Everything the course needs is there.\n")
    assert newcomer("doctor").out == done.out


def test_without_git_it_says_how_to_get_it(newcomer: Terminal, bare: Path) -> None:
    done = newcomer("doctor", PATH=str(bare))
    assert done.code == 1
    assert states(done.out)["git"] == "missing"
    assert "Install git 2.38 or newer." in done.out
    assert "is missing: see the arrows above." in done.out


def test_without_git_no_command_breaks(fresh: Terminal, bare: Path) -> None:
    before = fingerprint(fresh.clone.parent)
    for words in (
        ["start", "git", "--into", "new"],
        ["check", "git"],
        ["submit", "git"],
        ["reset", "git"],
        ["pr", "list"],
    ):
        done = fresh(*words, PATH=str(bare))
        assert done.code == 2
        assert "git is not installed" in done.err
        assert "ninesteps doctor" in done.err
    assert fingerprint(fresh.clone.parent) == before


@pytest.mark.parametrize(
    ("tool", "command"),
    [("apt-get", "apt-get install git"), ("dnf", "dnf install git"), ("brew", "brew install git"),
     ("pacman", "pacman -S git"), ("winget", "winget install git")],
)  # fmt: skip
def test_the_command_is_that_of_the_machine(newcomer: Terminal, bare: Path, tool: str, command: str) -> None:
    (bare / tool).write_text("#!/bin/sh\n", encoding="utf-8")
    (bare / tool).chmod(0o755)
    assert command in newcomer("doctor", PATH=str(bare)).out


def test_an_old_git_is_not_enough(newcomer: Terminal, bare: Path) -> None:
    (bare / "git").write_text("#!/bin/sh\necho git version 2.30.1\n", encoding="utf-8")
    (bare / "git").chmod(0o755)
    done = newcomer("doctor", PATH=f"{bare}:/usr/bin:/bin")
    assert done.code == 1
    assert states(done.out)["git"] == "missing"


def test_what_only_some_steps_need_is_optional(newcomer: Terminal, bare: Path) -> None:
    git = shutil.which("git")
    assert git
    (bare / "git").symlink_to(git)
    done = newcomer("doctor", PATH=str(bare), DOCKER_HOST="unix:///nonexistent.sock")
    assert done.code == 0
    found = states(done.out)
    assert {found[name] for name in ("ninesteps", "sandbox", "Docker Engine", "Terraform")} == {"optional"}
    assert f'export PATH="{BIN}:$PATH"' in done.out


@pytest.mark.parametrize(
    ("name", "said", "state"),
    [("terraform", "Terraform v1.11.4", "ok"), ("tofu", "OpenTofu v1.9.0", "ok"), ("terraform", "Terraform v1.5.7", "optional")],
)  # fmt: skip
def test_it_tells_what_step_9_would_plan_with(newcomer: Terminal, bare: Path, name: str, said: str, state: str) -> None:
    git = shutil.which("git")
    assert git
    (bare / "git").symlink_to(git)
    (bare / name).write_text(f"#!/bin/sh\necho {said}\n", encoding="utf-8")
    (bare / name).chmod(0o755)
    done = newcomer("doctor", PATH=str(bare))
    assert states(done.out)["Terraform"] == state
    assert said in done.out
    assert ("1.7 or newer, for step 9" in " ".join(done.out.split())) is (state == "optional")


@pytest.mark.parametrize(
    ("tool", "way"),
    [("", "opentofu.org/docs/intro/install"), ("apt-get", "developer.hashicorp.com/terraform/install"),
     ("brew", "brew install opentofu"), ("winget", "winget install --exact --id=OpenTofu.Tofu")],
)  # fmt: skip
def test_without_terraform_it_says_what_step_9_does_then(newcomer: Terminal, bare: Path, tool: str, way: str) -> None:
    for one in filter(None, ["git", tool]):
        (bare / one).write_text("#!/bin/sh\necho git version 2.50.0\n", encoding="utf-8")
        (bare / one).chmod(0o755)
    done = newcomer("doctor", PATH=str(bare))
    assert states(done.out)["Terraform"] == "optional"
    assert way in done.out
    assert "your files are read and not planned" in " ".join(done.out.split())


def test_start_says_how_the_terminal_finds_the_command(newcomer: Terminal, bare: Path) -> None:
    git = shutil.which("git")
    assert git
    (bare / "git").symlink_to(git)
    shown = newcomer("start", "git", PATH=f"{bare}:/usr/bin:/bin").out
    assert f'export PATH="{BIN}:$PATH"' in shown
    assert "export PATH" not in newcomer("start", "git", "--into", "other").out


def test_it_finds_the_engine_where_docker_would(newcomer: Terminal, engine: Engine) -> None:
    there = newcomer("doctor", DOCKER_HOST=engine.url)
    none = newcomer("doctor", DOCKER_HOST="unix:///nonexistent.sock")
    assert states(there.out)["Docker Engine"] == "ok"
    assert engine.version in there.out
    assert states(none.out)["Docker Engine"] == "optional"
    assert "DOCKER_HOST says unix:///nonexistent.sock, and nothing answers there." in none.out
    assert "unset DOCKER_HOST" in none.out
