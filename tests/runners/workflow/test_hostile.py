"""Workflows that want to do harm: each is stopped, told so, and harms nothing."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from graders.runners import sandbox
from graders.runners.workflow.record import Run
from graders.runners.workflow.run import Limits

Runner = Callable[..., Run]
pytestmark = pytest.mark.skipif(not sandbox.isolates(), reason="needs bubblewrap")


def script(text: str, shell: str = "bash", more: str = "") -> str:
    step = json.dumps({"run": text, "shell": shell})
    return f"on: push\njobs: {{a: {{runs-on: ubuntu-latest, steps: [{step}{more}]}}}}\n"


def said(run: Run) -> str:
    return "\n".join(line for job in run.jobs for step in job.steps for line in step.log)


def test_one_that_never_ends(run: Runner) -> None:
    result = run(script("(trap '' TERM; setsid sleep 1000) & echo begun; sleep 1000"), limits=Limits(seconds=3))
    assert result.trouble == "it did not end within 3 seconds"
    assert "begun" in said(result)
    assert result.jobs[0].result == "not run"


FORKS = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"


@pytest.mark.parametrize(
    ("text", "shell"),
    [("f() { f | f & }; f; sleep 60", "bash"), ("while true; do sleep 100 & done", "bash"), (FORKS, "python")],
)
def test_one_that_forks_without_end(run: Runner, text: str, shell: str) -> None:
    result = run(script(text, shell), limits=Limits(seconds=60, processes=120))
    assert result.trouble == "it started more than 108 processes"
    assert not result.green
    assert run(script("echo fine")).green


def test_one_that_makes_files_without_end(run: Runner) -> None:
    """Empty ones take no room on the disk, and yet memory."""
    text = "import os, itertools\nfor n in itertools.count():\n    os.close(os.open(f'f{n}', os.O_CREAT))"
    assert run(script(text, "python"), limits=Limits(seconds=100)).trouble == "it made more than 200,000 files"


@pytest.mark.parametrize("folder", [".", "/tmp", "/dev/shm"])  # noqa: S108
def test_one_that_fills_the_disk(run: Runner, folder: str) -> None:
    text = f"i=0; while head -c 20000000 /dev/zero > {folder}/big$i; do i=$((i+1)); done; sleep 1; exit 1"
    result = run(script(text), limits=Limits(seconds=30, disk_bytes=100 << 20))
    assert not result.green
    assert "it filled the disk (100 MB)" in result.trouble or "No space left on device" in said(result)


def test_one_that_takes_all_memory(run: Runner) -> None:
    result = run(
        script("x = bytearray(600 << 20)\nimport time; time.sleep(60)", "python"),
        limits=Limits(30, memory_bytes=1 << 29),
    )
    assert "of memory" in result.trouble


def test_one_that_prints_without_end(run: Runner) -> None:
    result = run(
        script("yes 'a line that is rather long, as lines go' | head -c 100000000"), limits=Limits(log_bytes=2 << 20)
    )
    assert result.trouble == "it printed more than 2 MB"
    assert sum(map(len, said(result))) < 2 << 20


def test_one_that_looks_around(run: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_OF_THE_CALLER", "must-not-show")
    (tmp_path / "private").write_text("must-not-show")
    home = Path.home()
    text = f"""
set +e
env; cat /proc/*/environ 2>&1 | tr '\\0' '\\n'; cat {tmp_path}/private; ls -la {home} /home /root 2>&1
touch {home}/x /etc/x /usr/x /var/x 2>&1; id -u; cat /etc/shadow /etc/passwd
python3 -c "
import socket
for address in (('127.0.0.1', 22), ('1.1.1.1', 53)):
    try: socket.create_connection(address, 2)
    except OSError as trouble: print('told:refused', trouble)
"
"""
    result = run(script(text))
    told = said(result)
    assert "must-not-show" not in told
    assert told.count("told:refused") == 2
    assert str(os.geteuid()) not in told.splitlines()
    assert not (home / "x").exists()
    assert "No such file or directory" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("echo x > /etc/x", "/etc/x: Read-only file system"),
        ("echo x > /usr/bin/act", "/usr/bin/act: Read-only file system"),
        ("echo x > /sandbox/given/x", "Read-only file system"),
        ("echo x > {home}/x", "/x: "),
        ("cat {home}/.bashrc {private}", "No such file or directory"),
        ("ls /home/* /root", "No such file or directory"),
        ("exec 3<>/dev/tcp/1.1.1.1/53", "Network is unreachable"),
        ("exec 3<>/dev/tcp/127.0.0.1/22", "Connection refused"),
        ("python3 -m urllib.request 2>&1; getent hosts github.com || echo no name is known; exit 1", "no name is known"),
        ("python3 -c \"import socket; socket.socket(socket.AF_UNIX).connect('/var/run/docker.sock')\"", "No such file"),
        ("mount -t tmpfs none /mnt", "mount"),
        ("unshare --user true", "unshare failed: Operation not permitted"),
    ],
    ids=[
        "etc", "usr", "given", "home", "read", "list", "outside", "loopback", "names", "docker", "mount", "namespace",
    ],
)  # fmt: skip
def test_one_that_reaches_out_is_told_that_it_can_not(run: Runner, tmp_path: Path, text: str, told: str) -> None:
    """The words are the system's own; they stand in the step's log, however short its life was."""
    private = tmp_path / "private"
    private.write_text("must-not-show")
    result = run(script(text.replace("{home}", str(Path.home())).replace("{private}", str(private))))
    assert [job.result for job in result.jobs] == ["failure"]
    assert told in said(result)
    assert "must-not-show" not in said(result)
    assert not Path("/etc/x").exists()
    assert not (Path.home() / "x").exists()


def test_one_that_deletes_all_it_can(run: Runner) -> None:
    """act may notice first that its own files are gone, and fail the step, or it never ends: it depends on the machine."""
    result = run(script("rm -rf --no-preserve-root / /sandbox/tree/* 2>/dev/null; exit 0"), limits=Limits(seconds=20))
    assert not result.green
    assert result.trouble or [job.result for job in result.jobs] == ["failure"]
    assert "\n" not in result.trouble
    assert run(script("echo fine")).green


FORGED = {
    "jobID": "a",
    "job": "ci.yml/a",
    "matrix": {},
    "msg": "Job succeeded",
    "jobResult": "success",
    "level": "info",
}


@pytest.mark.parametrize(
    "way",
    [
        "echo '%s'; exit 1",
        "for p in /proc/[0-9]*; do for fd in 1 2 3; do echo '%s' > $p/fd/$fd; done; done 2>/dev/null; exit 1",
        "for p in $PPID 1 2 3; do cat /proc/$p/environ /proc/$p/mem; done; ls /proc/$PPID/fd && echo READ; exit 1",
        "find / -name report -writable 2>/dev/null | while read f; do echo '%s' > $f; done; exit 1",
        "(setsid bash -c 'while true; do echo x > /sandbox/report; done' &) ; exit 1",
        "echo 'ninesteps-record '$(echo not-json | base64); exit 1",
        """echo "ninesteps-record $(echo '{"action": "actions/cache", "inputs": {}}' | base64 -w0)"; exit 1""",
    ],
)
def test_one_that_forges_what_act_says(run: Runner, way: str) -> None:
    result = run(script(way.replace("%s", json.dumps(FORGED))))
    assert not result.green
    assert not result.trouble
    assert [job.result for job in result.jobs] == ["failure"]
    assert "READ" not in said(result).splitlines()
    assert result.actions == ()


@pytest.mark.parametrize("way", ["kill -9 $PPID", "kill -9 -- -1", "pkill -9 python; sleep 5"])
def test_one_that_ends_its_keeper(run: Runner, way: str) -> None:
    result = run(script(f"{way}; exit 0"), limits=Limits(seconds=15))
    assert not result.green


def test_one_that_hands_out_what_is_no_file(run: Runner) -> None:
    text = "mkdir up; ln -s /etc/passwd up/link; mkfifo up/pipe; echo ok > up/file; ln -s / up/root"
    more = ", {uses: actions/upload-artifact@v4, with: {name: up, path: up}},"
    more += ' {run: "cd /sandbox/tree/artifacts; mkfifo p; ln -s / l"}'
    result = run(script(text, more=more))
    artifact = result.artifact("up")
    assert artifact
    assert set(artifact.files) <= {"file", "link"}
    assert artifact.files["file"] == b"ok\n"


def test_secrets_are_masked_as_on_github_and_no_further(run: Runner) -> None:
    canary = "canary-0123456789"
    text = 'echo plain "$S"; echo -n "$S" | base64'
    flow = script(text).replace("steps:", 'env: {S: "${{ secrets.KEY }}"}, steps:')
    result = run(flow, secrets={"KEY": canary})
    told = said(result)
    assert "plain ***" in told
    assert base64.b64encode(canary.encode()).decode() in told
    assert canary not in repr(result.jobs)
