"""A Docker Engine for tests: the one that answers, else a `dockerd` that the first test process starts and the last ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from graders.runners.engine.connection import Engine, NoEngine, find_engine

_SECONDS = 60.0


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The engine that tests talk to; where there is none and none can be started, the test is skipped with the reason."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    users, pid = shared / "engine-users", shared / "dockerd.pid"
    with FileLock(shared / "engine.lock"):
        try:
            found = find_engine()
        except NoEngine as none:
            found = _start(shared, pid, none)
        users.mkdir(exist_ok=True)
        mine = users / str(os.getpid())
        mine.touch()
    yield found
    with FileLock(shared / "engine.lock"):
        mine.unlink()
        others = [user for user in users.iterdir() if Path(f"/proc/{user.name}").exists()]
        if pid.exists() and not others:
            _end(int(pid.read_text()))
            pid.unlink()


def _start(shared: Path, pid: Path, none: NoEngine) -> Engine:
    reason = f"what runs on a Docker Engine: {none}"
    if (
        "DOCKER_HOST" in os.environ
        or not sys.platform.startswith("linux")
        or os.geteuid()
        or not shutil.which("dockerd")
    ):
        pytest.skip(reason)
    if (shared / "dockerd.failed").exists():
        pytest.skip((shared / "dockerd.failed").read_text())
    with (shared / "dockerd.log").open("wb") as log:
        started = subprocess.Popen(
            ["dockerd"], stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
    pid.write_text(str(started.pid))
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and started.poll() is None:
        try:
            return find_engine()
        except NoEngine:
            time.sleep(0.1)
    said = (shared / "dockerd.log").read_text(errors="replace").strip().splitlines()
    (shared / "dockerd.failed").write_text(f"what runs on a Docker Engine: dockerd does not start: {said[-1][:200]}")
    if started.poll() is None:
        started.kill()
    pid.unlink()
    pytest.skip((shared / "dockerd.failed").read_text())


def _end(pid: int) -> None:
    os.kill(pid, 15)
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and Path(f"/proc/{pid}").exists():
        with_status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() if _is_there(pid) else ["Z"]
        if with_status[0] == "Z":  # it was ours to wait for
            break
        time.sleep(0.1)


def _is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").exists()
