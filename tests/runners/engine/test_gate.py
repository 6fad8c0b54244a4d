"""What scripts do with docker works through the gate as it does without one, and leaves nothing."""

from __future__ import annotations

import json
import re
import shutil
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from graders.runners.engine.connection import Engine
from graders.runners.engine.gate import Gate
from graders.runners.engine.gate.upstream import Asking
from graders.runners.engine.leftovers import LABEL, Ours, ours_on
from graders.runners.registry import tags, throwaway_registry
from tests.runners.engine.conftest import Client

needs_registry = pytest.mark.skipif(
    not shutil.which("docker-registry"), reason="docker-registry is missing: pushing is not proven"
)


@pytest.fixture
def context(tmp_path: Path, small: str) -> Path:
    (tmp_path / "Dockerfile").write_text(f'FROM {small}\nCOPY hello /hello\nEXPOSE 8000\nCMD ["cat", "/hello"]\n')
    (tmp_path / "hello").write_text("hello\n")
    return tmp_path


def built(client: Client, context: Path, *names: str) -> str:
    done = client.docker("build", *(word for name in names for word in ("--tag", name)), str(context))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_image_is_built_named_run_and_removed(client: Client, context: Path) -> None:
    said = built(client, context, "widgets:1", "widgets:latest")

    assert said.count("Successfully tagged widgets:1") == 1
    assert client.docker("run", "--rm", "widgets").stdout == "hello\n"
    listed = client.docker("images", "--format", "{{.Repository}}:{{.Tag}}").stdout.split()
    assert {"widgets:1", "widgets:latest"} < set(listed)
    assert client.docker("rmi", "widgets:1").stdout == "Untagged: widgets:1\n"
    assert "Deleted: sha256:" in client.docker("rmi", "widgets").stdout
    assert client.docker("run", "--rm", "widgets").returncode == 125


@pytest.mark.slow
def test_a_quiet_build_says_the_id_alone(client: Client, context: Path) -> None:
    said = client.docker("build", "--quiet", "--tag", "widgets:1", str(context)).stdout

    assert said.removesuffix("\n") == client.docker("inspect", "--format", "{{.Id}}", "widgets:1").stdout.removesuffix(
        "\n"
    )


@pytest.mark.parametrize("buildkit", [True, False])
def test_either_builder_says_what_it_does(ours: Ours, small: str, buildkit: bool) -> None:
    if buildkit and not ours.engine.has_buildkit:
        pytest.skip("BuildKit: this engine has none")
    engine = ours.engine if buildkit else replace(ours.engine, api="1.38")
    with Gate(replace(ours, engine=engine), bases=[small]) as gate:
        done = Client(gate.address).docker(
            "build", "--no-cache", "--tag", "a:1", "-", stdin=f"FROM {small}\nRUN echo w''ord {buildkit}\n"
        )

    assert f"\nword {buildkit}\n" in done.stdout
    assert "Successfully tagged a:1\n" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("first", ["# syntax=docker/dockerfile:1", "#", "# escape=`"])
def test_other_builders_are_not_fetched(client: Client, small: str, first: str) -> None:
    done = client.docker(
        "build", "--build-arg", "BUILDKIT_SYNTAX=elsewhere/frontend", "-", stdin=f"{first}\nFROM {small}\n"
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_build_that_fails_says_so(client: Client, context: Path, small: str) -> None:
    (context / "Dockerfile").write_text(f"FROM {small}\nRUN false\n")

    done = client.docker("build", "--tag", "widgets:1", str(context))

    assert done.returncode
    assert re.search("returned a non-zero code: 1|exit code: 1", done.stderr)
    assert client.docker("inspect", "widgets:1").returncode


@pytest.mark.slow
def test_a_build_starts_from_an_image_of_the_scripts_own(client: Client, context: Path) -> None:
    built(client, context, "widgets:1")

    done = client.docker("build", "--tag", "more", "-", stdin="FROM widgets:1 AS x\nFROM x\nRUN cat /hello\n")

    assert done.returncode == 0, done.stderr
    assert "hello\n" in done.stdout


@pytest.mark.slow
def test_the_exit_code_and_both_streams_come_back(client: Client, small: str) -> None:
    done = client.docker(
        "run", "--rm", "--interactive", small, "sh", "-c", "cat; echo bad >&2; exit 7", stdin="given\n"
    )

    assert (done.returncode, done.stdout, done.stderr) == (7, "given\n", "bad\n")


def test_a_containers_life(client: Client, small: str) -> None:
    id = client.docker("run", "--detach", "--name", "web", small, "sh", "-c", "echo up; exec sleep 60").stdout.strip()
    listed = client.docker("ps", "--format", "{{.Names}} {{.Image}}").stdout
    assert listed == f"web {small}\n"
    assert (
        client.docker("inspect", "--format", "{{.Id}} {{.Name}} {{.Config.Image}}", "web").stdout
        == f"{id} /web {small}\n"
    )
    assert client.docker("inspect", "--format", "{{.Name}}", id[:12]).stdout == "/web\n"
    assert client.docker("exec", "web", "id", "-u").stdout == "0\n"
    assert client.docker("exec", "--interactive", "web", "cat", stdin="given").stdout == "given"
    assert client.docker("logs", "web").stdout == "up\n"
    assert client.docker("rename", "web", "blue").returncode == 0
    assert client.docker("stop", "-t", "0", "blue").stdout == "blue\n"
    assert client.docker("wait", "blue").stdout == "137\n"
    assert client.docker("ps", "--quiet").stdout == ""
    assert client.docker("ps", "--all", "--format", "{{.Names}}").stdout == "blue\n"
    assert client.docker("start", "blue").stdout == "blue\n"
    assert client.docker("rm", "--force", "blue").stdout == "blue\n"
    assert client.docker("ps", "--all", "--quiet").stdout == ""


@pytest.mark.slow
def test_a_name_can_be_had_once(client: Client, small: str) -> None:
    client.docker("run", "--detach", "--name", "web", small)

    again = client.docker("run", "--detach", "--name", "web", small)

    assert 'The container name "/web" is already in use' in again.stderr
    client.docker("rm", "--force", "web")
    assert client.docker("run", "--detach", "--name", "web", small).returncode == 0


@pytest.mark.slow
def test_a_name_that_the_machine_has_is_free_here(client: Client, stranger: str, small: str) -> None:
    assert client.docker("run", "--detach", "--name", stranger, small).returncode == 0
    assert client.docker("rm", "--force", stranger).returncode == 0


def test_ports_are_shown_as_if_they_were_published(client: Client, small: str, direct: Client, gate: Gate) -> None:
    client.docker("run", "--detach", "--name", "web", "--publish", "127.0.0.1:8081:8000", "--publish", "9000", small)

    assert client.docker("port", "web", "8000").stdout == "0.0.0.0:8081\n"
    assert "0.0.0.0:8081->8000/tcp" in client.docker("ps").stdout
    shown = client.docker(
        "inspect", "--format", '{{(index (index .NetworkSettings.Ports "8000/tcp") 0).HostPort}}', "web"
    )
    assert shown.stdout == "8081\n"
    assert set(gate.ports.addresses) == {8081, 32768}
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", 8081), 1)


@pytest.mark.slow
def test_a_port_is_taken_until_its_container_ends(client: Client, small: str) -> None:
    client.docker("run", "--detach", "--name", "web", "--publish", "8081:8000", small)

    for options in (["--detach"], ["--rm"], ["--detach", "--rm"]):
        other = client.docker("run", *options, "--publish", "8081:8000", small, "true")
        assert other.returncode == 125
        assert "Bind for 0.0.0.0:8081 failed: port is already allocated" in other.stderr
    client.docker("kill", "web")
    assert client.docker("run", "--rm", "--publish", "8081:8000", small, "true").returncode == 0


@pytest.mark.slow
def test_a_container_that_ends_by_itself_gives_its_port_back(client: Client, small: str, gate: Gate) -> None:
    client.docker("run", "--detach", "--publish", "8081:8000", small, "sleep", "0.5")

    until = time.monotonic() + 30
    while gate.ports.addresses and time.monotonic() < until:
        time.sleep(0.05)
    assert gate.ports.addresses == {}


@pytest.mark.slow
def test_containers_of_a_network_know_each_other_by_name(client: Client, small: str) -> None:
    assert client.docker("network", "create", "shop").returncode == 0
    client.docker("run", "--detach", "--name", "database", "--network", "shop", "--network-alias", "db", small)
    code = 'use Socket; print join(" ", map {inet_aton($_) ? "known" : "unknown"} qw(database db)), "\n"'

    assert client.docker("run", "--rm", "--network", "shop", small, "perl", "-e", code).stdout == "known known\n"
    assert client.docker("network", "rm", "shop").returncode
    client.docker("rm", "--force", "database")
    assert client.docker("network", "rm", "shop").stdout == "shop\n"
    assert "shop" not in client.docker("network", "ls").stdout


@pytest.mark.slow
def test_pruning_takes_what_is_the_scripts_own(
    client: Client, direct: Client, context: Path, stranger: str, small: str
) -> None:
    direct.docker("network", "create", f"{stranger}-network")
    direct.docker("create", "--name", f"{stranger}-created", small)
    built(client, context, "widgets:1")
    client.docker("network", "create", "shop")
    client.docker("create", "--name", "old", "widgets:1")
    client.docker("run", "--detach", "--name", "new", small)
    client.docker("build", "--tag", "widgets:1", "-", stdin=f"FROM {small}\nLABEL a=b\n")

    done = client.docker("system", "prune", "--force")

    assert done.returncode == 0, done.stderr
    assert client.docker("ps", "--all", "--format", "{{.Names}}").stdout == "new\n"
    assert "shop" not in client.docker("network", "ls").stdout
    assert "<none>" not in client.docker("images").stdout
    assert "widgets" in client.docker("images").stdout
    assert direct.docker("rm", f"{stranger}-created").returncode == 0  # nobody else's was taken
    assert direct.docker("network", "rm", f"{stranger}-network").returncode == 0


@pytest.mark.slow
def test_a_volume_without_a_name_and_memory_are_let_through(client: Client, small: str) -> None:
    options = ["--volume", "/data", "--tmpfs", "/cache:size=1m", "--mount", "type=tmpfs,target=/more", "--read-only"]

    done = client.docker(
        "run", "--rm", *options, small, "sh", "-c", "echo a > /data/a && echo b > /cache/b && cat /data/a"
    )

    assert (done.stdout, done.stderr) == ("a\n", "")


@needs_registry
def test_an_image_is_pushed_and_pulled_by_tag_and_by_digest(ours: Ours, small: str, context: Path) -> None:
    with throwaway_registry() as registry, Gate(ours, bases=[small], registry=registry) as gate:
        client = Client(gate.address)
        built(client, context, "widgets:1")
        client.docker("tag", "widgets:1", f"{registry}/widgets:1")
        pushed = client.docker("push", f"{registry}/widgets:1")
        assert pushed.returncode == 0, pushed.stderr
        (tag,) = tags(registry)
        assert (tag.repository, tag.tag) == ("widgets", "1")
        by_digest = f"{registry}/widgets@{tag.digest}"
        said = client.docker("inspect", "--format", "{{json .RepoDigests}}", "widgets:1").stdout
        assert json.loads(said) == [by_digest]
        assert client.docker("login", "-u", "a", "-p", "b", registry).returncode == 0

        for name in (by_digest, f"{registry}/widgets:1"):
            client.docker("rmi", "--force", *client.docker("images", "--quiet", "widgets").stdout.split())
            client.docker("rmi", "widgets:1", f"{registry}/widgets:1", by_digest)
            assert client.docker("inspect", name).returncode
            assert client.docker("run", "--rm", name).stdout == "hello\n"  # which pulls it
        assert client.docker("pull", f"{registry}/widgets:2").returncode
    assert registry not in json.dumps(Asking(ours.engine.url).ask("GET", "/images/json")[1])


@pytest.mark.slow
@needs_registry
def test_without_a_tag_what_is_latest_is_pushed(ours: Ours, small: str, context: Path) -> None:
    with throwaway_registry() as registry, Gate(ours, bases=[small], registry=registry) as gate:
        client = Client(gate.address)
        built(client, context, f"{registry}/widgets")
        assert client.docker("push", f"{registry}/widgets").returncode == 0
        assert [tag.tag for tag in tags(registry)] == ["latest"]
        assert client.docker("push", f"{registry}/widgets:nope").returncode


@pytest.mark.slow
def test_nothing_is_left_at_the_end(engine: Engine, small: str, context: Path, asking: Asking) -> None:
    with ours_on(engine) as ours, Gate(ours, bases=[small]) as gate:
        client = Client(gate.address)
        (context / "hello").write_text(ours.owner)  # an image that nobody else made
        built(client, context, "widgets:1", "another")
        client.docker("network", "create", "shop")
        client.docker(
            "run",
            "--detach",
            "--restart",
            "always",
            "--network",
            "shop",
            "--volume",
            "/data",
            "widgets:1",
            "sleep",
            "60",
        )
        owner, (id, *_) = f"{LABEL}={ours.owner}", gate.images.values()
        wanted = json.dumps({"label": [owner]})
        assert len(asking.ask("GET", "/containers/json", {"all": "1", "filters": wanted})[1]) == 1
        volumes = asking.ask("GET", "/volumes")[1]["Volumes"] or []

    assert asking.ask("GET", "/containers/json", {"all": "1", "filters": wanted})[1] == []
    assert asking.ask("GET", "/networks", {"filters": wanted})[1] == []
    assert asking.ask("GET", f"/images/{id}/json")[0] == 404
    assert len(asking.ask("GET", "/volumes")[1]["Volumes"] or []) == len(volumes) - 1
    assert not gate.folder.exists()


def test_what_was_asked_for_is_recorded(client: Client, gate: Gate, small: str) -> None:
    client.docker("run", "--rm", small, "true")
    client.docker("run", "--rm", "--privileged", small, "true")

    made = [call for call in gate.calls if call.path == "/containers/create"]
    assert [(call.status, call.image) for call in made] == [(201, small), (403, small)]
    assert made[1].refused == "the gate does not let `--privileged` through."


def test_an_engine_that_ends_is_said_to(ours: Ours, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead"))  # nobody listens
        gone = replace(ours, engine=replace(ours.engine, url=f"unix://{tmp_path / 'dead'}"))
        with Gate(gone) as gate:
            status, said = Client(gate.address).ask("GET", "/info")

    assert status == 502
    assert said.startswith("the engine does not answer")
