"""A job's service containers: asked for before its steps, let go of after them. Who starts them is outside the sandbox."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

from ..said import fail, output, settings

_LONGEST_ANSWER = 1 << 20


def begin(root: Path) -> int:
    """Ask for what the step's environment names, and wait until it is there."""
    given = json.loads(os.environ["NINESTEPS_SERVICES"])
    given["services"] = {name: _filled(service) for name, service in given["services"].items()}
    answer = _ask(root, {"do": "begin", **given})
    if answer["failed"]:
        return fail(answer["failed"].replace("%", "%25"))
    output(services=json.dumps(answer["services"]), lease=answer["lease"])
    return 0


def end(root: Path) -> int:
    """Say that the job needs them no more."""
    if lease := os.environ.get("NINESTEPS_LEASE"):
        _ask(root, {"do": "end", "lease": lease})
    return 0


def _filled(given: Any) -> Any:
    if isinstance(given, dict):
        return {key: _filled(value) for key, value in given.items()}
    return [os.environ[name] for name in given] if isinstance(given, list) else os.environ[given]


def _ask(root: Path, what: dict[str, Any]) -> dict[str, Any]:
    with socket.create_connection(("127.0.0.1", settings(str(root))["services"])) as outside:
        outside.sendall(json.dumps(what).encode() + b"\n")
        with outside.makefile("rb") as answers:
            answer: dict[str, Any] = json.loads(answers.readline(_LONGEST_ANSWER))
    return answer
