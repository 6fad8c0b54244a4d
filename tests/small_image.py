"""A small image for tests, made of this machine's own shell and Python, since none can be pulled: a service that echoes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from docker import DockerClient

ECHO = "widgets-test/echo:1"
# Answers each line with GREETING and the line, on each of PORTS, once it has waited for AFTER seconds; `exit` ends it.
_SERVER = """
import os, socketserver, sys, threading, time
print("the echo service begins", flush=True)
if os.environ.get("EXIT"):
    print("no " + os.environ["EXIT"], flush=True)
    sys.exit(3)
time.sleep(float(os.environ.get("AFTER", "0")))
class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(os.environ.get("GREETING", "").encode() + line)
socketserver.ThreadingTCPServer.allow_reuse_address = True
servers = [socketserver.ThreadingTCPServer(("", int(port)), Echo) for port in os.environ.get("PORTS", "7000").split()]
for server in servers:
    threading.Thread(target=server.serve_forever).start()
open("/ready", "w").close()
"""
_WHAT_IT_NEEDS = """
import encodings.idna, json, os, socketserver, sys, threading, time
print(json.dumps([one.__file__ for one in sys.modules.values() if getattr(one, "__file__", None)]))
"""


def echo_image(client: DockerClient, tag: str = ECHO, **settings: str) -> str:
    """Put the image onto the engine, if it is not there yet, and return its tag. `settings` are Dockerfile instructions."""
    if not client.images.list(name=tag):
        home = f"ENV PYTHONHOME={sys.base_prefix}"
        changes = [
            home,
            'CMD ["/python", "-sS", "/server.py"]',
            *(f"{name} {value}" for name, value in settings.items()),
        ]
        client.api.import_image_from_data(_archive(), repository=tag.partition(":")[0], tag=tag.partition(":")[2],
                                          changes=changes)  # fmt: skip
    return tag


def _archive() -> bytes:
    python = Path(sys.executable).resolve()
    needed = json.loads(subprocess.check_output([python, "-IS", "-c", _WHAT_IT_NEEDS]))
    programs = {python: "python", Path("/bin/sh").resolve(): "bin/sh"}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for file, name in programs.items():
            tar.add(file, name, filter=_as_root)
        libraries = {library for file in [*programs, *map(Path, needed)] for library in _libraries(file)}
        for library in sorted(libraries):
            tar.add(library.resolve(), str(library), filter=_as_root)
        for module in sorted(set(needed)):
            tar.add(module, module, filter=_as_root)
        member = tarfile.TarInfo("server.py")
        member.size = len(_SERVER)
        tar.addfile(member, io.BytesIO(_SERVER.encode()))
    return out.getvalue()


def _as_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    return member


def _libraries(file: Path) -> Iterator[Path]:
    if file.suffix == ".py":
        return
    said = subprocess.run(["ldd", file], capture_output=True, text=True).stdout
    for line in said.splitlines():
        place = line.partition("=>")[2].split(" (")[0].strip() or line.split(" (")[0].strip()
        if place.startswith("/"):
            yield Path(place)
