"""Runs in the sandbox: start the service once for each environment, ask it a few things, and write down what it did.

The standard library only. What the service itself prints is evidence of its words alone; the record is written by this
process, which lets nobody look into it, under a token that it is given on standard input.
"""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

_PR_SET_DUMPABLE = 4  # https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
_MOST_SAID = 20_000


class _Unix(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=5)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(5)
        self.sock.connect(self._path)


def _ask(path: str, request: dict[str, object]) -> dict[str, object]:
    connection = _Unix(path)
    body = request.get("json")
    try:
        connection.request(
            str(request.get("method", "GET")), str(request["path"]), json.dumps(body) if body is not None else None,
            {"Content-Type": "application/json"},
        )  # fmt: skip
        answer = connection.getresponse()
        return {"status": answer.status, "body": answer.read(_MOST_SAID).decode("utf-8", "replace")}
    except (OSError, http.client.HTTPException) as trouble:
        return {"status": 0, "body": str(trouble)}
    finally:
        connection.close()


def _began(service: subprocess.Popen[bytes], path: str, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end and service.poll() is None:
        if os.path.exists(path) and _ask(path, {"path": "/healthz"})["status"]:
            return True
        time.sleep(0.02)
    return False


def main(report: str) -> None:
    """Read what to do from standard input, do it, and write the record to `report`."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    task = json.loads(sys.stdin.buffer.read())
    started = []
    for number, one in enumerate(task["starts"]):
        path = f"/tmp/service-{number}.sock"  # noqa: S108 - the sandbox's own
        said = open(f"/tmp/service-{number}.log", "w+b")  # noqa: S108, SIM115
        argv = [part.replace("{socket}", path) for part in task["argv"]]
        env = {**task["env"], "PATH": os.environ["PATH"], "HOME": f"/tmp/home-{number}", **one["env"]}  # noqa: S108
        os.makedirs(env["HOME"], exist_ok=True)
        service = subprocess.Popen(
            argv, env=env, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
        started.append((one, path, said, service))
    results = []
    for one, path, said, service in started:
        up = _began(service, path, task["seconds"])
        answers = [_ask(path, request) for request in one["requests"]] if up else []
        code = service.poll()
        with contextlib.suppress(OSError):
            os.killpg(service.pid, signal.SIGTERM if up else signal.SIGKILL)
        try:
            service.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(service.pid, signal.SIGKILL)
            service.wait()
        said.seek(0)
        files = {}
        for name in one["files"]:
            with contextlib.suppress(OSError), open(name, "rb") as file:
                files[name] = any(word.encode() in (content := file.read(1 << 20)) for word in one["words"]) and bool(
                    content
                )
        log = said.read(_MOST_SAID).decode("utf-8", "replace")
        results.append({"up": up, "exit_code": code, "answers": answers, "said": log, "files": files})
    with open(report, "w", encoding="utf-8") as file:
        json.dump({"token": task["token"], "results": results}, file)


if __name__ == "__main__":
    main(sys.argv[1])
