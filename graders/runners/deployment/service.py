#!/usr/bin/env python3
"""One release of the service: `serve PORT` listens on loopback until SIGTERM, and then finishes what it has begun.

The digest that it names in each answer is that of the folder it runs from: this file and `release.json`.
"""

import hashlib
import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
ABOUT = (FOLDER / "release.json").read_bytes()
RELEASE = json.loads(ABOUT)
DIGEST = "sha256:" + hashlib.sha256(Path(__file__).read_bytes() + b"\0" + ABOUT).hexdigest()
FAULT = RELEASE.get("fault", "")
SECONDS_TO_START, SECONDS_OF_WORK, SECONDS_TO_LEAVE = 0.25, 0.04, 0.3


def answer(path: str) -> tuple[int, dict[str, Any]]:
    """The status and the JSON of a path."""
    if path == "/healthz":
        return (503, {"status": "no database"}) if FAULT == "health" else (200, {"status": "ok"})
    if path == "/version":
        return 200, {"version": RELEASE["version"], "digest": DIGEST}
    if path != "/widgets":
        return 404, {"detail": "Not Found"}
    time.sleep(SECONDS_OF_WORK)
    if FAULT in ("route", "health") or (FAULT == "later" and os.path.exists(RELEASE["once"])):
        return 500, {"detail": "Internal Server Error"}
    return 200, {"version": RELEASE["version"], "widgets": [{"id": 1, "name": "bolt", "price_cents": 40}]}


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    def do_GET(self) -> None:
        """https://docs.python.org/3/library/http.server.html"""
        status, said = answer(self.path.partition("?")[0])
        body = json.dumps(said).encode() + b"\n"
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": len(body),
            "X-Release": DIGEST,
        }.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET
    timeout = 1  # for a proxy's connection that brings no request

    def log_message(self, *words: Any) -> None:
        """Nothing of each request."""


class Server(ThreadingHTTPServer):
    """Waits for the requests in flight when it closes."""

    daemon_threads = False
    request_queue_size = 128


def main() -> None:
    """Serve until told to stop."""
    port = int(sys.argv[1])
    if FAULT == "start":
        sys.exit("widgets: cannot read the configuration, missing setting DATABASE_URL")
    told: list[int] = []  # an event's lock may be held when the signal comes
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda number, _: told.append(number))
    time.sleep(SECONDS_TO_START)
    if told:
        return
    try:
        server = Server(("127.0.0.1", port), Handler)
    except OSError as trouble:
        sys.exit(f"widgets: cannot listen on port {port}: {trouble.strerror}")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
    print(f"widgets {RELEASE['version']} listens on 127.0.0.1:{port}", flush=True)
    while not told:
        time.sleep(0.02)
    time.sleep(SECONDS_TO_LEAVE)  # whoever was sent here a moment ago is still served
    server.shutdown()
    server.server_close()


if __name__ == "__main__":
    main()
