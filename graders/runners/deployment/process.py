"""The target `process`: releases are folders, each runs as a process behind caddy, all of it inside one sandbox.

https://caddyserver.com/docs/api
"""

from __future__ import annotations

import json
import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from graders.runners.deployment.plan import Plan
from graders.runners.deployment.record import Played, read
from graders.runners.deployment.releases import BREAKS_WHEN_THERE, EVERY
from graders.runners.remembered import fingerprint, recall, remember
from graders.runners.sandbox import Limits, isolates, run

RECORD = "deployments.jsonl"
REQUESTS_A_SECOND = 50
_INSIDE = Path(__file__).with_name("inside.py")
_FORMAT = 1
_LIMITS = Limits(seconds=330, cpu_seconds=120)
_GIT = {"user.name": "Learner", "user.email": "learner@example.org", "commit.gpgSign": "false"}
PROXY_CONFIG: Mapping[str, Any] = {
    "admin": {"listen": "127.0.0.1:2019", "config": {"persist": False}},
    "apps": {
        "http": {
            "servers": {
                "front": {
                    "listen": ["127.0.0.1:8080"],
                    "automatic_https": {"disable": True},
                    "routes": [{"handle": [{"@id": "widgets", "handler": "reverse_proxy", "upstreams": []}]}],
                }
            }
        }
    },
}


@cache
def proxy() -> str | None:
    """Where caddy is: beside this interpreter, else on PATH."""
    return shutil.which("caddy", path=str(Path(sys.prefix) / "bin")) or shutil.which("caddy")


def play_on_processes(files: Mapping[str, bytes], plan: Plan, cache: Path | None = None) -> Played:
    """Carry a plan out with the scripts in `files` (path to content), under a load of 50 requests a second.

    With `cache`, a folder, the same plan with the same files is not repeated. Takes no longer than five minutes.
    """
    caddy = proxy()
    if caddy is None:
        return Played(plan, trouble="caddy is not installed")
    task = {"proxy": caddy, "proxy_config": PROXY_CONFIG}
    return carry_out(files, plan, cache, _INSIDE.read_text(encoding="utf-8"), task, [Path(caddy)])


def carry_out(
    files: Mapping[str, bytes],
    plan: Plan,
    cache: Path | None,
    program: str,
    about: Mapping[str, Any],
    folders: Sequence[Path],
) -> Played:
    """What came of a plan, by a program that runs in the sandbox and is told `about` the place.

    It can read `folders`. With `cache`, a folder, the same plan with the same files and program is not repeated.
    """
    known = cache / f"{_fingerprint(files, plan, program)}.json" if cache else None
    if remembered := _read(plan, recall(known)):
        return remembered
    token = secrets.token_hex(16)
    task = {
        "token": token, "mark": secrets.token_hex(8), "isolated": isolates(),
        "each": 1 / REQUESTS_A_SECOND, "record": RECORD, "once": BREAKS_WHEN_THERE, "env": _environment(),
        "releases": {release.digest: dict(release.files) for release in EVERY},
        "plan": [act.task for act in plan.acts], **about,
    }  # fmt: skip
    done = run(
        ["python", "-I", "-c", program, "{report}"], files=files,
        folders=folders, stdin=json.dumps(task).encode(), limits=_LIMITS,
    )  # fmt: skip
    try:
        data = json.loads(done.report)
        if not secrets.compare_digest(str(data.pop("token")), token):
            raise ValueError("not the record")
        played = read(plan, data)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        why = "it did not end in time" if done.timed_out else "what watches over it was disturbed, and left no record"
        return Played(plan, trouble=why)
    if not played.trouble:
        remember(known, json.dumps(data).encode())
    return played


def _environment() -> dict[str, str]:
    env = {"USER": "learner", "LOGNAME": "learner", "LC_ALL": "C.UTF-8", "GIT_CONFIG_COUNT": str(len(_GIT))}
    for number, (name, value) in enumerate(_GIT.items()):
        env |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return env


def _fingerprint(files: Mapping[str, bytes], plan: Plan, program: str) -> str:
    return fingerprint([_FORMAT, sys.version, program, plan.as_json(), [one.digest for one in EVERY]], files)


def _read(plan: Plan, record: bytes) -> Played | None:
    try:
        return read(plan, json.loads(record)) if record else None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None
