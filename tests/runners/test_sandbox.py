"""The sandbox: what runs in it can harm nothing, uses no more than it may, and leaves nothing behind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from graders.runners import sandbox
from graders.runners.sandbox import Completed, Limits, isolates, run

needs_bubblewrap = pytest.mark.skipif(not isolates(), reason="bubblewrap is missing: the sandbox itself is not proven")


def python(code: str, limits: Limits | None = None, **files: bytes) -> Completed:
    return run(["python", "-c", code], files={"a.txt": b"a", **files}, limits=limits or Limits(seconds=20))


def test_a_command_sees_its_files_and_may_write_one_report() -> None:
    done = run(
        ["python", "-c", "import sys; print(open('d/x').read()); open(sys.argv[1], 'w').write('told')", "{report}"],
        files={"d/x": b"here"},
    )

    assert (done.exit_code, done.stdout, done.report, done.timed_out) == (0, "here\n", b"told", False)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", ""])
def test_a_path_that_leaves_the_folder_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="leaves the folder"):
        run(["true"], files={name: b""})


def test_nothing_of_the_callers_environment_goes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "hunter2")

    assert "hunter2" not in python("import os; print(dict(os.environ))").stdout


def test_what_takes_too_long_is_ended_with_its_children() -> None:
    done = run(["sh", "-c", "(sleep 300 &) ; sleep 300"], files={}, limits=Limits(seconds=1))

    assert done.timed_out


def test_a_flood_of_output_is_cut() -> None:
    done = python("import sys; sys.stdout.write('x' * 20_000_000)", Limits(seconds=30, output_bytes=1000))

    assert (done.exit_code, len(done.stdout)) == (0, 1000)


def test_too_much_memory_is_refused() -> None:
    if not sandbox.shutil.which("prlimit"):
        pytest.skip("prlimit is missing: the memory limit is not proven")
    done = python("x = bytearray(2 << 30)", Limits(seconds=20, memory_bytes=1 << 30))

    assert done.exit_code != 0
    assert "MemoryError" in done.stderr


@needs_bubblewrap
def test_there_is_no_network() -> None:
    done = python("import socket; socket.create_connection(('127.0.0.1', 22), 2)")

    assert done.exit_code != 0
    assert "OSError" in done.stderr or "ConnectionRefused" in done.stderr or "unreachable" in done.stderr


@needs_bubblewrap
def test_the_loopback_of_this_machine_is_another_one() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
        assert python(code).exit_code != 0
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()


@needs_bubblewrap
def test_no_home_and_no_other_files_are_there(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    elsewhere = [str(secret), "/etc/group"]
    code = f"import os; print([os.path.exists(one) for one in {elsewhere}], os.path.expanduser('~'))"
    done = python(code)

    assert done.stdout == "[False, False] /sandbox/home\n"


@needs_bubblewrap
def test_the_user_has_a_name_and_is_the_only_one() -> None:
    done = python("import pwd; print([(one.pw_name, one.pw_dir) for one in pwd.getpwall()])")

    assert done.stdout == "[('learner', '/sandbox/home')]\n"


@needs_bubblewrap
def test_the_system_cannot_be_written() -> None:
    for place in ("/usr/x", sys.prefix + "/x", "/sandbox/given/x", "/x"):
        assert python(f"open({place!r}, 'w')").exit_code != 0, place


@needs_bubblewrap
def test_other_processes_are_out_of_sight() -> None:
    done = python("import os; print(max(int(name) for name in os.listdir('/proc') if name.isdigit()))")

    assert int(done.stdout) < 100


@needs_bubblewrap
def test_a_fork_bomb_runs_against_a_wall() -> None:
    code = """
import os, time
made = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(60)
        made += 1
except BlockingIOError:
    print(made)
"""
    done = python(code, Limits(seconds=20, processes=50))

    assert 0 < int(done.stdout) <= 50


@needs_bubblewrap
def test_a_full_disk_is_the_sandboxs_own() -> None:
    code = """
try:
    for number in range(100):
        open(f'/tmp/{number}', 'wb').write(bytes(4 << 20))
except OSError as full:
    print(number, full.strerror)
"""
    done = python(code, Limits(seconds=20, disk_bytes=32 << 20))

    assert done.stdout.endswith("No space left on device\n")
    assert int(done.stdout.split()[0]) < 10


@needs_bubblewrap
def test_it_runs_as_nobody_with_no_way_up() -> None:
    code = "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('CapEff')))"

    assert int(python(code).stdout, 16) == 0
    assert python("import os; print(os.getuid())").stdout.strip() != "0"


def test_without_bubblewrap_it_still_runs_in_a_clean_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "isolates", lambda: False)
    monkeypatch.setenv("A_SECRET", "hunter2")
    done = run(
        ["python", "-c", "import os, sys; print(os.listdir()); print('A_SECRET' in os.environ)"], files={"a.txt": b""}
    )

    assert done.stdout == "['a.txt']\nFalse\n"
    assert run(["sh", "-c", "sleep 300"], files={}, limits=Limits(seconds=1)).timed_out
