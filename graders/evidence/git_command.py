"""Run git's plumbing where nothing but our own settings can reach it.

A hostile configuration, hook or attribute is only ever read by git from the repository it works in, the user's and the
system's files, and the environment; all four are ours here. https://git-scm.com/docs/git#_environment_variables
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from graders.problems import Problem

SECONDS = 60
_SETTINGS = """\
[safe]
\tdirectory = *
[core]
\thooksPath = /dev/null
\tfsmonitor = false
\tcommitGraph = false
[fetch]
\tfsckObjects = true
[gc]
\tauto = 0
[maintenance]
\tauto = false
[init]
\tdefaultBranch = main
[i18n]
\tlogOutputEncoding = UTF-8
[protocol]
\tallow = never
[protocol "file"]
\tallow = always
"""
_NETWORK = ("https", "http", "ssh", "git")


class GitFailed(Exception):
    """A git process that failed or took too long; `reason` is the last line that it said."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Git:
    """A bare repository of ours, and the plumbing to fill and read it."""

    def __init__(self, folder: Path) -> None:
        """Make an empty bare repository in `folder`, which must be ours and empty."""
        self.folder = folder / "snapshot.git"
        self._settings = folder / "settings"
        self._settings.write_text(_SETTINGS)
        self.environment = _environment(folder, self._settings)
        try:
            self._run(["init", "--quiet", "--bare", "--template=", str(self.folder)], self.environment)
        except FileNotFoundError:
            raise Problem("git is not installed, or not on PATH.", "See `ninesteps doctor`.") from None

    def read(self, *words: str, stdin: bytes | None = None) -> bytes:
        """The output of one git command on our repository. Raises GitFailed."""
        return self._run([f"--git-dir={self.folder}", *words], self.environment, stdin)

    def text(self, *words: str, stdin: bytes | None = None) -> str:
        """The same as text; what is not UTF-8 is replaced."""
        return self.read(*words, stdin=stdin).decode("utf-8", "replace")

    def fetch(self, source: str, refspecs: Sequence[str], *, network: bool = False) -> None:
        """Copy `refspecs` from `source` (a path, or with `network` a URL) into our repository; every object is checked.

        With `network` the user's own credential helpers and ssh settings are used, and no terminal prompt. Raises
        GitFailed.
        """
        environment = _network_environment() if network else self.environment
        quiet = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance"]
        options = ["-c", "core.hooksPath=/dev/null", "-c", "fetch.fsckObjects=true"]
        self._run([*options, f"--git-dir={self.folder}", "fetch", *quiet, "--", source, *refspecs], environment)

    def setting_of(self, config: Path, name: str) -> str:
        """One setting from somebody's config file, without following its includes; empty where there is none."""
        try:
            return self.text("config", "--file", str(config), "--no-includes", "--get", name).rstrip("\n")
        except GitFailed:
            return ""

    def _run(self, words: Sequence[str], env: Mapping[str, str], stdin: bytes | None = None) -> bytes:
        try:
            done = subprocess.run(
                ["git", *words], input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                capture_output=True, env=dict(env), timeout=SECONDS, cwd=self._settings.parent,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise GitFailed(f"git gave no answer within {SECONDS} seconds") from None
        if done.returncode:
            said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
            raise GitFailed(_most_telling(said))
        return done.stdout


def ask(git_dir: Path, *words: str) -> str:
    """One question to somebody's repository where it is, or empty where git gives no answer.

    Only for plumbing that runs nothing which a configuration can name: `rev-list`, `cat-file`, `rev-parse`.
    """
    fixed = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_ALLOW_PROTOCOL": "none"}
    try:
        done = subprocess.run(
            ["git", "-c", "safe.directory=*", f"--git-dir={git_dir}", *words],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, env=_environment(git_dir, git_dir) | fixed,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _most_telling(lines: list[str]) -> str:
    for start in ("error: ", "fatal: "):
        for line in lines:
            if line.startswith(start):
                return line.removeprefix(start)
    return lines[-1] if lines else "git failed and said nothing"


def _environment(home: Path, settings: Path) -> dict[str, str]:
    keep = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")
    return {name: os.environ[name] for name in keep if name in os.environ} | {
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(settings),
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CEILING_DIRECTORIES": str(home),
    }


def _network_environment() -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    kept = {name: os.environ[name] for name in ("GIT_SSL_CAINFO", "GIT_SSH_COMMAND", "GIT_ASKPASS") if name in os.environ}
    ssh = {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=10"}
    fixed = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_REPLACE_OBJECTS": "1"}
    return mine | ssh | kept | fixed | {"GIT_ALLOW_PROTOCOL": ":".join(_NETWORK)}
