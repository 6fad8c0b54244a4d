"""Step 7 on a Docker Engine: the same criteria, on releases that are images."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from graders.attempts.make import carry_out, settled_environment
from graders.attempts.recipe import Recipe
from graders.criterion import Kind, Verdict
from graders.judge import judge
from graders.problems import Problem
from graders.result import Result
from graders.runners.deployment.containers import need_time_to_spare
from graders.runners.engine.connection import Engine
from graders.runners.sandbox import isolates
from graders.step import find
from graders.workspace.start import start

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not isolates(), reason="deployments in a sandbox: they need bubblewrap"),
    pytest.mark.skipif(
        not (shutil.which("docker-registry") and shutil.which("docker")),
        reason="docker or docker-registry is missing: deployments to containers are not proven",
    ),
]

SWITCH = r"""
# What deploy.sh and rollback.sh share.
upstreams=http://127.0.0.1:2019/id/widgets/upstreams
healthy_within=5 # seconds

# The port that serves, or nothing.
serving_port() {
    curl -fsS "$upstreams" |
        python3 -c 'import json, sys; print(*[u["dial"].split(":")[1] for u in json.load(sys.stdin) or []])'
}

# The digest that serves, or nothing.
serving() {
    local port
    port=$(serving_port)
    [[ -z $port ]] || docker inspect --format '{{index .Config.Labels "digest"}}' "widgets-$port"
}

# Whether the container runs and is healthy within the time that it has.
healthy() {
    local port=$1 end=$((SECONDS + healthy_within))
    while ((SECONDS <= end)); do
        [[ $(docker inspect --format '{{.State.Running}}' "widgets-$port") == true ]] || return 1
        curl -fs -o /dev/null --max-time 2 "http://127.0.0.1:$port/healthz" && return 0
        sleep 0.1
    done
    return 1
}

# Start an image on the free port of the two, and lead the traffic there once it is healthy.
switch_to() {
    local digest=$1 old new=8001
    old=$(serving_port)
    [[ $old == 8001 ]] && new=8002
    docker rm --force "widgets-$new" >/dev/null 2>&1 || true
    docker run --detach --name "widgets-$new" --label "digest=$digest" --publish "127.0.0.1:$new:8000" \
        "$REGISTRY/widgets@$digest" >/dev/null || return 1
    if ! healthy "$new"; then
        docker logs --tail 5 "widgets-$new" >&2
        docker rm --force "widgets-$new" >/dev/null
        return 1
    fi
    curl -fsS -X PATCH -H 'Content-Type: application/json' -d "[{\"dial\": \"127.0.0.1:$new\"}]" "$upstreams" || return 1
    if [[ -n $old ]]; then docker stop "widgets-$old" >/dev/null && docker rm "widgets-$old" >/dev/null; fi
}

# One line for each deployment and rollback.
record() {
    printf '{"time": "%s", "actor": "%s", "action": "%s", "digest": "%s", "outcome": "%s"}\n' \
        "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$USER" "$1" "$2" "$3" >>deployments.jsonl
}
"""
ON_DOCKER = f"""
git switch -q -c deploy
answer
echo docker >scripts/target
write scripts/switch.sh <<'END'{SWITCH}END
"""
BY_TAG = r"""
write scripts/rollback.sh <<'END'
#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/switch.sh
target=$(python3 scripts/last_good.py)
[[ $target != "$(serving)" ]] || { echo "nothing to do"; exit 0; }
[[ -n $target ]] || { echo "there is nothing to go back to" >&2; exit 1; }
docker pull "$REGISTRY/widgets:latest" >/dev/null
target=$(docker image inspect --format '{{index .RepoDigests 0}}' "$REGISTRY/widgets:latest")
switch_to "${target#*@}"
record rollback "${target#*@}" succeeded
END
"""


def judged(run: str, folder: Path) -> Result:
    place = find("deploy")
    made = start(place, folder, 1)
    recipe = Recipe("on_docker", "right", "", f"{run}save", "", {}, {}, "", 1)
    carry_out(place, recipe, recipe.seed, made.repo, settled_environment(folder))
    return judge(place, made.repo)


def not_too_busy() -> None:
    try:
        need_time_to_spare()
    except Problem as problem:
        pytest.skip(f"deployments to containers: {problem.found}")


def verdicts(result: Result) -> dict[str, Verdict]:
    return {one.criterion.name: one.verdict for one in result.criteria}


def test_the_answer_with_docker_earns_all(engine: Engine, tmp_path: Path) -> None:
    not_too_busy()
    result = judged(ON_DOCKER, tmp_path.resolve())

    assert {name: verdict for name, verdict in verdicts(result).items() if verdict.kind is not Kind.PASSED} == {}


def test_who_goes_back_by_a_tag_is_told(engine: Engine, tmp_path: Path) -> None:
    not_too_busy()
    result = judged(ON_DOCKER + BY_TAG, tmp_path.resolve())

    assert verdicts(result)["serves"].kind is Kind.PASSED
    assert verdicts(result)["same_digest"].kind is Kind.FAILED


def test_where_no_engine_answers_nobody_is_blamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent.sock")
    monkeypatch.setenv("NINESTEPS_HOME", str(tmp_path / "home"))  # where no run is remembered

    result = judged(ON_DOCKER, tmp_path.resolve())

    assert {verdict.kind for verdict in verdicts(result).values()} == {Kind.CANNOT_CHECK}
    assert "nothing answers there" in verdicts(result)["serves"].found
