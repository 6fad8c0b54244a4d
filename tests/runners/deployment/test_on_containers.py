"""Plans carried out on containers: real images, a real registry, scripts that reach the engine through the gate alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from graders.problems import Problem
from graders.runners.deployment.containers import need_time_to_spare, play_on_containers
from graders.runners.deployment.plan import Act, Do, Plan
from graders.runners.deployment.releases import BREAKS_LATER, DOES_NOT_START, NEWEST, UNHEALTHY, V1, V2
from graders.runners.engine.connection import Engine
from graders.runners.sandbox import isolates

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not isolates(), reason="deployments in a sandbox: they need bubblewrap"),
    pytest.mark.skipif(
        not (shutil.which("docker-registry") and shutil.which("docker")),
        reason="docker or docker-registry is missing: deployments to containers are not proven",
    ),
]

SCRIPT = r"""#!/usr/bin/env python3
import json, subprocess, sys, time, urllib.request
from pathlib import Path

def docker(*words): return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()

state = Path("state.json")
history = json.loads(state.read_text()) if state.exists() else []
rollback = sys.argv[0].endswith("rollback.sh")
if rollback and len(history) < 2:
    sys.exit("there is nothing to go back to")
image = history[-2][0] if rollback else sys.argv[1]
name = f"widgets-{time.time_ns()}"
docker("run", "--detach", "--restart", "on-failure:2", "--name", name, "--publish", "8000", image)
port = docker("port", name, "8000").split(":")[-1]
health = ""
for _ in range(150):
    health = docker("inspect", "--format", "{{.State.Running}} {{.State.Health.Status}}", name)
    if health in ("true healthy", "true unhealthy", "false unhealthy"):
        break
    time.sleep(0.2)
if health != "true healthy":
    print(docker("logs", name))
    docker("rm", "--force", name)
    sys.exit(f"{image} is {health}")
to = json.dumps([{"dial": f"localhost:{port}"}]).encode()
urllib.request.urlopen(urllib.request.Request(
    "http://localhost:2019/id/widgets/upstreams", to, {"Content-Type": "application/json"}, method="PATCH"))
if history:
    docker("stop", history[-1][1])
    docker("rm", history[-1][1])
history = [*(history[:-2] if rollback else history), [image, name]]
state.write_text(json.dumps(history))
with open("deployments.jsonl", "a") as record:
    print(json.dumps({"digest": image.partition("@")[2]}), file=record)
"""


def not_too_busy() -> None:
    try:
        need_time_to_spare()
    except Problem as problem:
        pytest.skip(f"deployments to containers: {problem.found}")


def deploy(release: object) -> Act:
    return Act(Do.DEPLOY, f"deploy {release.name}", release)  # type: ignore[arg-type,attr-defined]


def test_images_are_deployed_refused_broken_and_brought_back(engine: Engine, tmp_path: Path) -> None:
    not_too_busy()
    files = {"scripts/deploy.sh": SCRIPT.encode(), "scripts/rollback.sh": SCRIPT.encode()}
    plan = Plan("tried", (
        Act(Do.ROLLBACK, "too early"), deploy(V1), deploy(DOES_NOT_START), deploy(UNHEALTHY), deploy(BREAKS_LATER),
        Act(Do.PUBLISH, "newer", NEWEST), Act(Do.BREAK, "broken"), Act(Do.ROLLBACK, "back"), deploy(V2),
    ))  # fmt: skip

    (done,) = play_on_containers(files, [plan], tmp_path)

    assert not done.trouble
    ends = {event.act.name: (event.exit_code, event.serving) for event in done.events if event.act.do != Do.BREAK}
    assert ends == {
        "too early": (1, ("",)),
        f"deploy {V1.name}": (0, (V1.digest,)),
        f"deploy {DOES_NOT_START.name}": (1, (V1.digest,)),
        f"deploy {UNHEALTHY.name}": (1, (V1.digest,)),
        f"deploy {BREAKS_LATER.name}": (0, (BREAKS_LATER.digest,)),
        "back": (0, (V1.digest,)),
        f"deploy {V2.name}": (0, (V2.digest,)),
    }, [event.said for event in done.events]
    broken = done.event("broken")
    back = done.event("back")
    assert broken
    assert back
    assert any(one.status == 500 for one in done.requests if broken.ended < one.at < back.began + 1)
    assert back.latest == NEWEST.digest
    assert [digest for _, digest in done.events[-1].running] == [V2.digest]
    assert f'"sha256:{V2.digest}"' in done.record.splitlines()[-1]  # images are told as the releases in them
    assert len(list((tmp_path / "layers").iterdir())) >= 1
    assert play_on_containers(files, [plan], tmp_path) == [done]  # which takes no engine


def test_without_an_engine_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent.sock")

    with pytest.raises(Problem, match="nothing answers there") as raised:
        play_on_containers({}, [Plan("none", ())])

    assert raised.value.next
