"""Run act inside the sandbox, and hand out what happened as one bounded archive.

The learner's steps run as the same user as this process and act. They can neither read nor write what either says: a
process that is not dumpable keeps its `/proc` entries from its own user, and act's binary may be executed but not read,
which makes it so from its first instruction. https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from .hand_out import hand_out
from .tools import make_tools

_KEPT = (
    b'"stepResult"',
    b'"jobResult"',
    b'"command":',
    b'"level":"error"',
    b'"level":"warning"',
    b"unsupported platform",
    b"but continue next",
)
_STDERR_BYTES = 16_384


def main(report: str) -> int:
    """Read the settings from standard input, run act, write `report`. Exit code 0: the report can be relied on."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
    settings = json.load(sys.stdin.buffer)
    root = Path.cwd()
    make_tools(root, settings)
    log, end = _run_act(root, settings)
    if settings["alone"]:
        _end_all_others()
    hand_out(Path(report), root, log, end, settings)
    return 0


def _run_act(root: Path, settings: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    secrets, variables = _as_file(settings["secrets"]), _as_file(settings["variables"])
    argv = [
        settings["act"], settings["event"], "-W", settings["workflow"], "-e", str(root / "event.json"), "-v", "--json",
        "--action-offline-mode", "--no-cache-server", "--no-skip-checkout", "--artifact-server-addr", "127.0.0.1",
        "--action-cache-path", str(root / "rooms"), "--secret-file", f"/dev/fd/{secrets}", "--var-file",
        f"/dev/fd/{variables}", "--env-file", os.devnull, "--input-file", os.devnull, "--actor", "learner",
        "--concurrent-jobs", str(settings["concurrent_jobs"]), "--pull=false",
    ]  # fmt: skip
    for label in settings["platforms"]:
        argv += ["-P", f"{label}=-self-hosted"]
    for use in settings["uses"]:
        argv += ["--local-repository", f"{use['repository']}@{use['ref']}={use['folder']}"]
    for name, value in settings["env"].items():
        argv += ["--env", f"{name}={value}"]
    with open(root / "act.stderr", "wb") as stderr:
        act = subprocess.Popen(
            argv, cwd=root / "project", env=_environment(root, settings), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=stderr, pass_fds=(secrets, variables), start_new_session=True,
        )  # fmt: skip
    os.close(secrets)
    os.close(variables)
    log, trouble = _follow(act, root, settings)
    if trouble:
        with suppress(ProcessLookupError):
            os.killpg(act.pid, signal.SIGKILL)
    exit_code = act.wait()
    said = (root / "act.stderr").read_bytes()[-_STDERR_BYTES:].decode("utf-8", "replace")
    return log, {"exit_code": exit_code, "trouble": trouble, "stderr": said}


def _environment(root: Path, settings: dict[str, Any]) -> dict[str, str]:
    path = [str(root / "bin"), *os.defpath.split(os.pathsep), "/usr/sbin", "/sbin", *filter(None, [settings["node"]])]
    return {
        "PATH": os.pathsep.join(dict.fromkeys(path)), "HOME": str(root / "home"), "LANG": "C.UTF-8", "TZ": "UTC",
        "DOCKER_HOST": "unix:///nonexistent.sock",
        # act gives steps a terminal, which GitHub does not: no colours, and no pager that waits for a key
        "TERM": "dumb", "PAGER": "cat", "GIT_PAGER": "cat",
    }  # fmt: skip


def _as_file(values: dict[str, str]) -> int:
    """The values as a file that can be read once, and by act alone."""
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)
    os.write(writing, "".join(f"{name}='{value}'\n" for name, value in values.items()).encode())
    os.close(writing)
    return reading


def _follow(act: subprocess.Popen[bytes], root: Path, settings: dict[str, Any]) -> tuple[bytes, str]:
    """act's log without what it says for its own developers, and why it was stopped (or empty)."""
    assert act.stdout is not None
    deadline = time.monotonic() + settings["seconds"]
    log, rest, printed, looked = bytearray(), b"", 0, time.monotonic()
    while True:
        ready = select.select([act.stdout], [], [], 0.2)[0]
        if ready:
            chunk = os.read(act.stdout.fileno(), 1 << 16)
            if not chunk:
                return bytes(log), ""
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                raw = b'"raw_output":true' in line  # a quote inside a value is escaped, so no step can print this
                printed += len(line) if raw else 0
                if raw or any(word in line for word in _KEPT):
                    log += line + b"\n"
        if printed > settings["log_bytes"] or len(log) > 2 * settings["log_bytes"] or len(rest) > settings["log_bytes"]:
            return bytes(log), f"it printed more than {settings['log_bytes'] >> 20} MB"
        now = time.monotonic()
        if now > deadline:
            return bytes(log), f"it did not end within {settings['seconds']} seconds"
        if now - looked > 0.2:
            looked = now
            if trouble := _exhausted(root, settings):
                return bytes(log), trouble


def _exhausted(root: Path, settings: dict[str, Any]) -> str:
    if not settings["alone"]:
        return ""
    for folder in (str(root), "/tmp"):  # noqa: S108
        disk = os.statvfs(folder)
        if disk.f_blocks and disk.f_bavail * 100 < disk.f_blocks:
            return f"it filled the disk ({settings['disk_bytes'] >> 20} MB)"
    resident = 0
    processes = [name for name in os.listdir("/proc") if name.isdigit()]
    for process in processes:
        with suppress(OSError, ValueError, IndexError):
            resident += int(Path("/proc", process, "statm").read_text().split()[1])
    if resident * os.sysconf("SC_PAGE_SIZE") > settings["memory_bytes"]:
        return f"it used more than {settings['memory_bytes'] >> 30} GB of memory"
    if len(processes) > settings["processes"]:
        return f"it started more than {settings['processes']} processes"
    return ""


def _end_all_others() -> None:
    """Nobody may write any more when the report is made. In a sandbox's own process namespace only."""
    for _ in range(200):
        try:
            os.kill(-1, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.005)
