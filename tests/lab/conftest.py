"""A real JupyterLab server on a learner's folder, and a real browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from graders.step import ROOT

SCREENSHOTS = ROOT / "build" / "screenshots"
TOKEN = "of-this-test"  # noqa: S105 - the server listens on this machine alone, for seconds
PATIENCE = 120  # seconds; only a broken server or a very busy machine needs them


@dataclass(frozen=True)
class Lab:
    """A running server: where it is, and whose it is."""

    url: str
    home: Path
    said: Path

    def ninesteps(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-I", "-m", "graders", *words],
            capture_output=True, text=True, env=learners_environment(self.home.parent),
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stderr
        return done.stdout


def learners_environment(root: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY_", "GIT_"))}
    return kept | {"HOME": str(root), "NINESTEPS_HOME": str(root / "ninesteps"), "XDG_CACHE_HOME": str(root / "cache")}


@pytest.fixture
def start_lab(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """Start `make lab`'s server, with no browser; it is stopped when the test ends."""
    servers: list[subprocess.Popen[bytes]] = []

    def start(root: Path = tmp_path) -> Lab:
        said = root / "lab.log"
        runtime = root / "runtime"
        words = ["--no-browser", "--ServerApp.port=0", f"--IdentityProvider.token={TOKEN}"]
        with said.open("wb") as log:
            server = subprocess.Popen(
                [sys.executable, "-m", "graders.pages.lab", *words],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT,
                env=learners_environment(root) | {"JUPYTER_RUNTIME_DIR": str(runtime)},
            )  # fmt: skip
        servers.append(server)
        info = runtime / f"jpserver-{server.pid}.json"
        deadline = time.monotonic() + PATIENCE
        while not info.exists() and server.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        assert info.exists(), said.read_text()
        return Lab(json.loads(info.read_text())["url"], root / "ninesteps", said)

    yield start
    for server in servers:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("chromium is not installed, so the course was not opened in a browser")
    return found
