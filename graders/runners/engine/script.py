"""Run a learner's script in the sandbox, on a clone of the judged commit, with a `docker` that reaches the gate alone."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from graders.evidence.git_command import Git
from graders.problems import Problem
from graders.runners import sandbox
from graders.runners.engine.gate import Call, Gate
from graders.runners.relay import Address, Relay
from graders.runners.workflow.repository import readable_by_all

_CLI = Path(__file__).with_name("script_docker.py")
_SYSTEM = ("/usr", "/bin", "/sbin")
# The sandbox's folder belongs to nobody that git trusts; what the clone borrowed is copied into it, so that it is one like
# any other. https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
_CLONE = """\
git config --global safe.directory '*' &&
git -c core.hooksPath=/dev/null reset --quiet --hard && git repack -q -a -d &&
rm .git/objects/info/alternates && exec "$@"
"""
_WRAPPER = """\
#!/bin/sh
case "$1" in
build | buildx | image) exec "{python}" -IS "{builds}" "$@" ;;
*) exec "{real}" "$@" ;;
esac
"""
LIMITS = sandbox.Limits(seconds=180, cpu_seconds=120, disk_bytes=512 << 20, file_bytes=512 << 20)


@dataclass(frozen=True, slots=True)
class Ran:
    """How a script ended, and what it asked the engine for meanwhile."""

    exit_code: int
    stdout: str
    stderr: str
    timed_out: bool
    calls: tuple[Call, ...]

    @property
    def refused(self) -> tuple[str, ...]:
        """The sentences with which the gate refused something, each once."""
        return tuple(dict.fromkeys(call.refused for call in self.calls if call.refused))


def run_script(
    git: Git, commit: str, argv: Sequence[str], *, gate: Gate, env: Mapping[str, str] | None = None,
    ports: Mapping[int, Address] | None = None, limits: sandbox.Limits = LIMITS,
) -> Ran:  # fmt: skip
    """Run `argv`, such as `["scripts/publish.sh"]`, at the top of a clone of `commit`, which is on the branch main there.

    `git` is our bare copy. `env` is all that is in its environment besides what any shell has; the gate is DOCKER_HOST. On
    its loopback are the ports that its containers publish, the gate's registry, and `ports`, each with where it leads.
    Without bubblewrap it runs as `sandbox.run` does then. Raises Problem where there is no `docker` command, or no Unix.
    """
    if os.name == "nt":
        raise Problem("Scripts that call docker run on Linux and macOS only.", "Run the course in WSL.")
    environment = {**docker_environment(gate), **(env or {})}
    readable_by_all(git.folder)
    before = len(gate.calls)
    with ExitStack() as stack:
        relay = stack.enter_context(Relay())
        for port, target in {**gate.registry_port, **(ports or {})}.items():
            relay.listen(port, target)
        stack.enter_context(gate.ports.served_by(relay))
        done = sandbox.run(
            relay.around(["sh", "-c", _CLONE, "sh", *argv]), files=_clone(git, commit), env=environment, limits=limits,
            folders=[git.folder, gate.folder], descriptors=[relay.descriptor],
        )  # fmt: skip
    return Ran(done.exit_code, done.stdout, done.stderr, done.timed_out, gate.calls[before:])


def docker_environment(gate: Gate) -> dict[str, str]:
    """What makes `docker` in a sandbox reach the gate, whose folder it has to be given. Raises Problem without `docker`."""
    cli = _cli(gate.folder)
    path = [str(cli.parent), str(Path(sys.prefix) / "bin"), "/usr/local/bin", "/usr/bin", "/bin"]
    return {
        "PATH": os.pathsep.join(path),
        "DOCKER_HOST": gate.address,
        "DOCKER_BUILDKIT": "0",
        "DOCKER_CLI_HINTS": "false",
    }


def _clone(git: Git, commit: str) -> dict[str, bytes]:
    """As much of a repository as git needs to make the rest. https://git-scm.com/docs/gitrepository-layout"""
    return {
        ".git/HEAD": b"ref: refs/heads/main\n",
        ".git/config": b"[core]\n\trepositoryformatversion = 0\n\tbare = false\n",
        ".git/refs/heads/main": f"{commit}\n".encode(),
        ".git/objects/info/alternates": f"{git.folder / 'objects'}\n".encode(),
    }


def _cli(folder: Path) -> Path:
    """Our `docker` in the gate's folder, which calls the machine's with what the gate understands."""
    found = shutil.which("docker")
    if not found:
        raise Problem("The `docker` command is not installed, or not on your PATH.", "See `ninesteps doctor`.")
    made = folder / "bin" / "docker"
    if not made.exists():
        made.parent.mkdir()
        real = Path(found).resolve()
        if sandbox.isolates() and not any(real.is_relative_to(place) for place in _SYSTEM):
            real = Path(shutil.copy(real, made.parent / "real-docker"))
            real.chmod(0o755)
        builds = made.with_name("docker-build")
        builds.write_text(_CLI.read_text(encoding="utf-8").replace("{DOCKER}", str(real)), encoding="utf-8")
        made.write_text(
            _WRAPPER.format(python=os.path.realpath(sys.executable), builds=builds, real=real), encoding="utf-8"
        )
        made.chmod(0o755)
    return made
