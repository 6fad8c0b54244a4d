"""Runs in the sandbox: starts a service several times, carries out steps on each, and writes down what it answered.

The standard library only. Services are forked from a process that has loaded their frameworks already, since that is most
of what a start costs; it never learns the token under which the record is written. A start that is `fresh` is a process
of its own, with another seed for `hash()`.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import importlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from typing import Any

_PR_SET_DUMPABLE = 4  # https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
_MOST_SAID, _MOST_LOG, _MOST_BODY = 4_000, 200_000, 2_000
_GIVE_UP_AFTER = 3  # requests in a row that nobody answers
_TICK = 0.04


class _Unix(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=5)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(5)
        self.sock.connect(self._path)


class _Client:
    """Sends requests over one connection, and makes it anew where it broke."""

    def __init__(self, path: str) -> None:
        self._path, self._connection = path, _Unix(path)

    def ask(self, request: dict[str, Any]) -> list[Any]:
        for again in (True, False):
            try:
                body = request.get("json")
                headers = {"X-User": request.get("user", "")}
                headers |= {"Content-Type": "application/json"} if body is not None else {}
                self._connection.request(
                    request.get("method", "GET"),
                    request["path"],
                    json.dumps(body) if body is not None else None,
                    headers,
                )
                answer = self._connection.getresponse()
                return [answer.status, answer.read(_MOST_BODY).decode("utf-8", "replace")]
            except (OSError, http.client.HTTPException):
                self._connection.close()
                self._connection = _Unix(self._path)
                if not again:
                    break
        return [0, ""]


class _Started:
    """One running service: `number` tells its files apart."""

    def __init__(self, number: int, one: dict[str, Any], task: dict[str, Any], nursery: _Nursery) -> None:
        self.folder = f"/tmp/start-{number}"  # noqa: S108 - the sandbox's own
        self.one, self._seconds = one, task["seconds"]
        os.makedirs(f"{self.folder}/home", exist_ok=True)
        self.flags, self.log, self._socket = (f"{self.folder}/{name}" for name in ("flags.json", "log", "socket"))
        env = {**task["env"], "PATH": os.environ["PATH"], "HOME": f"{self.folder}/home", **one["env"]}
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
        self._edited = time.monotonic()

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
        for request in requests:
            given_up = silent >= _GIVE_UP_AFTER or time.monotonic() > end
            answers.append([0, ""] if given_up else self.client.ask(request))
            silent = 0 if answers[-1][0] else silent + 1
        return answers

    def step(self, step: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
        """Carry out one step; `before` holds what came of the named ones so far, of all services."""
        if step["do"] == "write":
            self._write(step["content"])
            self._edited = time.monotonic()
        elif step["do"] == "remove":
            with contextlib.suppress(OSError):
                os.remove(self.flags)
            self._edited = time.monotonic()
        elif step["do"] == "until":
            return {"took": self._until(step["request"], step["has"], step["body"], step["seconds"])}
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


def main(report: str) -> None:
    """Read what to do from standard input, do it, and write the record to `report`."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    task = json.loads(sys.stdin.buffer.read())
    trouble, starts, named = "", [], dict[str, Any]()
    number = 0
    try:
        forks = _Nursery(task["modules"])
        for group in task["groups"]:
            services = []
            for one in group:
                services.append(_Started(number, one, task, forks))
                number += 1
            for service in services:
                up = service.comes_up()
                steps = []
                for step in service.one["steps"] if up else []:
                    result = service.step(step, named)
                    if "name" in step:
                        named[step["name"]] = {"requests": step.get("requests", []), **result}
                        steps.append({**result, "name": step["name"]} | _with_users(named[step["name"]]))
                code = service.exit_code()
                service.ends()
                said = service.said() if not up or code is not None else ""
                starts.append({"name": service.one["name"], "up": up, "exit_code": code, "said": said, "steps": steps})
    except (OSError, ValueError, AssertionError):
        trouble = "what watches over it was disturbed"
    with open(report, "w", encoding="utf-8") as file:
        json.dump({"token": task["token"], "starts": starts, "trouble": trouble}, file)


if __name__ == "__main__":
    if sys.argv[1] == "nursery":
        nursery(sys.argv[2:])
    else:
        main(sys.argv[1])
