"""Ways out of a container, to other people's, or past the gate: each one works on the engine itself, and not here."""

from __future__ import annotations

import json
import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from graders.runners.engine.gate import Gate, exchange
from graders.runners.engine.gate.upstream import Asking
from tests.runners.engine.conftest import Client, answered

CANARY = "canary-of-the-machine"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    (tmp_path / "canary").write_text(CANARY)
    (tmp_path / "canary").chmod(0o644)
    tmp_path.chmod(0o755)
    return tmp_path


WAYS_TO_A_FOLDER = {
    "a bind mount": ["-v", "{outside}:/x"],
    "a bind mount by --mount": ["--mount", "type=bind,source={outside},target=/x"],
    "a volume that is a bind mount": [
        "--mount",
        "type=volume,target=/x,volume-driver=local,volume-opt=type=none,volume-opt=o=bind,volume-opt=device={outside}",
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS_TO_A_FOLDER)
def test_no_folder_of_the_machine_is_seen(
    way: str, client: Client, direct: Client, small: str, outside: Path, gate: Gate
) -> None:
    options = [word.replace("{outside}", str(outside)) for word in WAYS_TO_A_FOLDER[way]]
    words = ["run", "--rm", *options, small, "cat", "/x/canary"]
    assert direct.docker(*words).stdout == CANARY

    done = client.docker(*words)

    assert CANARY not in done.stdout
    assert "the gate does not let" in done.stderr
    assert [call.path for call in gate.calls if call.refused] == ["/containers/create"]


# Each is what a request to create a container says besides its image; the engine takes all of them.
WAYS_OUT: dict[str, dict[str, Any]] = {
    "Privileged": {"Privileged": True},
    "CapAdd": {"CapAdd": ["SYS_ADMIN"]},
    "seccomp": {"SecurityOpt": ["seccomp=unconfined"]},
    "apparmor": {"SecurityOpt": ["apparmor=unconfined"]},
    "PidMode": {"PidMode": "host"},
    "PidMode of another": {"PidMode": "container:{stranger}"},
    "IpcMode": {"IpcMode": "host"},
    "IpcMode of another": {"IpcMode": "container:{stranger}"},
    "UTSMode": {"UTSMode": "host"},
    "UsernsMode": {"UsernsMode": "host"},
    "CgroupnsMode": {"CgroupnsMode": "host"},
    "CgroupParent": {"CgroupParent": "/elsewhere"},
    "NetworkMode": {"NetworkMode": "host"},
    "NetworkMode of another": {"NetworkMode": "container:{stranger}"},
    "Devices": {"Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x", "CgroupPermissions": "rwm"}]},
    "DeviceCgroupRules": {"DeviceCgroupRules": ["b *:* rwm"]},
    "DeviceRequests": {"DeviceRequests": [{"Count": -1, "Capabilities": [["gpu"]]}]},
    "Sysctls": {"Sysctls": {"net.ipv4.ip_forward": "1"}},
    "OomScoreAdj": {"OomScoreAdj": -1000},
    "OomKillDisable": {"OomKillDisable": True},
    "Links": {"Links": ["{stranger}:other"]},
    "VolumesFrom": {"VolumesFrom": ["{stranger}"]},
    "VolumeDriver": {"VolumeDriver": "elsewhere"},
    "LogConfig": {"LogConfig": {"Type": "syslog", "Config": {"syslog-address": "udp://127.0.0.1:514"}}},
    "Ulimits": {"Ulimits": [{"Name": "memlock", "Soft": -1, "Hard": -1}]},
    "ExtraHosts": {"ExtraHosts": ["outside:host-gateway"]},
    "named volume": {"Binds": ["ninesteps-test-volume:/x"]},
    "volume of another": {"Mounts": [{"Type": "volume", "Source": "ninesteps-test-volume", "Target": "/x"}]},
    "tmpfs options": {"Tmpfs": {"/x": "size=1m,mode=777 ,suid"}},
    "UDP": {"PortBindings": {"53/udp": [{"HostPort": "5353"}]}},
}


def filled(settings: object, stranger: str) -> Any:
    return json.loads(json.dumps(settings).replace("{stranger}", stranger))


@pytest.mark.parametrize("way", WAYS_OUT)
def test_no_container_gets_more_than_its_own(
    way: str, client: Client, asking: Asking, small: str, stranger: str
) -> None:
    body = {"Image": small, "HostConfig": filled(WAYS_OUT[way], stranger)}
    status, made = asking.ask("POST", "/containers/create", None, body)
    if way not in ("VolumeDriver", "tmpfs options", "DeviceRequests"):  # those, the engine may refuse as well
        assert status == 201, made
    if status == 201:
        asking.ask("DELETE", f"/containers/{made['Id']}", {"v": "1"})

    status, said = client.ask("POST", "/v1.41/containers/create", body)

    assert (status, "the gate" in said) == (403, True) or said == f"No such container: {stranger}"
    asking.ask("DELETE", "/volumes/ninesteps-test-volume")


def lowered(value: Any) -> Any:
    return {name.lower(): lowered(inner) for name, inner in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("name", ["hostconfig", "HOSTCONFIG", "Hostconfig"])
def test_settings_under_a_name_in_other_letters_are_refused(
    name: str, client: Client, asking: Asking, small: str
) -> None:
    body = {"Image": small, name: {"privileged": True}}
    _, made = asking.ask("POST", "/containers/create", None, body)
    _, found = asking.ask("GET", f"/containers/{made['Id']}/json")
    assert found["HostConfig"]["Privileged"] is True  # the engine takes them
    asking.ask("DELETE", f"/containers/{made['Id']}")

    assert client.ask("POST", "/containers/create", body)[0] == 403
    inner = {"Image": small, "HostConfig": {"privileged": True}}
    assert client.ask("POST", "/containers/create", inner)[0] == 403


@pytest.mark.parametrize(
    "text",
    [
        '{"Image": "%s", "HostConfig": {}, "HostConfig": {"Privileged": true}}',
        '{"Image": "%s", "HostConfig": {"Privileged": false, "Privileged": true}}',
        '{"Image": "%s", "HostConfig": {}, "hostConfig": {}}',
        '{"Image": "%s", "HostConfig": []}',
        '["%s"]',
        '{"Image": "%s", "Cmd": ' + "[" * 100_000,
    ],
)
def test_a_body_that_could_be_read_in_two_ways_is_refused(text: str, client: Client, small: str) -> None:
    data = (text % small if "%s" in text else text).encode()
    head = f"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}\r\n\r\n".encode()

    assert answered(client.raw(head + data))[0] == 400


def test_what_is_let_through_is_held_within_limits(client: Client, asking: Asking, small: str, gate: Gate) -> None:
    body = {
        "Image": small, "Labels": {"org.ninesteps.owner": "somebody.else"},
        "HostConfig": {"MaskedPaths": [], "ReadonlyPaths": [], "Memory": 1 << 40, "PidsLimit": -1, "NanoCpus": 64 * 10**9},
    }  # fmt: skip
    status, said = client.ask("POST", "/containers/create?name=held", body)
    assert status == 201, said

    _, found = asking.ask("GET", f"/containers/{gate.containers['held']}/json")
    host = found["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == 512 << 20
    assert (host["PidsLimit"], host["NanoCpus"]) == (256, 10**9)
    assert {"NET_RAW", "MKNOD"} <= {name.removeprefix("CAP_") for name in host["CapDrop"]}
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert "/proc/kcore" in host["MaskedPaths"]
    assert "/proc/sys" in host["ReadonlyPaths"]
    assert not host["PortBindings"]
    assert found["Config"]["Labels"]["org.ninesteps.owner"] != "somebody.else"


@pytest.mark.slow
def test_a_container_reaches_nothing_but_those_beside_it(
    client: Client, direct: Client, small: str, stranger: str
) -> None:
    address = direct.docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", stranger).stdout.strip()
    code = f'use IO::Socket::INET; print IO::Socket::INET->new(PeerAddr=>"{address}:9",Timeout=>3) ? "open" : $!'
    assert direct.docker("run", "--rm", small, "perl", "-e", code).stdout == "Connection refused"  # it is reached

    assert client.docker("run", "--rm", small, "perl", "-e", code).stdout in (
        "Network is unreachable",
        "Connection timed out",
    )


ON_ANOTHERS_CONTAINER = [
    ("inspect", "{id}"),
    ("logs", "{id}"),
    ("exec", "{id}", "id"),
    ("attach", "{id}"),
    ("cp", "{id}:/bin/sh", "-"),
    ("stop", "{id}"),
    ("kill", "{id}"),
    ("restart", "{id}"),
    ("pause", "{id}"),
    ("rename", "{id}", "mine"),
    ("rm", "--force", "{id}"),
    ("commit", "{id}", "mine"),
    ("export", "{id}"),
    ("top", "{id}"),
    ("wait", "{id}"),
    ("update", "--memory", "1g", "{id}"),
    ("run", "--rm", "--network", "container:{id}", "{small}", "id"),
    ("network", "disconnect", "bridge", "{id}"),
]


@pytest.mark.slow
@pytest.mark.parametrize("words", ON_ANOTHERS_CONTAINER, ids=lambda words: words[0])
@pytest.mark.parametrize("by", ["name", "id"])
def test_nobody_elses_container_is_touched(
    words: tuple[str, ...], by: str, client: Client, direct: Client, stranger: str, small: str
) -> None:
    id = direct.docker("inspect", "--format", "{{.Id}}", stranger).stdout.strip() if by == "id" else stranger

    done = client.docker(*(word.format(id=id, small=small) for word in words))

    assert words[0] in ("rm", "cp") or done.returncode
    assert "No such " in done.stderr or "The gate does not let" in done.stderr, done.stderr


@pytest.mark.slow
def test_nobody_else_is_listed(client: Client, stranger: str) -> None:
    assert stranger not in client.docker("ps", "--all").stdout
    assert stranger not in client.docker("ps", "--all", "--filter", f"name={stranger}").stdout
    assert stranger not in client.docker("network", "inspect", "bridge").stdout


@pytest.mark.slow
def test_nobody_elses_image_is_seen_or_moved(client: Client, direct: Client, small: str) -> None:
    other = f"ninesteps-test-other:{os.getpid()}"
    direct.docker("tag", small, other)
    id = direct.docker("build", "--quiet", "-", stdin=f"FROM {small}\nLABEL a=b\n").stdout.strip()
    direct.docker("tag", id, other)
    try:
        for words in (
            ("inspect", other), ("inspect", id), ("history", other), ("run", "--rm", other, "id"), ("rmi", other),
            ("rmi", id), ("tag", other, "mine:1"), ("push", other), ("save", other), ("pull", other),
        ):  # fmt: skip
            assert client.docker(*words).returncode, words
        assert client.docker("build", "-", stdin=f"FROM {other}\n").returncode
        assert client.docker("build", "-", stdin=f"FROM {small}\nCOPY --from={other} /bin/sh /x\n").returncode
        assert other.partition(":")[0] not in client.docker("images").stdout
        # A name of the script's own is no name on the engine.
        assert client.docker("build", "--tag", other, "-", stdin=f"FROM {small}\nLABEL c=d\n").returncode == 0
        assert direct.docker("inspect", "--format", "{{.Id}}", other).stdout.strip() == id
        assert client.docker("inspect", "--format", "{{.Id}}", other).stdout.strip() not in ("", id)
    finally:
        direct.docker("rmi", "--force", id)


def test_a_base_image_is_only_read(client: Client, direct: Client, small: str) -> None:
    for words in (("rmi", small), ("rmi", "--force", small), ("build", "--tag", small, "-"), ("tag", small, small)):
        assert client.docker(*words, stdin=f"FROM {small}\nLABEL a=b\n").returncode, words
    assert direct.docker("inspect", small).returncode == 0


BUILDS = {
    "the machine's network": "/build?networkmode=host",
    "another's network": "/build?networkmode=container:{stranger}",
    "a remote context": "/build?remote=https://example.org/context.tar",
    "a remote repository": "/build?remote=git%3A%2F%2Fexample.org%2Fx.git",
    "weaker rules": "/build?securityopt=%5B%22seccomp%3Dunconfined%22%5D",
    "other hosts": "/build?extrahosts=%5B%22a%3A1.2.3.4%22%5D",
    "a session": "/build?session=abc&version=2",
    "an output": "/build?version=2&outputs=%5B%7B%22Type%22%3A%22local%22%7D%5D",
}


@pytest.mark.parametrize("way", BUILDS)
def test_a_build_gets_nothing_but_its_context(way: str, client: Client, stranger: str) -> None:
    status, said = client.ask("POST", BUILDS[way].format(stranger=stranger))

    assert (status, "the gate does not let" in said) == (403, True)


@pytest.mark.slow
def test_a_build_has_no_network(client: Client, direct: Client, small: str) -> None:
    dockerfile = f'FROM {small}\nRUN perl -e \'open F, "/proc/net/route"; @a = <F>; print scalar(@a), " routes\\n"\'\n'
    control = direct.docker("build", "--no-cache", "-", stdin=dockerfile).stdout
    direct.docker("rmi", "--force", control.split()[-1])
    assert "1 routes" not in control

    assert "1 routes" in client.docker("build", "--no-cache", "-", stdin=dockerfile).stdout


FETCHES = [
    "ADD {url} /x",
    "ARG U={url}\nADD $U /x",
    "ENV U={url}\nADD ${U} /x",
    "ADD --chown=1 {url} /x",
    'ADD ["{url}", "/x"]',
    "ONBUILD ADD {url} /x\nFROM 0",
    "ADD $UNKNOWN /x",
    "ADD \\\n  {url} \\\n  /x",
    "ADD git@example.org:x/y.git /x",
]


@pytest.mark.slow
@pytest.mark.parametrize("text", FETCHES)
def test_the_engine_fetches_nothing_for_a_build(text: str, client: Client, small: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        done = client.docker("build", "-", stdin=f"FROM {small}\n{text.replace('{url}', url)}\n")

        with pytest.raises(TimeoutError):
            server.accept()
    assert done.returncode


@pytest.mark.slow
def test_an_image_that_begins_builds_with_a_fetch_is_no_base(client: Client, small: str) -> None:
    made = client.docker("build", "-t", "base", "-", stdin=f"FROM {small}\nONBUILD ADD http://127.0.0.1:1/x /x\n")
    assert made.returncode  # refused at once

    made = client.docker("build", "-t", "base", "-", stdin=f"FROM {small}\nONBUILD ADD file /x\n")
    assert made.returncode == 0, made.stderr


REQUESTS = {
    "commit": ("POST", "/commit?container={stranger}"),
    "cp out": ("GET", "/containers/{stranger}/archive?path=/etc/passwd"),
    "cp in": ("PUT", "/containers/{stranger}/archive?path=/"),
    "export": ("GET", "/containers/{stranger}/export"),
    "update": ("POST", "/containers/{stranger}/update"),
    "attach by websocket": ("GET", "/containers/{stranger}/attach/ws"),
    "plugins": ("POST", "/plugins/pull?remote=vieux/sshfs"),
    "plugins list": ("GET", "/plugins"),
    "swarm": ("POST", "/swarm/init"),
    "secrets": ("GET", "/secrets"),
    "configs": ("POST", "/configs/create"),
    "services": ("POST", "/services/create"),
    "nodes": ("GET", "/nodes"),
    "volumes": ("POST", "/volumes/create"),
    "events": ("GET", "/events?until=1"),
    "df": ("GET", "/system/df"),
    "session": ("POST", "/session"),
    "grpc": ("POST", "/grpc"),
    "save": ("GET", "/images/get?names={small}"),
    "load": ("POST", "/images/load"),
    "import": ("POST", "/images/create?fromSrc=-&repo=x"),
    "import of a URL": ("POST", "/images/create?fromSrc=http://example.org/x"),
    "search": ("GET", "/images/search?term=x"),
    "another's image by prune": ("POST", "/images/prune?filters=%7B%22label%22%3A%5B%22a%22%5D%7D"),
    "metrics": ("GET", "/metrics"),
    "debug": ("GET", "/debug/pprof/heap"),
    "nothing": ("GET", "/"),
    "another method": ("PATCH", "/info"),
    "an old version": ("POST", "/v1.23/containers/{stranger}/start"),
    "dots": ("GET", "/v1.41/../containers/json"),
    "dots in the middle": ("GET", "/v1.41/images/../containers/json"),
    "encoded dots": ("GET", "/v1.41/%2e%2e/containers/json"),
    "encoded letters": ("GET", "/v1.41/%63ontainers/{stranger}/json"),
    "an encoded slash": ("GET", "/containers%2f{stranger}/json"),
    "two slashes": ("GET", "//containers/{stranger}/json"),
    "two slashes after the version": ("GET", "/v1.41//containers/{stranger}/json"),
    "two versions": ("GET", "/v1.41/v1.41/containers/json"),
    "a whole address": ("GET", "http://docker/containers/{stranger}/json"),
    "a backslash": ("GET", "/containers\\{stranger}/json"),
    "a fragment": ("GET", "/containers/json#x"),
    "an option unknown to us": ("GET", "/containers/json?all=1&elsewhere=1"),
    "an option twice": ("GET", "/containers/json?all=1&all=0"),
    "words for ps": ("GET", "/containers/{stranger}/top?ps_args=-eo+args"),
}


@pytest.mark.parametrize("request_", REQUESTS)
def test_what_no_rule_lets_through_is_refused(
    request_: str, client: Client, direct: Client, stranger: str, small: str
) -> None:
    method, target = REQUESTS[request_]
    target = target.format(stranger=stranger, small=small)

    status, said = client.ask(method, target)

    assert status in (400, 403, 404), said
    assert len(said) > 20
    assert "<" not in said


FRAMING = {
    "a length in two ways": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "the same length twice": b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": b"Content-Length: 2, 2\r\n\r\n{}",
    "a negative length": b"Content-Length: -2\r\n\r\n{}",
    "a length with a sign": b"Content-Length: +2\r\n\r\n{}",
    "another coding": b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a coding unknown": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a header without an end": b"X: " + b"a" * (1 << 20) + b"\r\n\r\n",
    "many headers": b"".join(b"X%d: a\r\n" % number for number in range(20_000)) + b"\r\n",
    "a space before the colon": b"Content-Length : 2\r\n\r\n{}",
    "a bad chunk": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a chunk of endless size": b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffffff\r\n{}",
    "a null byte": b"X: a\0b\r\n\r\n",
    "two hosts": b"Host: a\r\nHost: b\r\n\r\n",
}


@pytest.mark.parametrize("way", FRAMING)
def test_a_request_that_could_be_understood_in_two_ways_is_refused(way: str, client: Client, gate: Gate) -> None:
    host = b"" if way == "two hosts" else b"Host: x\r\n"

    answer = client.raw(b"POST /containers/create HTTP/1.1\r\n" + host + FRAMING[way])

    assert answered(answer)[0] in (400, 413), answer[:300]
    assert answer.count(b"HTTP/1.1 ") == 1
    assert gate.containers == {}


def test_a_second_request_on_the_connection_is_not_heard(client: Client, gate: Gate, small: str) -> None:
    body = json.dumps({"Image": small, "HostConfig": {"Privileged": True}}).encode()
    second = b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    answer = client.raw(b"GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n" + second)

    assert answered(answer)[0] == 200
    assert answer.count(b"HTTP/1.1 ") == 1
    assert len(gate.calls) == 1


@pytest.mark.parametrize("path", ["/containers/none/attach?stream=1", "/_ping", "/exec/" + "0" * 64 + "/start"])
@pytest.mark.parametrize("protocol", ["tcp", "h2c", "websocket"])
def test_an_upgrade_that_does_not_happen_opens_no_way(
    path: str, protocol: str, client: Client, gate: Gate, small: str, asking: Asking
) -> None:
    body = json.dumps({"Image": small, "HostConfig": {"Privileged": True}}).encode()
    second = b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    first = f"{'GET' if path == '/_ping' else 'POST'} {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: {protocol}"

    answer = client.raw(f"{first}\r\nContent-Length: 0\r\n\r\n".encode() + second)

    assert answered(answer)[0] in (200, 404)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert len(gate.calls) == 1


@pytest.mark.slow
def test_an_exec_that_the_engine_does_not_upgrade_opens_no_way(client: Client, gate: Gate, small: str) -> None:
    """The engine itself answers 409 to an exec in a container that has ended, and would go on listening."""
    client.docker("run", "--detach", "--name", "ended", small, "sleep", "60")
    _, said = client.ask("POST", "/containers/ended/exec", {"Cmd": ["id"], "AttachStdout": True})
    id = json.loads(said)["Id"]
    client.docker("kill", "ended")
    body = json.dumps({"Image": small, "HostConfig": {"Privileged": True}}).encode()
    second = b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    first = f"POST /exec/{id}/start HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\n{{}}"
    before = len(gate.containers)

    answer = client.raw(first.encode() + second)

    assert answered(answer)[0] in (404, 409), answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert len(gate.containers) == before


@pytest.mark.slow
def test_an_exec_gets_no_more_than_its_container(client: Client, small: str) -> None:
    client.docker("run", "--detach", "--name", "mine", small)

    done = client.docker("exec", "--privileged", "mine", "id")

    assert "does not let" in done.stderr
    assert done.returncode


@pytest.mark.slow
def test_whoever_speaks_slowly_waits_alone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "HEAD_SECONDS", 0.5)
    slow = []
    for _ in range(20):
        one = socket.socket(socket.AF_UNIX)
        one.connect(client.url.removeprefix("unix://"))
        one.sendall(b"GET /_ping HT")
        slow.append(one)

    assert client.ask("GET", "/_ping")[0] == 200
    for one in slow:
        one.settimeout(30)
        assert answered(b"".join(iter(lambda one=one: one.recv(65536), b""))) == (408, "the request came too slowly")
        one.close()


@pytest.mark.slow
def test_a_head_that_trickles_in_ends_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "HEAD_SECONDS", 0.5)
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(0.05)
        one.connect(client.url.removeprefix("unix://"))
        answer, until = b"", time.monotonic() + 60
        while not answer and time.monotonic() < until:
            with suppress(TimeoutError):
                one.sendall(b"X")
                answer = one.recv(65536)

    assert answered(answer)[0] == 408


def test_bodies_are_bounded(client: Client, monkeypatch: pytest.MonkeyPatch, small: str) -> None:
    assert client.ask("POST", "/containers/create", {"Image": "x" * (2 << 20)})[0] == 413
    monkeypatch.setattr(exchange, "CONTEXT_BYTES", 1 << 20)
    size = 2 << 20
    head = f"POST /build HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\nContent-Length: {size}\r\n\r\n"
    assert answered(client.raw(head.encode() + bytes(size)))[0] == 413


@pytest.mark.slow
def test_numbers_are_bounded(client: Client, small: str) -> None:
    body = {"Image": small}
    said = [client.ask("POST", f"/containers/create?name=many{number}", body)[0] for number in range(17)]
    assert said == [201] * 16 + [403]
    networks = [client.ask("POST", "/networks/create", {"Name": f"net{number}"})[0] for number in range(5)]
    assert networks.count(201) < 5
    assert networks[-1] == 403


def test_calls_are_bounded(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graders.runners.engine.gate.server.MOST_CALLS", 3)

    assert [client.ask("GET", "/_ping")[0] for _ in range(5)] == [200, 200, 200, 429, 429]


@pytest.mark.slow
def test_only_the_graders_registry_is_reached(client: Client, small: str) -> None:
    client.docker(
        "build", "--tag", "127.0.0.1:5998/x:1", "--tag", "127.0.0.1:5999.example.org/x:1", "-", stdin=f"FROM {small}\n"
    )
    client.docker("build", "--tag", "mine:1", "-", stdin=f"FROM {small}\nLABEL a=b\n")
    for words in (
        ("push", "127.0.0.1:5998/x:1"), ("pull", "127.0.0.1:5998/x:2"), ("pull", "elsewhere"),
        ("login", "-u", "a", "-p", "b", "127.0.0.1:5998"), ("push", "mine:1"),
    ):  # fmt: skip
        done = client.docker(*words)
        assert "127.0.0.1:5999" in done.stderr, (words, done.stderr)
