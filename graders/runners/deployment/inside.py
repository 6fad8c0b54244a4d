"""Runs in the sandbox: a proxy, a steady load on it, and the learner's scripts one after another; writes down what happened.

The record is written by this process, which lets nobody look into it, under a token that it is given on standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

import psutil

_PR_SET_DUMPABLE = 4  # https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
_FRONT, _ADMIN = 8080, 2019
_MOST_SAID, _MOST_RECORD, _MOST_REQUESTS = 4_000, 64_000, 30_000
_SETTLED, _ENOUGH = 0.25, 8  # seconds and requests after a script, by which it is known what serves
_MOST_AFTERWARDS, _MOST_WITH_NONE_UP = 10.0, 1.0  # seconds for a script after one that did not end
_REQUEST = b"GET /widgets HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_MARK = "NINESTEPS_DEPLOYMENT"
_DIGEST = re.compile(rb"^x-release: *sha256:([0-9a-f]{64})\r?$", re.IGNORECASE | re.MULTILINE)


class Load:
    """Requests at a steady pace, each on a connection of its own, in a thread of its own.

    `seen` holds for each: when it began (seconds), its status (0: no answer), the digest that answered, how long it took.
    """

    def __init__(self, began: float, each: float) -> None:
        self.seen: list[tuple[float, int, str, float]] = []
        self._began, self._each, self._over = began, each, threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._steadily()), daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Send no more, and wait for the answers that are due."""
        self._over.set()
        self._thread.join(10)

    async def _steadily(self) -> None:
        asked: set[asyncio.Task[None]] = set()
        due = time.monotonic()
        while not self._over.is_set() and len(self.seen) < _MOST_REQUESTS:
            task = asyncio.create_task(self._ask())
            asked.add(task)
            task.add_done_callback(asked.discard)
            due = max(due + self._each, time.monotonic() - 1)
            await asyncio.sleep(max(0, due - time.monotonic()))
        if asked:
            await asyncio.wait(asked, timeout=8)

    async def _ask(self) -> None:
        began = time.monotonic()
        status, digest = 0, ""
        for _ in range(2):  # caddy's old listener resets who waits in its queue when a configuration is loaded
            with contextlib.suppress(OSError, TimeoutError, ValueError):
                status, digest = await asyncio.wait_for(self._answer(), 5)
            if status or time.monotonic() - began > 1:
                break
        self.seen.append((began - self._began, status, digest, time.monotonic() - began))

    @staticmethod
    async def _answer() -> tuple[int, str]:
        reader, writer = await asyncio.open_connection("127.0.0.1", _FRONT)
        try:
            writer.write(_REQUEST)
            said = await reader.read(-1)
        finally:
            writer.close()
        head, end, _ = said.partition(b"\r\n\r\n")
        named = _DIGEST.search(head)
        return (int(head.split(b" ", 2)[1]) if end else 0), named[1].decode() if named else ""


class Stage:
    """The place where the scripts act: the releases, the proxy, and what was recorded so far."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.task, self.tree, self.events = task, Path.cwd(), list[dict[str, Any]]()
        self.env = {**os.environ, **task["env"], "HOME": "/tmp" if task["isolated"] else os.environ["HOME"],  # noqa: S108
                    _MARK: task["mark"]}  # fmt: skip
        self.began, self.epoch = time.monotonic(), time.time()
        self.load: Load | None = None
        self.patience = float("inf")  # seconds for a script, less once one did not end
        self.ended = 0.0  # when the newest script did
        self.strangers: list[socket.socket] = []

    def set_up(self) -> str:
        """Lay the releases out and start the proxy; what went wrong, or nothing."""
        self._lay_out(self.tree / "releases")
        with open("proxy.log" if not self.task["isolated"] else "/tmp/proxy.log", "wb") as log:  # noqa: S108
            proxy = subprocess.Popen(
                [self.task["proxy"], "run", "--config", "-"], env=self.env, stdin=subprocess.PIPE, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        assert proxy.stdin
        with contextlib.suppress(OSError), proxy.stdin as config:
            config.write(json.dumps(self.task["proxy_config"]).encode())
        for _ in range(400):
            if proxy.poll() is not None:
                return "the proxy did not start; is its port taken?"
            if _listens(_FRONT) and _listens(_ADMIN):
                self.load = Load(self.began, self.task["each"])
                return ""
            time.sleep(0.05)
        return "the proxy did not start in time"

    def _lay_out(self, releases: Path) -> None:
        """The scripts as programs, in a repository, and the releases in a folder."""
        for path in self.tree.rglob("*"):
            if path.is_file() and path.read_bytes()[:2] == b"#!":
                path.chmod(0o755)
        for digest, files in self.task["releases"].items():
            folder = releases / digest
            folder.mkdir(parents=True)
            for name, text in files.items():
                (folder / name).write_text(text)
            (folder / "serve").chmod(0o755)
        self._repository()

    def _repository(self) -> None:
        """Scripts may ask git where they are."""
        for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "Handed in"]):
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(["git", *words], env=self.env, capture_output=True, timeout=20)

    def act(self, step: dict[str, Any]) -> None:
        """One step of the plan."""
        if "unless" in step and step["unless"] in self._serving():
            return
        match step["do"]:
            case "script":
                self._script(step)
            case "break":
                Path(self.task["once"]).touch()
                self.events.append({"name": step["name"], "began": self._now(), "ended": self._now()})
                time.sleep(0.3)
            case "publish":
                self._publish(step["digest"])
            case "take_ports":
                self._take_ports(step["ports"])

    def _script(self, step: dict[str, Any]) -> None:
        output = Path("said.txt") if not self.task["isolated"] else Path("/tmp/said.txt")  # noqa: S108
        began, code = self._now(), None
        with open(output, "w+b") as said:
            try:
                script = subprocess.Popen(
                    step["argv"],
                    env=self.env,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    start_new_session=True,
                )
                code = script.wait(min(step["seconds"], self.patience))
            except subprocess.TimeoutExpired:
                self.patience = _MOST_WITH_NONE_UP if not self._ever_served() else _MOST_AFTERWARDS
                _kill_group(script.pid)
                script.wait()
            except OSError as trouble:
                code = 126
                said.write(str(trouble).encode())
            ended = self.ended = self._now()
            self._settle(ended)
            self.events.append({
                "name": step["name"], "began": began, "ended": ended, "exit_code": code, "settled": self._now(),
                "said": _tail(said),
                "serving": self._serving(), "latest": self._latest(), "running": self._running(),
            })  # fmt: skip

    def _settle(self, since: float) -> None:
        """Wait until enough was answered that began after `since`, so that it is known what serves."""
        assert self.load
        for _ in range(200):
            time.sleep(_SETTLED / 5)
            if self._now() > since + _SETTLED and sum(one[0] > since for one in list(self.load.seen)) >= _ENOUGH:
                return

    def _running(self) -> list[tuple[int, str]]:
        """Port and digest of every release that runs; one that is just ending is waited for."""
        serving = self._serving()
        for _ in range(15):
            running = _running(self.env[_MARK], self.task["isolated"])
            if all(digest in serving for _, digest in running):
                break
            time.sleep(0.1)
        return running

    def _publish(self, digest: str) -> None:
        """A newer release comes in: the tag moves to it."""
        tag = self.tree / "releases" / "latest"
        with contextlib.suppress(OSError):
            tag.unlink(missing_ok=True)
            tag.symlink_to(digest)

    def _latest(self) -> str:
        """The digest that the tag names, or nothing."""
        try:
            return os.path.basename(os.path.realpath(os.readlink(self.tree / "releases" / "latest")))
        except OSError:
            return ""

    def _take_ports(self, ports: list[int]) -> None:
        """Somebody else's service takes the ports that are free: it says 200 to everything."""
        for port in {*ports, *self._once_used()}:
            with contextlib.suppress(OSError):
                listener = socket.create_server(("127.0.0.1", port))
                self.strangers.append(listener)
                threading.Thread(target=_strange, args=(listener,), daemon=True).start()

    def _once_used(self) -> set[int]:
        return {int(port) for event in self.events for port, _ in event.get("running", [])}

    def _serving(self) -> list[str]:
        """The digests that answered lately, whatever the status; "" for an answer of no release."""
        assert self.load
        return sorted({digest for began, _, digest, _ in list(self.load.seen) if began > self.ended})

    def _ever_served(self) -> bool:
        assert self.load
        return any(status == 200 for _, status, _, _ in list(self.load.seen))

    def _now(self) -> float:
        return time.monotonic() - self.began

    def _beyond(self) -> list[str]:
        """What scripts asked this place for, and it has not."""
        return []

    def record(self, trouble: str) -> dict[str, Any]:
        """What happened, as JSON can say it."""
        if self.load:
            self.load.end()
        kept = b""
        with contextlib.suppress(OSError), open(self.task["record"], "rb", opener=_without_waiting) as file:
            kept = file.read(_MOST_RECORD)
        digests = sorted({digest for _, _, digest, _ in self.load.seen}) if self.load else []
        place = {digest: number for number, digest in enumerate(digests)}
        requests = [
            [round(began, 4), status, place[digest], round(took, 4)]
            for began, status, digest, took in sorted(self.load.seen if self.load else [])
        ]
        return {
            "token": self.task["token"], "trouble": trouble, "epoch": self.epoch, "events": self.events, "digests": digests,
            "requests": requests, "record": kept.decode("utf-8", "replace"), "beyond": self._beyond(),
        }  # fmt: skip


def _tail(said: BinaryIO) -> str:
    """The end of what a script said; its file may be gone by name."""
    said.seek(max(0, said.seek(0, os.SEEK_END) - _MOST_SAID))
    return said.read(_MOST_SAID).decode("utf-8", "replace")


def _without_waiting(path: str, flags: int) -> int:
    """For `open`: a pipe in a file's place does not keep the reader."""
    return os.open(path, flags | os.O_NONBLOCK)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _strange(listener: socket.socket) -> None:
    body = b"somebody else\n"
    while True:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(2)
                connection.recv(65536)
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body
                )


def _kill_group(leader: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(leader, signal.SIGKILL)


def _ours(mark: str, isolated: bool) -> list[psutil.Process]:
    """The processes that scripts left: all that there are in a sandbox, else those with our mark in their environment."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid not in (1, os.getpid()) and (isolated or process.environ().get(_MARK) == mark):
                found.append(process)
    return found


def _running(mark: str, isolated: bool) -> list[tuple[int, str]]:
    """Port and digest of every release that runs."""
    found = set()
    for process in _ours(mark, isolated):
        with contextlib.suppress(psutil.Error):
            words = process.cmdline()
            digest = next(filter(None, (_release_of(os.path.join(process.cwd(), word)) for word in words[:3])), "")
            if digest and process.status() != psutil.STATUS_ZOMBIE:
                found.add((int(words[-1]) if words[-1].isdigit() else 0, digest))
    return sorted(found)


def _release_of(program: str) -> str:
    """The digest of the release that a program belongs to, wherever its folder was copied to; else nothing."""
    about = os.path.join(os.path.dirname(program), "release.json")
    if not (os.path.isfile(program) and os.path.isfile(about)) or os.path.getsize(program) > _MOST_RECORD:
        return ""
    with open(program, "rb") as code, open(about, "rb") as said:
        return hashlib.sha256(code.read() + b"\0" + said.read(_MOST_RECORD)).hexdigest()


def _end_all(mark: str, isolated: bool) -> None:
    if isolated:
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)  # all that there are here, but for this one and the first
        return
    for process in _ours(mark, isolated):
        with contextlib.suppress(psutil.Error):
            process.kill()


def main(report: str) -> None:
    """Read what to do from standard input, do it, and write the record to `report`."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    task = json.loads(sys.stdin.buffer.read())
    stage = Stage(task)
    try:
        trouble = stage.set_up()
        for step in task["plan"] if not trouble else ():
            stage.act(step)
        record = stage.record(trouble)
    finally:
        _end_all(task["mark"], task["isolated"])
        Path(task["once"]).unlink(missing_ok=True)
    with open(report, "w", encoding="utf-8") as file:
        json.dump(record, file)


if __name__ == "__main__":
    main(sys.argv[1])
