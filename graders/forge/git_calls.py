"""Git as the forge and the workspace call it: with no variables of the caller's that would send it elsewhere."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import git

from graders.problems import Problem

BOT_NAME = "Nine Steps forge"
BOT_MAIL = "forge@example.org"
# What says who the learner is, when, and where their settings are; every other GIT_* variable could redirect a command.
_KEPT = {
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_DATE",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_DATE",
    "GIT_EXEC_PATH",
}
_FORGE_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": "true",
    "GIT_AUTHOR_NAME": BOT_NAME,
    "GIT_AUTHOR_EMAIL": BOT_MAIL,
    "GIT_COMMITTER_NAME": BOT_NAME,
    "GIT_COMMITTER_EMAIL": BOT_MAIL,
}


@contextmanager
def without_caller_variables() -> Iterator[None]:
    """For as long as this lasts, git sees none of the caller's GIT_DIR, GIT_INDEX_FILE and the like.

    GitPython always passes on `os.environ`, so that is where they are taken out; they are put back at the end. What
    git itself says is turned into a `Problem`.
    """
    taken = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("GIT_") and name not in _KEPT and not name.startswith("GIT_PYTHON_")
    }
    for name in taken:
        del os.environ[name]
    try:
        yield
    except git.GitCommandNotFound:
        raise Problem("git is not installed, or not on your PATH.", "`ninesteps doctor` says how to get it.") from None
    except git.GitCommandError as error:
        raise Problem(f"git could not do this: {reason(error)}") from error
    finally:
        os.environ.update(taken)


def forge_environment() -> dict[str, str]:
    """The whole environment of a git process on a forge, for those that are not run through GitPython."""
    return {**os.environ, **_FORGE_ENVIRONMENT}


def forge_git(git_dir: Path) -> git.Git:
    """Git on a bare repository of ours, whatever the learner's own settings are."""
    calls = git.Git(str(git_dir))
    calls.update_environment(**_FORGE_ENVIRONMENT, GIT_DIR=str(git_dir))
    return calls


def settings_free_git(folder: Path) -> git.Git:
    """Git in a folder, whatever the learner's own settings are."""
    calls = git.Git(str(folder))
    calls.update_environment(**_FORGE_ENVIRONMENT)
    return calls


def learner_git(repo: Path) -> git.Git:
    """Git in a learner's clone, with their own settings and identity."""
    calls = git.Git(str(repo))
    calls.update_environment(GIT_TERMINAL_PROMPT="0")
    return calls


def ask(calls: git.Git, *command: str) -> str:
    """What one git command prints, or "" where it fails: for questions whose answer may be "there is none"."""
    status, out, _ = calls.execute(["git", *command], with_extended_output=True, with_exceptions=False)
    return str(out).strip() if status == 0 else ""


def holds(calls: git.Git, *command: str) -> bool:
    """Whether one git command ends with status 0."""
    status, _, _ = calls.execute(["git", *command], with_extended_output=True, with_exceptions=False)
    return status == 0


def feed(calls: git.Git, text: str, *command: str) -> str:
    """Run one git command with `text` on its standard input; returns what it prints."""
    with tempfile.TemporaryFile() as file:
        file.write(text.encode())
        file.seek(0)
        return str(calls.execute(["git", *command], istream=file)).strip()


def reason(error: git.GitCommandError) -> str:
    """The line in which git says why, without its prefix."""
    said = str(error.stderr).strip().removeprefix("stderr:").strip().strip("'")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines or ["no reason given"]
    return telling[0].removeprefix("fatal:").removeprefix("error:").strip()
