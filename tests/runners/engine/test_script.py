"""A learner's script: where it runs, what it has there, and that it gets no further than the gate."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from graders.evidence.git_command import Git
from graders.problems import Problem
from graders.runners.engine.gate import Gate
from graders.runners.engine.leftovers import Ours
from graders.runners.engine.script import Ran, run_script
from graders.runners.registry import tags, throwaway_registry
from graders.runners.sandbox import Limits, isolates
from graders.runners.workflow.repository import empty_commit, with_changes

needs_bubblewrap = pytest.mark.skipif(not isolates(), reason="bubblewrap is missing: scripts shut in are not proven")

SERVICE = """\
use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 8000, Listen => 5, ReuseAddr => 1) or die;
while (my $c = $s->accept) { <$c>; print $c "HTTP/1.0 200 OK\\r\\n\\r\\nhello\\n"; close $c }
"""
PUBLISH = """\
#!/usr/bin/env bash
set -euo pipefail
image="$REGISTRY/widgets:$(git rev-parse --short=12 HEAD)"
docker build --tag "$image" .
docker push "$image"
"""


class Repository:
    """A repository that holds one script, `s.sh`, and runs it."""

    def __init__(self, folder: Path, gate: Gate, small: str) -> None:
        self.git, self.gate, self.small = Git(folder.resolve()), gate, small

    def run(self, text: str, limits: Limits | None = None, **env: str) -> Ran:
        dockerfile = f'FROM {self.small}\nCOPY service.pl /\nCMD ["perl", "/service.pl"]\n'
        files = {"s.sh": text.encode(), "Dockerfile": dockerfile.encode(), "service.pl": SERVICE.encode()}
        self.commit = with_changes(self.git, empty_commit(self.git), files, "Add a script")
        options = {"limits": limits} if limits else {}
        return run_script(self.git, self.commit, ["bash", "s.sh"], gate=self.gate, env=env, **options)


@pytest.fixture
def repository(tmp_path: Path, gate: Gate, small: str) -> Repository:
    return Repository(tmp_path, gate, small)


def test_it_finds_a_repository_like_any_other(repository: Repository) -> None:
    ran = repository.run(
        "git status --short --branch; git log --format=%s; git rev-parse HEAD; git remote; ls .git/objects"
    )

    assert ran.stderr == ""
    assert ran.stdout.splitlines()[:4] == ["## main", "Add a script", "Begin", repository.commit]
    assert "info" in ran.stdout.split()
    assert ran.exit_code == 0


def test_it_builds_and_runs_and_asks_what_it_runs(repository: Repository, gate: Gate) -> None:
    ran = repository.run(
        "set -e; docker buildx build --load --progress=plain -t w . >/dev/null\n"
        "docker run -d --name web -p 8081:8000 w >/dev/null\n"
        "for i in $(seq 100); do perl -MIO::Socket::INET -e '$c = IO::Socket::INET->new(PeerAddr => q(127.0.0.1:8081)) or exit 1;"
        ' print $c "GET / HTTP/1.0\\r\\n\\r\\n"; @a = <$c> or exit 1; print $a[-1]\' && break; sleep 0.1; done\n'
    )

    assert (ran.exit_code, ran.stdout) == (0, "hello\n"), ran.stderr
    assert [call.path for call in ran.calls if call.method == "POST"][:2] == ["/build", "/containers/create"]


@pytest.mark.slow
def test_its_containers_live_on_for_the_next_script(repository: Repository) -> None:
    assert repository.run("docker build -q -t w . && docker run -d --name web -p 8081:8000 w").exit_code == 0

    ran = repository.run("docker ps --format '{{.Names}}'; : < /dev/tcp/127.0.0.1/8081 && echo open")

    assert ran.stdout == "web\nopen\n"


@needs_bubblewrap
def test_it_reaches_no_other_engine_and_no_network(repository: Repository, gate: Gate) -> None:
    ran = repository.run(
        "ls /var/run/docker.sock /run/docker.sock; DOCKER_HOST=unix:///var/run/docker.sock docker ps\n"
        "env -u DOCKER_HOST docker ps\n"
        ": < /dev/tcp/127.0.0.1/22; id -u; grep CapEff /proc/self/status; docker run --privileged -v /:/x w ls /x; whoami\n"
    )

    assert "No such file or directory" in ran.stderr
    assert ran.stderr.count("Cannot connect to the Docker daemon") == 2
    assert "0000000000000000" in ran.stdout
    assert ran.stdout.split()[0] != "0"
    assert len(ran.refused) == 1


@pytest.mark.skipif(not shutil.which("docker-registry"), reason="docker-registry is missing: pushing is not proven")
def test_it_publishes_to_the_registry_that_it_is_given(ours: Ours, small: str, tmp_path: Path) -> None:
    with throwaway_registry() as registry, Gate(ours, bases=[small], registry=registry) as gate:
        repository = Repository(tmp_path, gate, small)
        ran = repository.run(PUBLISH, REGISTRY=registry)

        assert ran.exit_code == 0, ran.stderr
        assert [(tag.repository, tag.tag) for tag in tags(registry)] == [("widgets", repository.commit[:12])]
        asked = repository.run(
            "exec 3<>/dev/tcp/${REGISTRY/://}; printf 'GET /v2/_catalog HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3",
            REGISTRY=registry,
        )
        assert '{"repositories":["widgets"]}' in asked.stdout


@pytest.mark.slow
def test_buildx_with_push_is_two_commands(ours: Ours, small: str, tmp_path: Path) -> None:
    if not shutil.which("docker-registry"):
        pytest.skip("docker-registry is missing: pushing is not proven")
    with throwaway_registry() as registry, Gate(ours, bases=[small], registry=registry) as gate:
        ran = Repository(tmp_path, gate, small).run(
            "docker buildx build --push --provenance=false -t $REGISTRY/w:1 .", REGISTRY=registry
        )

        assert ran.exit_code == 0, ran.stderr
        assert [tag.tag for tag in tags(registry)] == ["1"]


@pytest.mark.slow
def test_one_that_never_ends_is_ended(repository: Repository) -> None:
    ran = repository.run("docker version > /dev/null; sleep 60 & echo waits; wait", Limits(seconds=3))

    assert ran.timed_out
    assert ran.stdout == "waits\n"
    assert ran.calls


@pytest.mark.slow
def test_one_that_says_too_much_is_heard_in_part(repository: Repository) -> None:
    ran = repository.run("head -c 3000000 /dev/zero | tr '\\0' x", Limits(seconds=30, output_bytes=1000))

    assert (ran.exit_code, len(ran.stdout)) == (0, 1000)


def test_without_docker_it_is_said(repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    git, sh = shutil.which("git"), shutil.which("sh")
    assert git
    assert sh
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(git)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    with pytest.raises(Problem, match="`docker` command is not installed"):
        repository.run("true")


def test_the_environment_is_what_it_is_given(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SECRET", "canary")

    ran = repository.run("env; cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n'", WORD="given")

    assert "WORD=given" in ran.stdout
    if isolates():
        assert "canary" not in ran.stdout
