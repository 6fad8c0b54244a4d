"""What the load of step 7's grader holds, and its own error: requests lost against a service that fails none."""

from __future__ import annotations

import statistics

from graders.runners.deployment import process
from graders.runners.deployment.plan import Act, Do, Plan
from graders.runners.deployment.releases import V1

_SECONDS = 5
_SCRIPT = f"""#!/bin/sh
setsid "releases/${{1#*sha256:}}/serve" 8001 >/dev/null 2>&1 &
until curl -fs -o /dev/null http://127.0.0.1:8001/healthz; do sleep 0.05; done
curl -fsS -X PATCH -H 'Content-Type: application/json' -d '[{{"dial": "127.0.0.1:8001"}}]' \\
    http://127.0.0.1:2019/id/widgets/upstreams
sleep {_SECONDS}
"""


def main() -> None:
    """One row for each pace that was asked for."""
    plan = Plan("steady", (Act(Do.DEPLOY, "deploy", V1),))
    asked = process.REQUESTS_A_SECOND
    print(f"Requests on a service that fails none, {_SECONDS} s each, a connection for every request:")
    try:
        for pace in (asked, 2 * asked, 4 * asked, 8 * asked):
            process.REQUESTS_A_SECOND = pace
            played = process.play_on_processes({"scripts/deploy.sh": _SCRIPT.encode()}, plan)
            end = played.events[0].ended
            seen = [one for one in played.requests if end - _SECONDS + 0.5 <= one.at < end]
            lost = sum(not one.good for one in seen)
            took = statistics.median(one.took for one in seen) * 1000
            held = len(seen) / (_SECONDS - 0.5)
            aim = "   (aim: 50 held, none lost)" if pace == asked else ""
            print(f"  {pace:4} a second asked, {held:5.0f} held, {lost} of {len(seen)} lost, median {took:.0f} ms{aim}")
    finally:
        process.REQUESTS_A_SECOND = asked
