"""Runs in the sandbox: starts a service several times, carries out steps on each, and writes down what it answered.

The standard library only. Services are forked from a process that has loaded their frameworks already, since that is most
of what a start costs; it never learns the token under which the record is written. A start that is `fresh` is a process
of its own, with another seed for `hash()`.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import http.client
import importlib
import itertools
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from typing import Any

_PR_SET_DUMPABLE = 4  # https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
_MOST_SAID, _MOST_LOG, _MOST_BODY = 4_000, 200_000, 2_000
_GIVE_UP_AFTER = 3  # requests in a row that nobody answers
_AT_ONCE, _MOST_ROWS = 25, 10_000
_TICK = 0.04


class _Kept:
    """A connection's stream, for one answer after another: reading an answer closes nothing."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def makefile(self, mode: str) -> _Kept:
        return self

    def close(self) -> None:
        """Not yet."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Client:
    """Sends requests over one connection, several at once, and makes it anew where it broke.

    https://datatracker.ietf.org/doc/html/rfc9112#name-pipelining saves most of the switching between two processes.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._stream: Any = None

    def ask(self, request: dict[str, Any]) -> list[Any]:
        for _ in range(2):
            if answers := self.ask_at_once([request]):
                return answers[0]
        return [0, ""]

    def ask_at_once(self, requests: list[dict[str, Any]]) -> list[list[Any]]:
        """The answers to the first of these requests, to all where nothing goes wrong."""
        answers: list[list[Any]] = []
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                self._socket.settimeout(5)
                self._socket.connect(self._path)
                self._stream = self._socket.makefile("rb")
            self._socket.sendall(b"".join(map(_in_bytes, requests)))
            for request in requests:
                answer = http.client.HTTPResponse(_Kept(self._stream), method=request.get("method", "GET"))  # type: ignore[arg-type]
                answer.begin()
                answers.append([answer.status, answer.read().decode("utf-8", "replace")[:_MOST_BODY]])
                if answer.will_close:
                    self._close()
                    break
        except (OSError, http.client.HTTPException, ValueError):
            self._close()
        return answers

    def _close(self) -> None:
        if self._socket:
            self._socket.close()
        self._socket = None


def _in_bytes(request: dict[str, Any]) -> bytes:
    body = json.dumps(request["json"]).encode() if request.get("json") is not None else b""
    lines = [f"{request.get('method', 'GET')} {request['path']} HTTP/1.1", "Host: localhost"]
    lines += [f"X-User: {request['user']}"] if "user" in request else []
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Started:
    """One running service: `number` tells its files apart."""

    def __init__(self, number: int, one: dict[str, Any], task: dict[str, Any], nursery: _Nursery) -> None:
        self.folder = f"/tmp/start-{number}"  # noqa: S108 - the sandbox's own
        self.one, self._seconds = one, task["seconds"]
        os.makedirs(f"{self.folder}/home", exist_ok=True)
        self.flags, self.log, self._socket = (f"{self.folder}/{name}" for name in ("flags.json", "log", "socket"))
        own = {name: value.replace("{folder}", self.folder) for name, value in one["env"].items()}
        env = {**task["env"], "PATH": os.environ["PATH"], "HOME": f"{self.folder}/home", **own}
        env |= {"FLAGS_FILE": self.flags} if one["file"] else {}
        if one["content"] is not None:
            self._write(one["content"])
        argv = [part.replace("{socket}", self._socket) for part in task["argv"]]
        self._process: subprocess.Popen[bytes] | None = None
        self._nursery, self._pid = nursery, 0
        if one["fresh"]:
            with open(self.log, "wb") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "uvicorn", *argv], env=env, stdin=subprocess.DEVNULL, stdout=log,
                    stderr=subprocess.STDOUT, start_new_session=True,
                )  # fmt: skip
            self._pid = self._process.pid
        else:
            self._pid = nursery.fork(argv, env, self.log)
        self.client = _Client(self._socket)
        self._edited, self._content = time.monotonic(), ""

    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else self._nursery.exit_code(self._pid)

    def comes_up(self) -> bool:
        end = time.monotonic() + self._seconds
        while time.monotonic() < end and self.exit_code() is None:
            if os.path.exists(self._socket) and self.client.ask({"path": "/healthz"})[0]:
                return True
            time.sleep(0.02)
        return False

    def ends(self) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self._pid, signal.SIGTERM)
        end = time.monotonic() + 3
        while self.exit_code() is None and time.monotonic() < end:
            time.sleep(0.01)
        with contextlib.suppress(OSError):
            os.killpg(self._pid, signal.SIGKILL)

    def _write(self, content: str) -> None:
        """All at once, so that no reader sees half of it."""
        with open(f"{self.flags}.new", "w", encoding="utf-8") as file:
            file.write(content)
        os.replace(f"{self.flags}.new", self.flags)

    def _ask_all(self, requests: list[dict[str, Any]]) -> list[list[Any]]:
        answers: list[list[Any]] = []
        end, silent = time.monotonic() + 60, 0
        while len(answers) < len(requests):
            if silent >= _GIVE_UP_AFTER or time.monotonic() > end:
                return answers + [[0, ""]] * (len(requests) - len(answers))
            batch = requests[len(answers) : len(answers) + _AT_ONCE]
            got = self.client.ask_at_once(batch) or [self.client.ask(batch[0])]
            answers += got
            silent = silent + 1 if got[-1][0] == 0 else 0
        return answers

    def step(self, step: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
        """Carry out one step; `before` holds what came of the named ones so far, of all services."""
        if step["do"] == "write":
            self._content = step["content"]
            self._write(self._content)
            self._edited = time.monotonic()
        elif step["do"] == "remove":
            with contextlib.suppress(OSError):
                os.remove(self.flags)
            self._edited = time.monotonic()
        elif step["do"] == "until":
            took = self._until(step["request"], step["has"], step["body"], step["seconds"])
            if took is None and step.get("again"):
                self._write(self._content)
                self._edited = time.monotonic()
                later = self._until(step["request"], step["has"], step["body"], step["seconds"])
                return {"took": None, "only_then": later is not None}
            return {"took": took}
        elif step["do"] == "look":
            return {"stored": self._stored()}
        elif step["do"] == "settle":
            self._settle(step, before)
        elif step["do"] == "ask":
            return self._asked(step, step["requests"])
        elif step["do"] == "ask-again":
            asked = before.get(step["those"], {"requests": [], "answers": []})
            pairs = zip(asked["requests"], asked["answers"], strict=True)
            chosen = [request for request, (_, body) in pairs if re.search(step["has"], body)]
            return {"requests": chosen, **self._asked(step, chosen)}
        return {}

    def _stored(self) -> dict[str, str]:
        """What the database holds: for each table a digest of its rows."""
        found = {}
        with contextlib.suppress(sqlite3.Error), contextlib.closing(
            sqlite3.connect(f"file:{self.folder}/widgets.db?mode=ro", uri=True)
        ) as database:  # fmt: skip
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                quoted = name.replace('"', '""')
                rows = database.execute(f'SELECT * FROM "{quoted}"').fetchmany(_MOST_ROWS)  # noqa: S608 - no parameter can name a table
                found[name] = hashlib.sha256(repr(rows).encode()).hexdigest()
        return found

    def _asked(self, step: dict[str, Any], requests: list[dict[str, Any]]) -> dict[str, Any]:
        start = self._log_size()
        answers = self._ask_all(requests)
        if not step.get("log"):
            return {"answers": answers}
        time.sleep(0.3)  # for a log that is written in the background
        with open(self.log, "rb") as log:
            log.seek(start)
            return {"answers": answers, "log": log.read(_MOST_LOG).decode("utf-8", "replace")}

    def _log_size(self) -> int:
        return os.path.getsize(self.log) if os.path.exists(self.log) else 0

    def _until(self, request: dict[str, Any], has: bool, body: str, seconds: float) -> float | None:
        """Seconds from the last edit until the answer matches `body`, or does not; None where it never came to that."""
        while (now := time.monotonic()) - self._edited < seconds:
            status, said = self.client.ask(request)
            if status == 200 and bool(re.search(body, said)) is has:
                return now - self._edited
            if self.exit_code() is not None:
                return None
            time.sleep(_TICK)
        return None

    def _settle(self, step: dict[str, Any], before: dict[str, Any]) -> None:
        """Until one of some users gets another answer than before, and as long as an edit may take."""
        known = before.get(step["those"])
        while known and time.monotonic() - self._edited < step["most"] and self.exit_code() is None:
            pairs = list(zip(known["requests"], known["answers"], strict=True))[: step["users"]]
            if any(self.client.ask(request) != answer for request, answer in pairs):
                break
            time.sleep(_TICK)
        time.sleep(max(0.0, step["least"] - (time.monotonic() - self._edited)))

    def said(self) -> str:
        try:
            with open(self.log, "rb") as log:
                log.seek(max(0, self._log_size() - _MOST_SAID))
                return log.read().decode("utf-8", "replace")
        except OSError:
            return ""


class _Nursery:
    """The process that services are forked from."""

    def __init__(self, modules: list[str]) -> None:
        self._one_at_a_time = threading.Lock()
        os.makedirs("/tmp/nursery", exist_ok=True)  # noqa: S108 - the sandbox's own
        program = sys.orig_argv[sys.orig_argv.index("-c") + 1]
        env = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", program, "nursery", *modules], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, cwd="/tmp/nursery", env=env, text=True,  # noqa: S108
        )  # fmt: skip

    def _told(self, order: list[Any]) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        with self._one_at_a_time:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def fork(self, argv: list[str], env: dict[str, str], log: str) -> int:
        return int(self._told(["fork", argv, env, log, os.getcwd()]))

    def exit_code(self, pid: int) -> int | None:
        code: int | None = self._told(["exit code", pid])
        return code


def nursery(modules: list[str]) -> None:
    """Load modules, then fork a service for each order that comes on standard input."""
    sys.path.remove("")
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    ended: dict[int, int] = {}
    for line in sys.stdin:
        order = json.loads(line)
        if order[0] == "fork":
            pid = os.fork()
            if pid == 0:
                _serve(*order[1:])
            print(pid, flush=True)
        else:
            if order[1] not in ended:
                pid, status = os.waitpid(order[1], os.WNOHANG)
                if pid:
                    ended[pid] = os.waitstatus_to_exitcode(status)
            print(json.dumps(ended.get(order[1])), flush=True)


def _serve(argv: list[str], env: dict[str, str], log: str, folder: str) -> None:
    """What `python -m uvicorn` does, in this process."""
    code = 1
    try:
        os.setsid()
        null, out = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for source, target in ((null, 0), (out, 1), (out, 2)):
            os.dup2(source, target)
        os.closerange(3, 4096)
        sys.stdin, sys.stdout, sys.stderr = (open(fd, mode, buffering=1) for fd, mode in ((0, "r"), (1, "w"), (2, "w")))  # noqa: SIM115
        os.environ.clear()
        os.environ.update(env)
        os.chdir(folder)
        sys.path.insert(0, folder)
        sys.argv = ["uvicorn", *argv]
        uvicorn = importlib.import_module("uvicorn.main")
        uvicorn.main(argv, standalone_mode=False)
        code = 0
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 1
        if isinstance(ending.code, str):
            print(ending.code, file=sys.stderr)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _with_users(asked: dict[str, Any]) -> dict[str, Any]:
    """The answers, each with the user that got it; nothing where nobody asked."""
    pairs = zip(asked["requests"], asked.get("answers", []), strict=False)
    rows = [[request.get("user", ""), *answer] for request, answer in pairs]
    return {"answers": rows, "requests": []} if rows else {}


def _serves(step: dict[str, Any], result: dict[str, Any]) -> bool:
    """Whether answers are such that it is worth going on: all hold what the step needs."""
    return "needs" not in step or all(re.search(step["needs"], body) for _, body in result["answers"])


class _Run:
    """What is done, in the order of the groups of starts. `useless` says that there is no point in going on."""

    def __init__(self, task: dict[str, Any]) -> None:
        self._task, self._nursery = task, _Nursery(task["modules"])
        self._named: dict[str, Any] = {}
        self._numbers = itertools.count()
        self.starts: list[dict[str, Any]] = []
        self.trouble, self.useless = "", False

    def groups(self) -> None:
        """All of them; those that may run beside others do."""
        beside = []
        for group in self._task["groups"]:
            if self.useless:
                break
            if all(one["beside"] for one in group):
                beside.append(threading.Thread(target=self._group, args=(group,)))
                beside[-1].start()
            else:
                self._group(group)
        for thread in beside:
            thread.join()

    def _group(self, group: list[dict[str, Any]]) -> None:
        try:
            services = [_Started(next(self._numbers), one, self._task, self._nursery) for one in group]
            for service in services:
                self._use(service)
        except (OSError, ValueError, AssertionError):
            self.trouble = "what watches over it was disturbed"

    def _use(self, service: _Started) -> None:
        up = service.comes_up()
        steps = []
        self.useless |= not up and any("needs" in step for step in service.one["steps"])
        for step in service.one["steps"] if up else []:
            result = service.step(step, self._named)
            self.useless |= not _serves(step, result)
            if step["do"] == "until" and result["took"] is None and step.get("needed"):
                break
            if "name" in step:
                self._named[step["name"]] = {"requests": step.get("requests", []), **result}
                steps.append({**result, "name": step["name"]} | _with_users(self._named[step["name"]]))
        code = service.exit_code()
        service.ends()
        said = service.said() if not up or code is not None else ""
        self.starts.append({"name": service.one["name"], "up": up, "exit_code": code, "said": said, "steps": steps})


def main(report: str) -> None:
    """Read what to do from standard input, do it, and write the record to `report`."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    task = json.loads(sys.stdin.buffer.read())
    run = _Run(task)
    run.groups()
    with open(report, "w", encoding="utf-8") as file:
        json.dump({"token": task["token"], "starts": run.starts, "trouble": run.trouble}, file)


if __name__ == "__main__":
    if sys.argv[1] == "nursery":
        nursery(sys.argv[2:])
    else:
        main(sys.argv[1])
