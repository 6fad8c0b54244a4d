"""Run a command on somebody's files where it can harm nothing: bubblewrap where it exists.

Inside, the root is a handful of read-only system folders, `/tmp` and the files are memory of limited size, there is no
network, no other process, no home and none of the caller's environment. https://github.com/containers/bubblewrap
"""

from __future__ import annotations

import contextlib
import os
import platform
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import IO

from graders.runners.no_namespaces import filter_program

_SYSTEM_FOLDERS = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc/ld.so.cache",
    "/etc/alternatives",
)
_HOSTS = "127.0.0.1 localhost\n::1 ip6-localhost ip6-loopback\n"
_PORTS_BELOW_1024 = "CAP_NET_BIND_SERVICE"
_TREE = "/sandbox/tree"
_REPORT = "/sandbox/report"
# Ids that own nothing, since the kernel's process limit does not hold for root; one for each run, since runs of the same
# user would share it. https://systemd.io/UIDS-GIDS/
_UNPRIVILEGED_IDS = range(61_184, 65_520)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use: wall-clock and CPU seconds, bytes of memory, of one file, of all files and of output."""

    seconds: float = 60
    cpu_seconds: int = 60
    memory_bytes: int = 3 << 30
    file_bytes: int = 64 << 20
    disk_bytes: int = 256 << 20
    output_bytes: int = 1 << 20
    processes: int = 256


@dataclass(frozen=True, slots=True)
class Completed:
    """How a run ended. `exit_code` is negative for a signal; `report` is what the command left in the file it may write."""

    exit_code: int
    stdout: str
    stderr: str
    report: bytes
    timed_out: bool


@cache
def isolates() -> bool:
    """Whether runs are really shut in here; where not, they still get a clean environment, limits and a timeout."""
    bwrap = shutil.which("bwrap")
    if not bwrap or not shutil.which("prlimit"):
        return False
    probe = [bwrap, "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "--", "true"]
    return subprocess.run(probe, capture_output=True, timeout=20).returncode == 0


def run(
    argv: Sequence[str],
    *,
    files: Mapping[str, bytes],
    limits: Limits = Limits(),
    env: Mapping[str, str] | None = None,
    folders: Sequence[Path] = (),
    stdin: bytes = b"",
    binary_report: bool = False,
    descriptors: Sequence[int] = (),
) -> Completed:
    """Run `argv` in a fresh folder that holds `files` (relative POSIX paths to content), and record what happened.

    The command finds this interpreter first on PATH as `python`, and may write one file: `{report}` in `argv` names it.
    `folders` can be read under their own names. `descriptors` are inherited; with one, a `relay.Relay`'s, the command
    begins with the capability to take ports below 1024 of its own loopback. Paths of this run are called `.` in what
    comes back; with `binary_report` the report is left as it is. Raises ValueError for a path that leaves the folder.
    """
    with tempfile.TemporaryDirectory(prefix="ninesteps-") as scratch_name:
        scratch = Path(scratch_name)
        given = scratch / "given"
        _write(files, given)
        report = scratch / "report"
        report.touch()
        argv = [word.replace("{report}", _REPORT if isolates() else str(report)) for word in argv]
        rules = _rules(scratch) if isolates() else None
        if isolates():
            (scratch / "hosts").write_text(_HOSTS, encoding="utf-8")
            takes_ports = bool(descriptors)
            command = _isolated(argv, given, report, limits, env or {}, folders, rules, takes_ports)
            environment, cwd = {}, scratch
        else:
            home = scratch / "home"
            home.mkdir()
            environment = _environment(str(home), env or {})
            command, cwd = _limited(argv, limits), given
        try:
            inherited = (*descriptors, *(() if rules is None else (rules,)))
            completed = _run_to_end(command, environment, cwd, limits, report, stdin, inherited)
        finally:
            if rules is not None:
                os.close(rules)
        return _with_one_name_for(given, completed, binary_report)


def _rules(scratch: Path) -> int | None:
    """The filter of system calls, open for bubblewrap to read."""
    program = filter_program()
    if not program:
        return None
    file = scratch / "rules"
    file.write_bytes(program)
    return os.open(file, os.O_RDONLY)


def _write(files: Mapping[str, bytes], root: Path) -> None:
    scratch = root.parent
    os.chmod(scratch, 0o711)  # noqa: S103 - the sandbox's user passes through
    root.mkdir()
    for name, content in files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\0" in name or not path.parts:
            raise ValueError(f"{name!r} leaves the folder")
        target = root.joinpath(*path.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _environment(home: str, extra: Mapping[str, str]) -> dict[str, str]:
    path = [str(Path(sys.prefix) / ("Scripts" if os.name == "nt" else "bin")), *os.defpath.split(os.pathsep)]
    base = {"PATH": os.pathsep.join(path), "HOME": home, "LANG": "C.UTF-8", "TZ": "UTC"}
    if os.name == "nt":
        base |= {"SYSTEMROOT": os.environ.get("SYSTEMROOT", ""), "TEMP": home, "USERPROFILE": home}
    return base | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"} | dict(extra)


def _isolated(
    argv: Sequence[str], given: Path, report: Path, limits: Limits, env: Mapping[str, str], folders: Sequence[Path],
    rules: int | None, takes_ports: bool,
) -> list[str]:  # fmt: skip
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox"]
    command += ["--seccomp", str(rules)] if rules is not None else []
    for folder in _SYSTEM_FOLDERS:
        if os.path.islink(folder):
            command += ["--symlink", os.readlink(folder), folder]
        elif os.path.exists(folder):
            command += [*_open_parents(folder), "--ro-bind", folder, folder]
    command += ["--dev", "/dev", "--proc", "/proc"]
    sizes = {"/tmp": limits.disk_bytes, _TREE: limits.disk_bytes, "/sandbox/home": 16 << 20, "/dev/shm": 16 << 20}  # noqa: S108
    for folder, size in sizes.items():
        command += ["--perms", "0777", "--size", str(size), "--tmpfs", folder]
    for prefix in dict.fromkeys([sys.base_prefix, os.path.realpath(sys.base_prefix), sys.prefix]):
        if not prefix.startswith("/usr/") and prefix != "/usr":
            command += [*_open_parents(prefix), "--ro-bind", prefix, prefix]
    for shared in folders:
        if not any(shared.is_relative_to(there) for there in ("/usr", sys.base_prefix, sys.prefix)):
            command += [*_open_parents(str(shared)), "--ro-bind", str(shared), str(shared)]
    command += ["--ro-bind", str(given), "/sandbox/given", "--bind", str(report), _REPORT]
    command += ["--ro-bind", str(given.parent / "hosts"), "/etc/hosts"]
    command += ["--ro-bind", str(given.parent / "passwd"), "/etc/passwd"]
    for name, value in _environment("/sandbox/home", env).items():
        command += ["--setenv", name, value]
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]  # memory without a limit otherwise
    id = random.choice(_UNPRIVILEGED_IDS) if os.geteuid() == 0 else os.geteuid()
    processes = limits.processes
    (given.parent / "passwd").write_text(f"learner:x:{id}:{id}::/sandbox/home:/bin/sh\n", encoding="utf-8")
    if os.geteuid() == 0:
        os.chown(report, id, id)
        command.remove("--unshare-all")
        command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        command += [
            "--cap-drop",
            "ALL",
            "--cap-add",
            "CAP_SETUID",
            "--cap-add",
            "CAP_SETGID",
            "--cap-add",
            "CAP_SETPCAP",
        ]
    command += ["--cap-add", _PORTS_BELOW_1024] if takes_ports else []
    command += ["--chdir", _TREE, "--", "prlimit", f"--as={limits.memory_bytes}", f"--cpu={limits.cpu_seconds}"]
    if os.geteuid() != 0:
        processes += _counted_already()
    command += [f"--fsize={limits.file_bytes}", f"--nproc={processes}", "--nofile=4096", "--core=0"]
    if os.geteuid() == 0:
        command += ["setpriv", "--reuid", str(id), "--regid", str(id), "--clear-groups"]
        kept = f",+{_PORTS_BELOW_1024.removeprefix('CAP_').lower()}" if takes_ports else ""
        command += [f"--bounding-set=-all{kept}", f"--inh-caps=-all{kept}", "--no-new-privs"]
        command += [f"--ambient-caps=-all{kept}"] if kept else []
    copied = ["sh", "-c", 'cp -R /sandbox/given/. . && exec "$@"', "sh"] if any(given.iterdir()) else []
    return [*command, *copied, *argv]


def _counted_already() -> int:
    """What the user runs elsewhere, where the kernel counts it too: before 5.14, a namespace has no count of its own."""
    release = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
    if release >= (5, 14):
        return 0
    return sum(1 for _ in Path("/proc").glob("[0-9]*/task/[0-9]*"))


def _open_parents(path: str) -> list[str]:
    """Arguments that make a mount point's parents ones that everybody may pass; bubblewrap's own are its user's alone."""
    parents = [str(parent) for parent in reversed(Path(path).parents) if str(parent) not in ("/", "/usr", "/tmp")]  # noqa: S108
    return [word for parent in parents for word in ("--perms", "0755", "--dir", parent)]


def _limited(argv: Sequence[str], limits: Limits) -> list[str]:
    if os.name == "nt":
        return list(argv)
    blocks = limits.file_bytes // 512  # POSIX: ulimit -f counts 512-byte units
    return ["sh", "-c", f'ulimit -t {limits.cpu_seconds} -f {blocks} -c 0; exec "$@"', "sh", *argv]


def _run_to_end(
    command: Sequence[str], env: Mapping[str, str], cwd: Path, limits: Limits, report: Path, stdin: bytes,
    inherited: Sequence[int],
) -> Completed:  # fmt: skip
    process = subprocess.Popen(
        command, cwd=cwd, env={"PATH": os.defpath} | dict(env), stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        pass_fds=inherited,
    )  # fmt: skip
    if process.stdin:
        threading.Thread(target=_feed, args=(process.stdin, stdin), daemon=True).start()
    streams = [_Drain(stream, limits.output_bytes) for stream in (process.stdout, process.stderr) if stream]
    timed_out = False
    try:
        _wait(process, limits.seconds)
    except subprocess.TimeoutExpired:
        timed_out = True
    finally:
        _end_group(process)
    out, err = (stream.text() for stream in streams)
    content = report.read_bytes()[: limits.output_bytes * 4]
    return Completed(process.returncode, out, err, content, timed_out)


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for the process to end; `Popen.wait` looks only every 50 ms. Raises subprocess.TimeoutExpired."""
    with contextlib.suppress(AttributeError, OSError):  # no pidfd on this system
        descriptor = os.pidfd_open(process.pid)
        try:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            if not poll.poll(seconds * 1000):
                raise subprocess.TimeoutExpired(process.args, seconds)
        finally:
            os.close(descriptor)
    process.wait(seconds)


def _feed(stream: IO[bytes], content: bytes) -> None:
    with contextlib.suppress(OSError), stream:  # the command may end before it has read all
        stream.write(content)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End what the command left behind, too."""
    if os.name == "nt":
        process.kill()
    else:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
    process.wait()


class _Drain:
    """Reads a stream to its end so that the writer never blocks, and keeps the first `most` bytes."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream, self._most, self._kept = stream, most, bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while chunk := self._stream.read1(65536):  # type: ignore[attr-defined]
            self._kept += chunk[: max(0, self._most - len(self._kept))]

    def text(self) -> str:
        self._thread.join(2)  # an escaped child may hold the stream open; what was read so far is enough
        return bytes(self._kept).decode("utf-8", "replace")


def _with_one_name_for(given: Path, completed: Completed, binary_report: bool) -> Completed:
    """The same output wherever it ran: the folder is called `.` in it."""

    def tidy(text: str) -> str:
        for name in (_TREE, os.path.realpath(given), str(given)):
            text = text.replace(name + "/", "").replace(name, ".")
        return text

    report = completed.report if binary_report else tidy(completed.report.decode("utf-8", "replace")).encode()
    return Completed(completed.exit_code, tidy(completed.stdout), tidy(completed.stderr), report, completed.timed_out)
