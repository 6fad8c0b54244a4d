"""Service containers: on a real engine, reached from the job's steps, gone after it; and what is told where they can't be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from graders.runners import sandbox
from graders.runners.engine.connection import Engine
from graders.runners.engine.leftovers import LABEL, remove
from graders.runners.workflow.record import Run
from tests.engine_line import cut_once, line_to, processes
from tests.runners.workflow.conftest import CI, Repository
from tests.small_image import echo_image

Runner = Callable[..., Run]
ROOT = Path(__file__).parents[3]
IMAGE = f"widgets-test/echo:{os.getpid()}"
READY = '--health-cmd "test -e /ready" --health-interval 10s --health-retries 3'
TALK = r"""
import socket, sys
for port in sys.argv[1:]:
    with socket.create_connection(("localhost", int(port)), 10) as service:
        service.sendall(b"you\n")
        print("said", service.makefile().readline().strip(), flush=True)
"""
pytestmark = pytest.mark.skipif(not sandbox.isolates(), reason="needs bubblewrap")


@pytest.fixture(scope="session")
def image(engine: Engine) -> Iterator[str]:
    with closing(engine.client()) as client:
        yield echo_image(client, IMAGE)
        client.images.remove(IMAGE, force=True)


@pytest.fixture
def client(engine: Engine, image: str) -> Iterator[DockerClient]:
    """The engine's client; what this process made there must be gone after the test."""
    with closing(engine.client()) as client:
        yield client
        assert ours(client) == []


def ours(client: DockerClient) -> list[str]:
    found = client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
    others = client.networks.list(filters={"label": LABEL})
    mine = f".{os.getpid()}."
    return [
        str(one.name)
        for one in [*found, *others]
        if mine in str((one.attrs.get("Config") or one.attrs)["Labels"][LABEL])
    ]


def talk(*ports: str) -> dict[str, str]:
    return {"run": f"cat > talk.py <<'END'\n{TALK}\nEND\npython3 talk.py {' '.join(ports)}"}


def job(services: object, *steps: object, **more: object) -> dict[str, object]:
    return {"runs-on": "ubuntu-latest", "services": services, "steps": list(steps or [{"run": "echo a step"}]), **more}


def workflow(**jobs: object) -> str:
    return json.dumps({"on": "push", "jobs": jobs})


def said(run: Run, id: str = "a") -> list[str]:
    return [
        line.removeprefix("said ")
        for leg in run.legs(id)
        for step in leg.steps
        for line in step.log
        if line.startswith("said ")
    ]


def test_a_services_port_is_reached_at_localhost(run: Runner, client: DockerClient) -> None:
    echo = {"image": IMAGE, "env": {"GREETING": "hello "}, "ports": ["7001:7000"], "options": READY}
    result = run(workflow(a=job({"echo": echo}, talk("7001"), {"run": "echo after"})))

    assert (result.trouble, result.green, said(result)) == ("", True, ["hello you"])
    assert [(step.number, step.name[:10], step.result) for step in result.jobs[0].steps] == [
        (1, "cat > talk", "success"),
        (2, "echo after", "success"),
    ]


def test_two_services_and_a_port_that_the_runner_chooses(run: Runner, client: DockerClient) -> None:
    """The service's own ports are asked for in every way that GitHub has for it."""
    first = {"image": IMAGE, "env": {"GREETING": "one "}, "ports": [7000]}
    second = {"image": IMAGE, "env": {"GREETING": "two ", "PORTS": "7000 80"}, "ports": ["80:80", "7000/tcp"]}
    ports = (
        "${{ job.services.first.ports['7000'] }}", "${{ job.services['first'].ports[7000] }}",
        "${{ job.services.second.ports[7000] }}", "80", "${{ env.PORT }}",
    )  # fmt: skip
    talking = {**talk(*ports), "env": {"PORT": "${{ job.services.second.ports['80'] }}"}}
    outputs = {"port": "${{ job.services.second.ports['80'] }}"}
    later = {"runs-on": "ubuntu-latest", "needs": "a", "steps": [{"run": "echo said ${{ needs.a.outputs.port }}"}]}
    only = {"run": "echo said not", "if": "job.services.first.ports['7000'] == '7000'"}
    result = run(workflow(a=job({"first": first, "second": second}, talking, only, outputs=outputs), b=later))

    assert result.trouble == ""
    assert said(result) == ["one you", "one you", "two you", "two you", "two you"]
    assert said(result, "b") == ["80"]


@pytest.mark.slow
def test_each_leg_of_a_matrix_has_its_own_and_legs_may_share_a_port(run: Runner, client: DockerClient) -> None:
    echo = {
        "image": "${{ matrix.image }}", "env": {"GREETING": "${{ matrix.who }} ${{ vars.END }} "}, "ports": ["7000:7000"],
        "options": "${{ matrix.options }}",
    }  # fmt: skip
    matrix = {"who": ["ada", "bob"], "image": [IMAGE], "options": [READY]}
    text = workflow(a=job({"echo": echo}, talk("7000"), strategy={"matrix": matrix}))
    result = run(text, variables={"END": "says"})

    assert (result.trouble, sorted(said(result))) == ("", ["ada says you", "bob says you"])


@pytest.mark.slow
def test_one_leg_whose_service_does_not_start_is_red_and_the_other_green(run: Runner, client: DockerClient) -> None:
    """act keeps one result for all legs."""
    exits = ["", "at once"]
    for order in (exits, exits[::-1]):
        echo = {"image": IMAGE, "env": {"EXIT": "${{ matrix.exit }}"}, "options": READY}
        matrix = {"matrix": {"exit": order}, "fail-fast": False}
        result = run(workflow(a=job({"echo": echo}, strategy=matrix)))

        assert {leg.matrix["exit"]: (leg.result, leg.unserved) for leg in result.jobs} == {
            "": ("success", False), "at once": ("failure", True),
        }  # fmt: skip


def test_a_secret_reaches_its_service_and_no_log(run: Runner, client: DockerClient) -> None:
    echo = {"image": IMAGE, "env": {"GREETING": "${{ secrets.KEY }} "}, "ports": ["7000:7000"]}
    broken = {"image": IMAGE, "env": {"EXIT": "${{ secrets.KEY }}"}, "options": READY}
    result = run(workflow(a=job({"echo": echo}, talk("7000")), b=job({"x": broken})), secrets={"KEY": "canary-4711"})

    assert said(result) == ["*** you"]
    assert result.jobs[1].result == "failure"
    assert "canary-4711" not in repr(result)


@pytest.mark.slow
def test_a_service_of_a_called_workflow(run: Runner, client: DockerClient) -> None:
    echo = {"image": "${{ inputs.image }}", "ports": ["7000:7000"], "options": READY}
    called = {
        "on": {"workflow_call": {"inputs": {"image": {"type": "string"}}}},
        "jobs": {"in": job({"echo": echo}, talk("7000"))},
    }
    text = workflow(a={"uses": "./.github/workflows/called.yml", "with": {"image": IMAGE}})
    result = run(text, {".github/workflows/called.yml": json.dumps(called)})

    assert (result.trouble, said(result, "a / in")) == ("", ["you"])


@pytest.mark.slow
def test_one_without_a_health_check_is_waited_for_until_it_takes_connections(run: Runner, client: DockerClient) -> None:
    echo = {"image": IMAGE, "env": {"AFTER": "2"}, "ports": ["7000:7000"]}

    assert said(run(workflow(a=job({"echo": echo}, talk("7000"))))) == ["you"]


FAILING = {
    "never healthy": (
        {"options": '--health-cmd "echo no table; exit 1" --health-interval 1s --health-retries 2 --health-timeout 1s'},
        "did not get healthy within 20 seconds: its health check says “no table”",
    ),
    "stops": ({"env": {"EXIT": "password, 100%"}, "options": READY}, "stopped with exit code 3: “no password, 100%”"),
    "no program": ({"options": "--entrypoint /nothing"}, "does not start: \"/nothing\": stat /nothing: no such file"),
    "no unit": (
        {"options": "--health-interval 10"},
        "has `options:` that Docker does not take: --health-interval: “10” is no duration; it takes a unit, as in `10s`",
    ),
    "no port": ({"ports": ["http:80"]}, "asks for the port `http:80`, which Docker does not take"),
    "one port twice": ({"ports": ["70:7000", "70:80"]}, "two of the services of `a` ask for the port 70"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("more", "why"), FAILING.values(), ids=FAILING.keys())
def test_a_service_that_does_not_start_fails_the_job_before_its_steps(
    run: Runner, client: DockerClient, more: dict[str, object], why: str
) -> None:
    after = {"run": "echo said cleaned up", "if": "always()"}
    result = run(workflow(a=job({"db": {"image": IMAGE, **more}}, {"run": "echo said too early"}, after)))
    failed = result.jobs[0]

    assert (result.trouble, failed.result, said(result)) == ("", "failure", ["cleaned up"])
    assert failed.unserved
    assert why in failed.why
    assert [step.result for step in failed.steps] == ["skipped", "success"]


def test_hostile_options_are_refused_and_named(run: Runner, client: DockerClient) -> None:
    """`test_service_options` knows more of them."""
    echo = {"image": IMAGE, "options": "${{ matrix.options }}"}
    matrix = {"options": ["--health-cmd true -v /:/host --privileged"]}
    result = run(workflow(a=job({"db": echo}, {"run": "echo said ran"}, strategy={"matrix": matrix})))

    assert result.trouble == ("in its job `a`, its service `db` asks for `-v`, which no service gets here")
    assert result.mend == "Leave it out: image, `env`, `ports` and a health check are enough."
    assert not result.green


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"volumes": ["/:/host"]}, "its job `a` has a service `db` with `volumes:`"),
        ({"credentials": {"username": "me", "password": "${{ secrets.P }}"}}, "asks for `credentials:`"),
    ],
)
def test_what_no_service_gets_is_said_before_anything_starts(run: Runner, more: dict[str, object], what: str) -> None:
    result = run(workflow(a=job({"db": {"image": IMAGE, **more}})), secrets={"P": "x"})

    assert what in result.trouble
    assert result.jobs == ()


@pytest.mark.slow
def test_a_service_has_no_privileges_little_room_and_reaches_nothing(run: Runner, client: DockerClient) -> None:
    found: list[tuple[dict[str, Any], bool]] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            for one in client.containers.list(filters={"label": LABEL}, ignore_removed=True):
                if IMAGE in one.image.tags:
                    name = next(iter(one.attrs["NetworkSettings"]["Networks"]))
                    found.append((one.attrs["HostConfig"], client.networks.get(name).attrs["Internal"]))

    watcher = threading.Thread(target=look)
    watcher.start()
    run(workflow(a=job({"echo": {"image": IMAGE, "ports": ["7000:7000"]}}, {"run": "sleep 2"})))
    over.set()
    watcher.join()

    assert found
    for config, internal in found:
        assert internal is True
        assert not any(config[name] for name in ("Privileged", "Binds", "PortBindings", "CapAdd"))
        assert (config["SecurityOpt"], config["PidsLimit"]) == (["no-new-privileges"], 512)
        assert config["Memory"] == config["MemorySwap"] == 1 << 30


@pytest.mark.slow
def test_a_missing_image_cannot_be_checked_and_says_how_to_get_it(run: Runner, client: DockerClient) -> None:
    missing = "registry.invalid/widgets-test/none:1"
    result = run(workflow(a=job({"db": {"image": missing}})), remember=True)

    assert result.trouble == (
        f"its job `a` needs the image `{missing}` for its service `db`, which is not on the Docker Engine here and can't be "
        "pulled"
    )
    assert result.mend == f"Get it with `docker pull {missing}`, and check again."
    client.images.get(IMAGE).tag(missing)
    try:
        assert run(workflow(a=job({"db": {"image": missing}})), remember=True).green  # nothing of it was remembered
    finally:
        client.images.remove(missing)


def test_a_job_that_does_not_run_needs_no_image(run: Runner, client: DockerClient) -> None:
    text = workflow(
        a=job({"db": {"image": "registry.invalid/none:1"}}, **{"if": "false"}), b=job({"echo": {"image": IMAGE}})
    )

    assert run(text).green


@pytest.mark.slow
def test_what_was_seen_with_an_image_is_remembered_for_that_image_alone(
    repository: Callable[..., Repository], tmp_path: Path, shared_cache: Path, client: DockerClient
) -> None:
    """A service that can't be had now does not stand in the way of what is known; another image of that name does."""
    tag = f"widgets-test/other:{os.getpid()}"
    echo = {"image": tag, "env": {"GREETING": "hello "}, "ports": ["7000:7000"]}
    made = repository({CI: workflow(a=job({"echo": echo}, {"run": "date +said\\ %s%N"}))})
    client.images.get(IMAGE).tag(tag)
    try:
        first, second = (said(made.run(remember=True)) for _ in range(2))
        client.images.remove(tag)
        echo_image(client, tag, LABEL="another=image")
        third = said(made.run(remember=True))
    finally:
        client.images.remove(tag, force=True)

    assert first == second != third


@pytest.mark.slow
def test_a_service_that_did_not_start_is_not_remembered(
    repository: Callable[..., Repository], client: DockerClient
) -> None:
    cleanup = {"run": "date +said\\ %s%N", "if": "always()"}
    made = repository(
        {CI: workflow(a=job({"echo": {"image": IMAGE, "env": {"EXIT": "x"}, "options": READY}}, cleanup))}
    )
    first, second = (said(made.run(remember=True)) for _ in range(2))

    assert first != second


def test_where_no_engine_answers_that_is_said_with_what_mends_it(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    result = run(workflow(a=job({"db": {"image": IMAGE}, "cache": {"image": IMAGE}})))

    assert result.trouble == (
        "its job `a` needs a service container (db, cache), and DOCKER_HOST says unix:///nonexistent/docker.sock, and nothing "
        "answers there"
    )
    assert "unset DOCKER_HOST" in result.mend
    assert result.jobs == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("when", "trouble"),
    [
        ("created", "the Docker Engine stopped answering when the services of its job `a` were to be started"),
        ("used", "the Docker Engine stopped answering while its services ran"),
    ],
)
def test_an_engine_that_dies_in_the_middle_proves_nothing(
    run: Runner, engine: Engine, client: DockerClient, monkeypatch: pytest.MonkeyPatch, when: str, trouble: str
) -> None:
    echo = {"image": IMAGE, "env": {"GREETING": "hello "}, "ports": ["7001:7000"], "options": READY}
    text = workflow(a=job({"echo": echo}, talk("7001"), {"run": "sleep 10.0625"}, talk("7001")))

    def is_so() -> object:
        if when == "created":
            return len(ours(client)) == 2
        return processes("sleep 10.0625")

    with line_to(engine) as line:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{line.path}")
        thread = cut_once(line, is_so)
        result = run(text)
        thread.join()
    for one in [
        *client.containers.list(all=True, filters={"label": LABEL}),
        *client.networks.list(filters={"label": LABEL}),
    ]:
        if one.name in ours(client):
            remove(client, (one.attrs.get("Config") or one.attrs)["Labels"][LABEL])

    assert not result.green
    assert result.trouble == trouble
    assert result.mend == "Start it, and check again: `docker version`."


ASK = """
import json, socket
for what in json.loads(r'''%s'''):
    with socket.create_connection(("localhost", 1)) as asked:
        try:
            asked.sendall(what.encode() + b"\\n")
            print("said", asked.makefile().readline().strip() or "nothing", flush=True)
        except OSError:
            print("said nothing", flush=True)
"""


@pytest.mark.slow
def test_a_step_that_asks_for_containers_by_itself_gets_none_but_checked_ones(
    run: Runner, client: DockerClient
) -> None:
    """Whoever finds the port on which our steps ask can say anything there."""
    request = {"do": "begin", "job": "a", "services": {"x": {"image": IMAGE, "options": "-v /:/host"}}}
    rubbish = ["x", "{}", "[]", "1", '{"do": "end", "lease": "guess"}', '{"do": "begin", "job": 1, "services": 1}']
    echo = {"image": IMAGE, "env": {"GREETING": "still "}, "ports": ["7000:7000"]}
    unread, refused = (
        run(workflow(a=job({"echo": echo}, {"run": ASK % json.dumps(asked), "shell": "python"}, talk("7000"))))
        for asked in (rubbish, [json.dumps(request)])
    )

    assert (unread.trouble, unread.green) == ("", True)
    assert [bool(one) for one in said(unread)] == [True] * (len(rubbish) + 1)
    assert said(unread)[-1] == "still you"
    assert "asks for `-v`, which no service gets here" in refused.trouble


_RUNS = """
import sys
from pathlib import Path
from tests.engine_line import cut_once, line_to, processes
from tests.runners.workflow.conftest import CI, Repository
print("begun", flush=True)
Repository(Path(sys.argv[1]), Path(sys.argv[2]), {CI: sys.argv[3]}).run()
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_interrupted_leaves_nothing_behind(
    tmp_path: Path, shared_cache: Path, client: DockerClient, how: signal.Signals
) -> None:
    text = workflow(a=job({"echo": {"image": IMAGE, "ports": ["7000:7000"]}}, {"run": "sleep 100"}))
    running = subprocess.Popen(
        [sys.executable, "-c", _RUNS, str(tmp_path), str(shared_cache), text], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    mine = f".{running.pid}."

    def there() -> list[str]:
        found = client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
        networks = client.networks.list(filters={"label": LABEL})
        return [
            str(one.name)
            for one in [*found, *networks]
            if mine in str((one.attrs.get("Config") or one.attrs)["Labels"][LABEL])
        ]

    assert eventually(lambda: len(there()) == 2)
    running.send_signal(how)
    running.wait()
    assert eventually(lambda: not there())


def eventually(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.1)
    return False
