"""What a service may ask for: what Docker takes and a service may have, what it may not have, and what Docker refuses."""

from __future__ import annotations

import pytest

from graders.runners.workflow.service_options import Refused, Wrong, read_options, seconds_of
from graders.runners.workflow.service_request import Service, read_service


def service(**given: object) -> Service:
    found = read_service("db", {"image": "postgres:17", **given})
    assert found
    return found


def test_a_health_check_and_what_goes_with_it() -> None:
    text = """--health-cmd "pg_isready -U me || exit 1"
              --health-interval=10s --health-timeout 5s --health-retries 5 --name db --health-start-period 1m30s"""
    health = read_options(text).health

    assert health.command == "pg_isready -U me || exit 1"
    assert (health.interval, health.timeout, health.retries, health.start_period) == (10, 5, 5, 90)


def test_what_the_options_leave_open_is_the_images_and_else_dockers() -> None:
    its_own = {"Test": ["CMD", "redis-cli", "ping"], "Interval": 2_000_000_000}

    assert service().check({}).test == ()
    assert service().check(its_own).patience == 3 * 2 + 30
    assert service().check(its_own).test == ("CMD", "redis-cli", "ping")
    assert service(options="--health-cmd x --health-retries 2").check(its_own).test == ("CMD-SHELL", "x")
    assert service(options="--health-cmd x").check({}).patience == 3 * 30 + 30
    assert service(options="--no-healthcheck").check(its_own).test == ()
    assert service().check({"Test": ["NONE"]}).test == ()


@pytest.mark.parametrize(
    "options",
    [
        "--privileged", "-v /:/host", "-v/:/host", "--volume=/:/host", "--mount type=bind,src=/,dst=/host", "--network host",
        "--network=host", "--net=host", "--pid host", "--ipc=host", "--uts host", "--userns=host", "--cap-add ALL",
        "--security-opt seccomp=unconfined", "--device /dev/sda", "--gpus all", "--volumes-from other", "--link other",
        "--cgroup-parent /", "--sysctl kernel.x=1", "--group-add 0", "--add-host a:1.1.1.1", "--dns 1.1.1.1", "-p 80:80", "-P",
        "--health-cmd true --privileged", "--health-cmd=true -- --privileged", '--health-cmd "true', "--privi", "image",
        "--runtime other", "--log-driver syslog", "--env-file /etc/passwd", "--cidfile /x", "--storage-opt size=9g",
    ],
)  # fmt: skip
def test_what_no_service_gets_is_refused_and_named(options: str) -> None:
    with pytest.raises(Refused) as refused:
        read_options(options)
    named = next(word for word in options.split() if word.split("=")[0] not in ("--health-cmd", "true"))
    assert named[:6] in str(refused.value)


def test_options_that_would_change_nothing_here_are_accepted() -> None:
    kept = read_options(
        "--name db --memory 4g --cpus 2 --restart always --shm-size=256m --label a=b --ulimit nofile=9:9 -it"
    )

    assert kept.settings == {}
    assert read_options("--user 70 -w /x -h db -e A=b --env C=d=e --tmpfs /run:size=99g --network-alias x").settings == {
        "user": "70", "working_dir": "/x", "hostname": "db", "tmpfs": {"/run": "size=256m"},
    }  # fmt: skip
    assert read_options("-e A=b --env C=d=e").env == {"A": "b", "C": "d=e"}


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ("--health-interval 10", "--health-interval: “10” is no duration; it takes a unit, as in `10s`"),
        ("--health-timeout fast", "--health-timeout: “fast” is no duration"),
        ("--health-retries many", "--health-retries: “many” is no number of tries"),
        ("--health-cmd", "--health-cmd: expected one argument"),
    ],
)
def test_what_docker_does_not_take_is_the_workflows_fault(options: str, what: str) -> None:
    with pytest.raises(Wrong) as wrong:
        read_options(options)
    assert what in str(wrong.value)


@pytest.mark.parametrize(
    ("text", "seconds"), [("10s", 10), ("1m30s", 90), ("500ms", 0.5), ("1h", 3600), ("1.5s", 1.5), ("0", 0)]
)
def test_durations(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("5432", (0, 5432)), ("5432:5432", (5432, 5432)), ("15432:5432/tcp", (15432, 5432)), ("5432/tcp", (0, 5432)),
        ("127.0.0.1:5433:5432", (5433, 5432)), ("127.0.0.1::5432", (0, 5432)), ("[::1]:80:8080", (80, 8080)), (":80", (0, 80)),
    ],
)  # fmt: skip
def test_ports(text: str, ports: tuple[int, int]) -> None:
    assert service(ports=[text]).ports == (ports,)


@pytest.mark.parametrize("text", ["53:53/udp", "8000-8010:8000-8010", "9000-9010"])
def test_ports_that_do_not_lead_to_a_service_here(text: str) -> None:
    with pytest.raises(Refused, match="its service `db` asks for the port"):
        service(ports=[text])


@pytest.mark.parametrize("text", ["http", "0", "70000", "80:0", "99999:80", "a:80", "80:80:80", "", "80:80/http"])
def test_ports_that_docker_does_not_take(text: str) -> None:
    with pytest.raises(Wrong, match="its service `db` asks for the port"):
        service(ports=[text])


def test_a_service_without_an_image_is_left_out_as_on_github() -> None:
    assert read_service("db", {"image": ""}) is None
