"""Run act inside the sandbox, and hand out what happened as one bounded archive.

The learner's steps run as the same user as this process and act. They can neither read nor write what either says: a
process that is not dumpable keeps its `/proc` entries from its own user, and act's binary may be executed but not read,
which makes it so from its first instruction. https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html

It imports little, since each run waits for it.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import select
import sys
import time

from .hand_out import hand_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KEPT = (
    b'"stepResult"', b'"jobResult"', b'"command":', b'"level":"error"', b'"level":"warning"', b"unsupported platform",
    b"but continue next",
)  # fmt: skip
_FOLDERS = ("bin", "record", "artifacts", "caches", "rooms", "home", "unknown")
_STDERR_BYTES = 16_384
_MOST_FILES = 200_000
_KILL = 9


def main(report: str) -> int:
    """Read the settings from standard input, run act, write `report`. Exit code 0: the report can be relied on."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
    settings = marshal.load(sys.stdin.buffer)  # noqa: S302 - ours: from the process that started the sandbox
    root = os.getcwd()
    lay_out(root, settings)
    log, end = _run_act(root, settings)
    if settings["alone"]:
        _end_all_others()
    hand_out(report, root, log, end, settings["report_bytes"])
    return 0


def lay_out(root: str, settings: dict[str, Any]) -> None:
    """Make the folders of a run, the files that it is given, and what its steps find on PATH."""
    for folder in _FOLDERS:
        os.makedirs(os.path.join(root, folder), exist_ok=True)
    tools = {name: (text.encode(), mode) for name, (text, mode) in settings["tools"].items()}
    made: set[str] = set()
    for name, (content, mode) in {**{name: (data, 0o644) for name, data in settings["files"].items()}, **tools}.items():
        path = os.path.join(root, name)
        folder = os.path.dirname(path)
        if folder not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode)


def act_command(root: str, settings: dict[str, Any], secrets: str, variables: str) -> list[str]:
    """How act is called for a run in the folder `root`; `secrets` and `variables` are files."""
    argv = [
        settings["act"], settings["event"], "-W", settings["workflow"], "-e", f"{root}/event.json", "-v", "--json",
        "--action-offline-mode", "--no-cache-server", "--no-skip-checkout", "--artifact-server-addr", "127.0.0.1",
        "--action-cache-path", f"{root}/rooms", "--secret-file", secrets, "--var-file", variables,
        "--env-file", os.devnull, "--input-file", os.devnull, "--actor", "learner",
        "--concurrent-jobs", str(settings["concurrent_jobs"]), "--pull=false",
    ]  # fmt: skip
    for label in settings["platforms"]:
        argv += ["-P", f"{label}=-self-hosted"]
    for use in settings["uses"]:
        argv += ["--local-repository", f"{use['repository']}@{use['ref']}={os.path.join(root, use['folder'])}"]
    for name, value in settings["env"].items():
        argv += ["--env", f"{name}={value}"]
    return argv


def _run_act(root: str, settings: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    secrets, variables = _as_file(settings["secrets"]), _as_file(settings["variables"])
    argv = act_command(root, settings, f"/dev/fd/{secrets}", f"/dev/fd/{variables}")
    reading, writing = os.pipe()
    stderr = os.open(f"{root}/act.stderr", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    os.unlink(f"{root}/act.stderr")
    act = os.fork()
    if act == 0:
        _become(argv, root, environment(root, settings), writing, stderr)
    for descriptor in (writing, secrets, variables):
        os.close(descriptor)
    log, trouble = _follow(reading, root, settings)
    if trouble:
        os.killpg(act, _KILL)
    exit_code = os.waitstatus_to_exitcode(os.waitpid(act, 0)[1])
    os.lseek(stderr, max(0, os.fstat(stderr).st_size - _STDERR_BYTES), os.SEEK_SET)
    said = os.read(stderr, _STDERR_BYTES).decode("utf-8", "replace")
    return log, {"exit_code": exit_code, "trouble": trouble, "stderr": said}


def _become(argv: list[str], root: str, environment: dict[str, str], stdout: int, stderr: int) -> None:
    try:
        os.setsid()
        os.chdir(f"{root}/project")
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        os.execve(argv[0], argv, environment)  # noqa: S606
    finally:
        os._exit(127)


def environment(root: str, settings: dict[str, Any]) -> dict[str, str]:
    """What act, and so every step, has in its environment."""
    path = [f"{root}/bin", *os.defpath.split(os.pathsep), "/usr/sbin", "/sbin", *filter(None, [settings["node"]])]
    return {
        "PATH": os.pathsep.join(dict.fromkeys(path)), "HOME": f"{root}/home", "LANG": "C.UTF-8", "TZ": "UTC",
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


def _follow(stream: int, root: str, settings: dict[str, Any]) -> tuple[bytes, str]:
    """act's log without what it says for its own developers, and why it was stopped (or empty)."""
    deadline = time.monotonic() + settings["seconds"]
    most = settings["log_bytes"]
    log, rest, printed, looked = bytearray(), b"", 0, time.monotonic()
    while True:
        if select.select([stream], [], [], 0.2)[0]:
            chunk = os.read(stream, 1 << 16)
            if not chunk:
                return bytes(log), ""
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                raw = b'"raw_output":true' in line  # a quote inside a value is escaped, so no step can print this
                printed += len(line) if raw else 0
                if raw or any(word in line for word in _KEPT):
                    log += line + b"\n"
        if printed > most or len(log) > 2 * most or len(rest) > most:
            return bytes(log), f"it printed more than {most >> 20} MB"
        now = time.monotonic()
        if now > deadline:
            return bytes(log), f"it did not end within {settings['seconds']} seconds"
        if now - looked > 0.2:
            looked = now
            if trouble := _exhausted(root, settings):
                return bytes(log), trouble


def _exhausted(root: str, settings: dict[str, Any]) -> str:
    if not settings["alone"]:
        return ""
    for folder in (root, "/tmp"):  # noqa: S108
        disk = os.statvfs(folder)
        if disk.f_blocks and disk.f_bavail * 100 < disk.f_blocks:
            return f"it filled the disk ({settings['disk_bytes'] >> 20} MB)"
        if disk.f_files - disk.f_ffree > _MOST_FILES:  # each takes memory that no limit on their content counts
            return f"it made more than {_MOST_FILES:,} files"
    resident = 0
    processes = [name for name in os.listdir("/proc") if name.isdigit()]
    for process in processes:
        try:
            with open(f"/proc/{process}/statm") as statm:
                resident += int(statm.read().split()[1])
        except (OSError, ValueError, IndexError):
            continue
    if resident * os.sysconf("SC_PAGE_SIZE") > settings["memory_bytes"]:
        return f"it used more than {settings['memory_bytes'] >> 20} MB of memory"
    if len(processes) > settings["processes"] * 9 // 10:
        return f"it started more than {settings['processes'] * 9 // 10} processes"
    return ""


def _end_all_others() -> None:
    """Nobody may write any more when the report is made. In a sandbox's own process namespace only."""
    for _ in range(400):
        try:
            os.kill(-1, _KILL)
        except (ProcessLookupError, PermissionError):
            return
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        time.sleep(0.005)
