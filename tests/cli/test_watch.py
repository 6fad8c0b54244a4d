"""`check --watch`: a report now and one after each change, until Ctrl-C."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest
from learners_terminal import Terminal

WAITS = "Watching for commits, pushes and pull requests. Ctrl-C ends it."


class Watching:
    """A running `check --watch`, and what it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._said: queue.Queue[str] = queue.Queue()
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (process.stdout, process.stderr)
            if stream
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._said.put(line)

    def until(self, *texts: str) -> str:
        """What is said until each of `texts` was; fails where they never are.

        One change may bring two reports: git moves refs one after the other.
        """
        said = ""
        while not all(text in said for text in texts):
            said += self._said.get(timeout=60)
        return said

    def interrupted(self) -> int:
        """The exit code after Ctrl-C; no traceback was shown."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=60)
        for reader in self._readers:
            reader.join(timeout=60)
        while not self._said.empty():
            assert "Traceback" not in self._said.get()
        return code


@contextmanager
def watching(learner: Terminal, *words: str) -> Iterator[Watching]:
    process = subprocess.Popen(
        [sys.executable, "-m", "graders", "check", "git", "--watch", *words],
        env={**learner.env, "PYTHONUNBUFFERED": "1"}, cwd=learner.cwd, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield Watching(process)
    finally:
        process.kill()
        process.wait()


def test_each_change_of_a_ref_brings_a_report_until_ctrl_c(fresh: Terminal) -> None:
    with watching(fresh) as seen:
        seen.until("There is no branch beside main yet.", WAITS)
        fresh.git("switch", "-q", "-c", "list-few")
        seen.until("it holds no commit of yours", WAITS)
        fresh.commit("notes.md", "Notes\n", "Note what to do")
        seen.until("1 of 10 points", WAITS)
        fresh.git("push", "-q", "-u", "origin", "list-few")
        seen.until("no pull request shows it", WAITS)
        assert fresh("pr", "create", "--title", "Take notes").code == 0
        seen.until("3 of 10 points", WAITS)
        assert seen.interrupted() == 0


def test_ctrl_c_while_it_judges_ends_it_too(fresh: Terminal) -> None:
    with watching(fresh) as seen:
        seen.until(WAITS)
        fresh.git("switch", "-q", "-c", "list-few")
        assert seen.interrupted() in (0, 130)


def test_json_is_written_at_each_change(fresh: Terminal) -> None:
    target = fresh.cwd / "result.json"
    with watching(fresh, "--json", str(target)) as seen:
        seen.until(WAITS)
        before = target.read_bytes()
        fresh.git("switch", "-q", "-c", "list-few")
        seen.until("it holds no commit of yours", WAITS)
        assert target.read_bytes() != before


def test_what_becomes_unreadable_is_said_and_watching_goes_on(fresh: Terminal) -> None:
    with watching(fresh) as seen:
        seen.until(WAITS)
        (fresh.clone / ".git" / "shallow").write_text("", encoding="utf-8")
        fresh.git("update-ref", "refs/heads/list-few", "HEAD")
        seen.until("is a shallow clone", WAITS)
        (fresh.clone / ".git" / "shallow").unlink()
        fresh.git("update-ref", "refs/heads/list-more", "HEAD")
        seen.until("0 of 10 points", WAITS)


@pytest.mark.parametrize("path", ["nowhere", "file.txt/x"])
def test_a_path_that_is_not_there_is_not_watched(newcomer: Terminal, path: str) -> None:
    done = newcomer("check", "git", path, "--watch")
    assert done.code == 2
    assert "does not exist" in done.err
