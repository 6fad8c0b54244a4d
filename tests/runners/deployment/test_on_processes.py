"""Plans carried out on processes behind a real proxy: what callers saw is what was recorded."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from graders.runners.deployment.plan import Act, Do, Plan
from graders.runners.deployment.process import play_on_processes
from graders.runners.deployment.record import Played
from graders.runners.deployment.releases import DOES_NOT_START, UNHEALTHY, V1, V2
from graders.runners.sandbox import isolates

pytestmark = pytest.mark.skipif(not isolates(), reason="deployments in a sandbox: they need bubblewrap")

START = """#!/bin/sh
set -e
release=releases/${1#*sha256:}
setsid "$release/serve" PORT >/dev/null 2>&1 &
until curl -fs -o /dev/null http://127.0.0.1:PORT/healthz; do
    kill -0 $! || exit 1
    sleep 0.05
done
curl -fsS -X PATCH -H 'Content-Type: application/json' -d '[{"dial": "127.0.0.1:PORT"}]' \
    http://127.0.0.1:2019/id/widgets/upstreams
"""


def played(script: str, *acts: Act, record: str = "", cache: Path | None = None) -> Played:
    files = {"scripts/deploy.sh": script.encode(), "scripts/rollback.sh": b"#!/bin/sh\nexit 3\n"}
    if record:
        files["deployments.jsonl"] = record.encode()
    return play_on_processes(files, Plan("tried", acts), cache)


def deploy(release: object = V1) -> Act:
    return Act(Do.DEPLOY, "deploy", release)  # type: ignore[arg-type]


def test_a_steady_load_loses_none_where_nothing_changes() -> None:
    done = played(START.replace("PORT", "8001") + "sleep 2\n", deploy())
    up = [one for one in done.requests if one.at > done.events[0].ended - 1.8]

    assert not done.trouble
    assert len(up) > 60
    assert all(one.good and one.digest == V1.digest for one in up)
    assert done.events[0].serves(V1.digest)
    assert done.events[0].running == ((8001, V1.digest),)


def test_what_a_script_breaks_is_seen() -> None:
    done = played(START.replace("PORT", "8001") + "sleep 0.5; kill -9 $!; sleep 0.5\n", deploy())
    bad = [one for one in done.requests if not one.good and one.at > done.events[0].ended - 0.4]

    assert bad
    assert done.events[0].running == ()
    assert done.events[0].serving == ("",)


@pytest.mark.parametrize(("release", "code"), [(DOES_NOT_START, 1), (UNHEALTHY, 7)])
def test_a_broken_release_is_broken_as_it_says(release: object, code: int) -> None:
    script = (
        START.replace("PORT", "8001")
        .replace("until", "n=0; until")
        .replace("sleep 0.05", "n=$((n+1)); [ $n -lt 30 ] || exit 7; sleep 0.05")
    )

    assert played(script, deploy(release)).events[0].exit_code == code


def test_exit_code_and_output_and_record_are_kept() -> None:
    done = played(
        "#!/usr/bin/env python3\nprint('hello'); open('deployments.jsonl', 'a').write('here'); exit(5)", deploy()
    )

    assert (done.events[0].exit_code, done.events[0].said, done.record) == (5, "hello\n", "here")


def test_somebody_else_takes_the_ports_that_are_free() -> None:
    ask = "#!/bin/sh\ncurl -s http://127.0.0.1:8001/healthz http://127.0.0.1:8002/healthz\n"

    done = played(ask, Act(Do.TAKE_PORTS, "taken"), deploy())

    assert done.events[0].said == "somebody else\nsomebody else\n"


def test_a_script_that_ends_its_watcher_leaves_no_record() -> None:
    done = played("#!/bin/sh\nkill -9 -1\n", deploy())

    assert done.trouble == "what watches over it was disturbed, and left no record"
    assert done.events == ()


def test_nothing_is_left_running() -> None:
    done = played(START.replace("PORT", "8013"), deploy())
    left = [one.info["cmdline"] for one in psutil.process_iter(["cmdline"]) if "8013" in (one.info["cmdline"] or ())]

    assert done.events[0].running == ((8013, V1.digest),)
    assert left == []


def test_the_same_is_not_done_twice(tmp_path: Path) -> None:
    script = START.replace("PORT", "8001")
    once, again = (played(script, deploy(V2), cache=tmp_path) for _ in range(2))

    assert once == again
    assert once.epoch == again.epoch
    assert len(list(tmp_path.iterdir())) == 1
