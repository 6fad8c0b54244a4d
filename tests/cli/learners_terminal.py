"""A learner's terminal: the command line as a process, with a home and a git identity of its own."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
_KEPT = ("SYSTEMROOT", "TMPDIR", "PYTHONPATH")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output as JSON, and nothing else on it."""
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass(frozen=True)
class Terminal:
    """A learner's terminal: `ninesteps` and plain git, with an environment and a current folder."""

    env: Mapping[str, str]
    cwd: Path
    clone: Path = field(default=Path())

    def __call__(self, *words: str | Path, **env: str) -> Done:
        """Run `ninesteps WORDS…`; it never breaks, and shows no traceback."""
        done = self.unchecked(*words, **env)
        assert "Traceback" not in done.out + done.err
        assert "This is our defect" not in done.out + done.err, done
        return done

    def unchecked(self, *words: str | Path, **env: str) -> Done:
        return self._run([sys.executable, "-m", "graders", *map(str, words)], env)

    def git(self, *words: str | Path, fails: bool = False) -> str:
        """Run git in the clone; returns what it says."""
        done = replace(self, cwd=self.clone if self.clone.parts else self.cwd)._run(["git", *map(str, words)], {})
        assert (done.code != 0) is fails, f"git {words}: {done}"
        return (done.out + done.err).strip() if fails else done.out.strip()

    def commit(self, path: str, text: str, message: str) -> str:
        """Write a file of the clone, commit it, and return the commit's id."""
        (self.clone / path).write_text(text, encoding="utf-8")
        self.git("add", "--", path)
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def at(self, folder: Path) -> Terminal:
        return replace(self, cwd=folder)

    def _run(self, command: list[str], env: Mapping[str, str]) -> Done:
        done = subprocess.run(
            command, cwd=self.cwd, env={**self.env, **env}, stdin=subprocess.DEVNULL, capture_output=True, timeout=120
        )
        return Done(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def environment(home: Path, ninesteps_home: Path) -> dict[str, str]:
    """A learner whom git knows, and nothing of this machine's settings."""
    home.mkdir(parents=True, exist_ok=True)
    settings = home / ".gitconfig"
    settings.write_text("[user]\n\tname = Lea\n\temail = lea@example.org\n", encoding="utf-8")
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)]),
        "HOME": str(home),
        "NINESTEPS_HOME": str(ninesteps_home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_EDITOR": "true",
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def fingerprint(folder: Path) -> str:
    """Every name, kind, mode and content below a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        content = b""
        if stat.S_ISLNK(mode):
            content = os.readlink(path).encode()
        elif stat.S_ISREG(mode):
            content = path.read_bytes()
        digest.update(repr((str(path.relative_to(folder)), mode, content)).encode())
    return digest.hexdigest()
