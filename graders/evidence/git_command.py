"""Run git's plumbing where nothing but our own settings can reach it.

A hostile configuration, hook or attribute is only ever read by git from the repository it works in, the user's and the
system's files, and the environment; all four are ours here. https://git-scm.com/docs/git#_environment_variables
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from graders.problems import Problem

SECONDS = 60
MOST_BYTES = 256 << 20
_MOST_TEXT = 64 << 20
_MOST_MEMORY = 4 << 30
# What serves a fetch reads the other repository's own settings: it may not go on to a remote that those name, as it
# would for a partial clone's missing objects. https://git-scm.com/docs/git#Documentation/git.txt-codeGITNOLAZYFETCHcode
_SERVE = "env GIT_NO_LAZY_FETCH=1 GIT_ALLOW_PROTOCOL=none git-upload-pack"
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
_AGES = re.compile(r" after \d+ ms")
_NETWORK = ("https", "http", "ssh", "git")


class GitFailed(Exception):
    """A git process that failed or took too long; `reason` is the last line that it said."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AnswerTooLong(GitFailed):
    """A git process that had more to say than a course's repository can give reason for."""


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

    def read(self, *words: str, stdin: bytes = b"", most: int = MOST_BYTES) -> bytes:
        """The output of one git command on our repository, up to `most` bytes. Raises GitFailed."""
        return self._run([f"--git-dir={self.folder}", *words], self.environment, stdin, most)

    def text(self, *words: str, stdin: bytes = b"") -> str:
        """The same as text; what is not UTF-8 is replaced."""
        return self.read(*words, stdin=stdin, most=_MOST_TEXT).decode("utf-8", "replace")

    def fetch(self, source: str, refspecs: Sequence[str], *, network: bool = False) -> None:
        """Copy `refspecs` from `source` (a path, or with `network` a URL) into our repository; every object is checked.

        With `network` the user's own credential helpers and ssh settings are used, and no terminal prompt. Raises
        GitFailed.
        """
        environment = _network_environment() if network else self.environment
        quiet = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance"]
        options = ["-c", "core.hooksPath=/dev/null", "-c", "fetch.fsckObjects=true"]
        quiet += [] if network else [f"--upload-pack={_SERVE}"]
        self._run([*options, f"--git-dir={self.folder}", "fetch", *quiet, "--", source, *refspecs], environment)

    def setting_of(self, config: Path, name: str) -> str:
        """A setting's first value in somebody's config file, without following its includes; empty where there is none."""
        try:
            every = self.text("config", "--file", str(config), "--no-includes", "--null", "--get-all", name)
        except GitFailed:
            return ""
        return every.split("\0")[0]

    def _run(self, words: Sequence[str], env: Mapping[str, str], stdin: bytes = b"", most: int = MOST_BYTES) -> bytes:
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
            given.write(stdin)
            given.seek(0)
            process = subprocess.Popen(
                [*_limit(), "git", *words], stdin=given, stdout=subprocess.PIPE, stderr=said, env=dict(env),
                cwd=self._settings.parent, start_new_session=True,
            )  # fmt: skip
            late = threading.Event()

            def expire() -> None:
                late.set()
                _end(process)

            timer = threading.Timer(SECONDS, expire)
            timer.start()
            try:
                answer = process.stdout.read(most + 1) if process.stdout else b""
                if len(answer) > most:
                    _end(process)
                process.wait()
            except BaseException:
                _end(process)
                raise
            finally:
                timer.cancel()
            if late.is_set():
                raise GitFailed(f"git gave no answer within {SECONDS} seconds")
            if len(answer) > most:
                raise AnswerTooLong(f"git has more than {most >> 20} MiB to say")
            if process.returncode:
                said.seek(0)
                lines = said.read(64 << 10).decode("utf-8", "replace").splitlines()
                raise GitFailed(_most_telling([line for line in lines if line.strip()]))
            return answer


@cache
def _limit() -> list[str]:
    """What bounds git's memory, where there is such a thing: few objects can stand for billions of files."""
    return ["prlimit", f"--as={_MOST_MEMORY}"] if shutil.which("prlimit") else []


def _end(process: subprocess.Popen[bytes]) -> None:
    """End git, and what it has started: a transport of its own may wait for an answer that never comes."""
    try:
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _most_telling(lines: list[str]) -> str:
    if any("repository corruption" in line for line in lines):
        return "objects in it are damaged or missing"
    for start in ("error: ", "fatal: "):
        for line in lines:
            if line.startswith(start) and line != "error: index-pack died":
                return _AGES.sub("", line.removeprefix(start)).rstrip(".")
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
    kept = {
        name: os.environ[name] for name in ("GIT_SSL_CAINFO", "GIT_SSH_COMMAND", "GIT_ASKPASS") if name in os.environ
    }
    ssh = {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=10"}
    fixed = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_REPLACE_OBJECTS": "1"}
    return mine | ssh | kept | fixed | {"GIT_ALLOW_PROTOCOL": ":".join(_NETWORK)}
