"""The registry that a learner starts and stops, and the one that lasts for a check: real ones."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from graders.problems import Problem
from graders.runners import registry
from tests.runners.engine.small_image import loaded, small_filesystem

needs_program = pytest.mark.skipif(
    not shutil.which("docker-registry"), reason="docker-registry is missing: a registry of one's own is not proven"
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    if registry.find(tmp_path):
        registry.down(tmp_path)


def answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return False
    return True


@needs_program
def test_it_is_started_found_and_stopped(home: Path) -> None:
    started = registry.up(home, registry._free_port())

    assert registry.find(home) == started
    assert registry.tags(started.address) == []
    assert registry.down(home) == started
    assert not answers(started.address)
    assert registry.find(home) is None


@needs_program
def test_a_second_start_says_where_the_first_is(home: Path) -> None:
    started = registry.up(home, registry._free_port())

    with pytest.raises(Problem, match=f"up already, at {started.address}"):
        registry.up(home)


@needs_program
def test_a_port_that_is_taken_is_named(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Problem, match=f"Port {port} of this machine is taken"):
            registry.up(home, port)


@needs_program
def test_without_a_port_it_finds_a_free_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setattr(registry, "USUAL_PORT", other.getsockname()[1])
        assert registry.up(home).port != other.getsockname()[1]


@needs_program
def test_another_process_with_its_number_is_never_stopped(home: Path) -> None:
    started = registry.up(home, registry._free_port())
    record = home / ".state" / "registry.json"
    with subprocess.Popen(["sleep", "60"]) as stranger:
        record.write_text(record.read_text().replace(f'"pid": {started.pid}', f'"pid": {stranger.pid}'))

        assert registry.find(home) is None
        with pytest.raises(Problem, match="not up"):
            registry.down(home)
        assert stranger.poll() is None
        stranger.kill()
    os.kill(started.pid, signal.SIGKILL)


@needs_program
@pytest.mark.parametrize("record", ["", "[]", "{}", '{"port": "x"}', "{" * 999])
def test_a_record_that_says_nothing_is_no_registry(home: Path, record: str) -> None:
    (home / ".state").mkdir()
    (home / ".state" / "registry.json").write_text(record)

    assert registry.find(home) is None


def test_where_none_answers_the_command_is_named() -> None:
    with pytest.raises(Problem, match=r"No registry answers at 127\.0\.0\.1:1") as raised:
        registry.tags("127.0.0.1:1")

    assert "ninesteps registry up" in raised.value.next


def test_where_none_can_be_had_it_says_what_to_install(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(home))

    with pytest.raises(Problem, match="no registry that could be started") as raised:
        registry.up(home)

    assert "docker" in raised.value.next


@needs_program
def test_the_one_of_a_check_is_gone_at_the_end() -> None:
    with registry.throwaway_registry() as address:
        assert registry.tags(address) == []
    assert not answers(address)


@needs_program
def test_the_one_of_a_check_is_gone_when_the_check_is_killed() -> None:
    code = "import os, signal\nfrom graders.runners.registry import throwaway_registry\n"
    code += "with throwaway_registry() as address:\n    print(address, flush=True)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    address = done.stdout.strip()

    assert done.returncode == -signal.SIGKILL
    assert address.startswith("127.0.0.1:")
    until = time.monotonic() + 20
    while answers(address) and time.monotonic() < until:
        time.sleep(0.05)
    assert not answers(address)
    assert not [one for one in psutil.process_iter(["cmdline"]) if address in str(one.info["cmdline"])]


@pytest.mark.slow
@needs_program
def test_where_there_is_no_program_the_image_serves(
    home: Path, monkeypatch: pytest.MonkeyPatch, engine: object
) -> None:
    settings = b'{"version": 0.1, "storage": {"filesystem": {"rootdirectory": "/var/lib/registry"}}, "http": {"addr": ":5000"}}'
    program = shutil.which("docker-registry") or ""
    files = small_filesystem([program], {"settings.json": settings})
    with loaded(files, "ninesteps-test-registry:2", f'ENTRYPOINT ["{program}", "serve", "/settings.json"]'):
        monkeypatch.setattr(registry, "_IMAGE", "ninesteps-test-registry:2")
        monkeypatch.setattr(registry, "_program", lambda: None)
        started = registry.up(home, registry._free_port())

        assert started.container
        assert registry.find(home) == started
        assert registry.tags(started.address) == []
        registry.down(home)
        assert not answers(started.address)
        assert registry.find(home) is None
        with registry.throwaway_registry() as address:
            assert registry.tags(address) == []
        assert not answers(address)
