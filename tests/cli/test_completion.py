"""Shell completion: in a real bash, and by the protocol that zsh and fish speak."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from learners_terminal import Terminal

# typer asks which shell called it; a test runner is none.
NAMED = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
PRESS_TAB = """
source <(ninesteps --show-completion bash)
COMP_WORDS=(ninesteps {words}) COMP_CWORD={last}
_ninesteps_completion ninesteps
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def in_bash(learner: Terminal, *words: str) -> list[str]:
    """What bash offers where the last word is being typed."""
    quoted = " ".join(f"'{word}'" for word in words)
    script = PRESS_TAB.format(words=quoted, last=len(words))
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env={**learner.env, **NAMED}, cwd=learner.cwd, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_completes_commands_steps_and_options(newcomer: Terminal) -> None:
    assert set(in_bash(newcomer, "")) >= {"doctor", "start", "check", "hint", "reset", "solution", "progress", "pr"}
    assert in_bash(newcomer, "ch") == ["check"]
    assert in_bash(newcomer, "pr", "m") == ["merge"]
    assert in_bash(newcomer, "check", "--wa") == ["--watch"]
    for command in ("start", "check", "hint", "reset", "solution", "submit"):
        assert in_bash(newcomer, command, "g") == ["git"]
    assert in_bash(newcomer, "start", "x") == []


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_zsh_and_fish_complete_steps(newcomer: Terminal, shell: str) -> None:
    asked = {
        "_NINESTEPS_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "ninesteps start g",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    assert "git" in newcomer(**asked).out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_installed_for_the_named_shell(newcomer: Terminal, shell: str) -> None:
    shown = newcomer("--show-completion", shell, **NAMED)
    assert shown.code == 0
    assert "ninesteps" in shown.out
    done = newcomer("--install-completion", shell, **NAMED)
    assert done.code == 0, done
    home = Path(newcomer.env["HOME"])
    written = [path for path in home.rglob("*") if path.is_file() and "_NINESTEPS_COMPLETE" in path.read_text()]
    assert len(written) == 1
