"""Step 7's starter: a service with releases, a proxy before them, and nobody who deploys without an outage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from random import Random

from graders.runners.deployment.releases import service_text
from graders.starter import Commit, Starter, answer_of, given_by, left_by_earlier, trailer
from graders.step import find

_AUTHORS = ("Noor Haddad <noor@example.org>", "Jonas Weber <jonas@example.org>", "Mei Tanaka <mei@example.org>")
_FIRST_DAY = 1_788_253_200  # 2026-09-01 09:00 UTC
_DAY = 86_400
_OUTAGES = (
    ("Friday at five", "eleven minutes"),
    ("Monday at nine", "half an hour"),
    ("the night of the sale", "two hours"),
)
_YOURS = ("scripts/deploy.sh", "scripts/rollback.sh", "scripts/target")  # an earlier step gives a stand-in
_IGNORED = "releases/\ndeployments.jsonl\ncaddy.log\n"


def starter(seed: int) -> Starter:
    """The service as the steps before left it, then what a deployment needs."""
    random = Random(f"deploy:{seed}")
    place = find("deploy")
    when, how_long = random.choice(_OUTAGES)
    earlier = {path: text for path, text in left_by_earlier(place).items() if path not in _YOURS}
    given = given_by(place.folder) | {"scripts/service": service_text()}
    given[".gitignore"] = f"{earlier.get('.gitignore', '').rstrip()}\n{_IGNORED}".lstrip()
    answer = {PurePosixPath(path).stem: text for path, text in answer_of(place.folder).items()}
    return Starter(
        commits=(
            Commit(f"Bring in the widgets service\n\n{trailer('deploy', seed)}", _AUTHORS[0], _FIRST_DAY, earlier),
            Commit("Releases, and a proxy before them\n", _AUTHORS[1], _FIRST_DAY + _DAY, given),
        ),
        variant={"when": when, "how_long": how_long, **answer},
    )


def ticket(variant: Mapping[str, str]) -> str:
    """What the learner is asked to do, in Markdown."""
    return f"""\
**Ticket: deploy without an outage, and go back with one command.** On {variant["when"]} a release was broken; the old one had
been stopped before, and nobody knew which digest it had. The service was away for {variant["how_long"]}.

Write `scripts/deploy.sh` and `scripts/rollback.sh`, in any language (a first line `#!…` says which), and the word `process`
in `scripts/target`. Both are run from the repository's folder. Commit them, and no state: the check begins with nothing
deployed.

**What is there** (`scripts/playground up` starts it on your machine):
- A release is a folder `releases/HEX`; its program `serve PORT` listens on 127.0.0.1:PORT until SIGTERM, and then finishes
  what it has begun. `scripts/release build VERSION` makes one and prints its reference `widgets@sha256:HEX`; with
  `--fault start|health|route` a broken one. `scripts/release start IMAGE PORT`, `stop PORT` and `list` run it, as an
  engine would.
- Every release answers `/healthz`, `/widgets` and `/version`, and names its digest in `X-Release`. It is ready within a
  second or two. Ports 8001 and 8002 are for releases.
- caddy is at http://127.0.0.1:8080, with its admin API at http://127.0.0.1:2019. The upstreams are at
  `/id/widgets/upstreams` there: `GET` them, `PATCH` them with `[{{"dial": "127.0.0.1:8001"}}]`. At first there are none.
- With an engine, write `docker` instead of `process`: the reference is then `$REGISTRY/widgets@sha256:HEX`, `docker` runs
  it, and its port 8000 is published with `--publish 127.0.0.1:8001:8000`. All else is the same.
- On Kubernetes, write `kubernetes`: `kubectl` reaches the cluster as it is, and your scripts apply what they need, such as
  `kubernetes/widgets.yaml`. References are the same, a container listens at port 8000, and callers at :8080 are led to the
  Service `widgets`. The check has a stand-in for a cluster, `scripts/playground cluster` starts it: Deployments, ReplicaSets,
  pods and Services, no image but the releases, no `kubectl exec`. No cluster of yours is touched.

**`scripts/deploy.sh IMAGE`** gets a reference with a digest. It ends with 0 once that release alone serves, and no request
fails meanwhile. A release that does not start, or is not healthy within ten seconds, never gets the traffic: the script ends
with another code, and what served goes on. So it does where a port is taken, or where a cluster has no room for one more
pod. What is not needed is ended; beside what serves one release may go on running.

**`scripts/rollback.sh`** goes back, without an argument, to the last good release before the one that serves: by its digest,
with no build, and whatever the tag `latest` says (it moves when somebody publishes). What was refused or rolled back is not
good. Run twice in a row, the second run changes nothing. With nothing to go back to it says so in a sentence, and ends with
another code than 0. No script takes longer than 40 seconds.

**`deployments.jsonl`**: both append a line for each deployment and rollback, also for one that failed:

    {{"time": "2026-11-24T12:00:00Z", "actor": "mei", "action": "deploy", "digest": "sha256:…", "outcome": "succeeded"}}

`action` is `deploy` or `rollback`, `digest` what was deployed or gone back to, `outcome` is `succeeded` or `failed`, `actor` is
`$USER`.
"""
