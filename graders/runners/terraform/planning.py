"""Plan files with Terraform or OpenTofu, in the sandbox, with no network and the course's provider alone.

What is planned must have been looked through first (`graders.evidence.terraform.refused`). The state is ours: a backend in an
override file takes the place of whatever the files name. https://developer.hashicorp.com/terraform/language/files/override
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from textwrap import shorten
from typing import Any

from graders.problems import Problem
from graders.runners.remembered import fingerprint, recall, remember
from graders.runners.sandbox import Limits, run

_HERE = Path(__file__).parent
_FOLDER = "infra"
_OVERRIDE = f"{_FOLDER}/~ninesteps_override.tf"  # the last of all override files
_PLACE = re.compile(r"on (\S+) line (\d+)(?:, in .*)?:$")
_QUOTED = re.compile(r"\d+: ")  # a line of the file, with its number
_LIMITS = Limits(seconds=60, cpu_seconds=60, memory_bytes=64 << 30, disk_bytes=256 << 20, output_bytes=8 << 20)


@dataclass(frozen=True, slots=True)
class Ask:
    """One plan to make: words for `terraform plan`, such as `-destroy`, and values of variables, which win over files."""

    arguments: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """An error of Terraform's: what it says, and where (`main.tf`, line from 1; 0 where it says nothing of it)."""

    summary: str
    detail: str
    file: str = ""
    line: int = 0
    address: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """What came of one plan: `json` is what `terraform show -json` gives, empty where there are errors."""

    json: bytes
    text: str
    errors: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """What there is before: the state as Terraform keeps it, what the cloud holds (id to attributes), and variables."""

    state: Mapping[str, Any]
    cloud: Mapping[str, Any]
    variables: Mapping[str, str] = field(default_factory=dict)


@cache
def program() -> str:
    """The path of Terraform or OpenTofu; empty where there is neither."""
    return shutil.which("terraform") or shutil.which("tofu") or ""


def plans(
    files: Mapping[str, bytes], world: World, asks: Sequence[Ask], *, text: bool = False, kept_in: Path | None = None
) -> tuple[Made, ...]:
    """The plans for `files` (path in the root module to content), in the order of `asks`; remembered in `kept_in`.

    Where the files cannot be set up at all, each carries the same errors. Raises Problem where no plan can be made here.
    """
    if not program():
        raise Problem("Neither Terraform nor OpenTofu is installed here.", "Install one of them, and check again.")
    given = _given(files, world, asks, text)
    kept = kept_in / f"{fingerprint([Path(program()).resolve().stat().st_size], given)}.json" if kept_in else None
    report = recall(kept)
    if not report:
        done = run(
            ["python", "-I", "inside.py", "{report}"], files=given, limits=_LIMITS, folders=[Path(program()).resolve()]
        )
        if done.timed_out:
            raise Problem(
                "Terraform did not come to an end within a minute.", "Check again when the machine is less busy."
            )
        report = done.report
        try:
            json.loads(report)
        except ValueError:
            raise Problem(
                f"Terraform could not be run: {done.stderr.strip()[-200:]}", "`ninesteps doctor` says more."
            ) from None
        remember(kept, report)
    told = json.loads(report)
    if told["init"]["exit_code"]:
        errors = _from_text(told["init"]["err"] or told["init"]["out"])
        return tuple(Made(b"", "", errors) for _ in asks)
    return tuple(Made(one["json"].encode(), one["text"], _errors(one)) for one in told["plans"])


def _given(files: Mapping[str, bytes], world: World, asks: Sequence[Ask], text: bool) -> dict[str, bytes]:
    task = {
        "program": str(Path(program()).resolve()), "folder": _FOLDER, "text": text, "env": dict(world.variables),
        "plans": [{"arguments": one.arguments, "values": dict(one.values)} for one in asks],
    }  # fmt: skip
    given = {f"{_FOLDER}/{path}": content for path, content in files.items()}
    given[_OVERRIDE] = b'terraform {\n  backend "local" {\n    path = "../state.json"\n  }\n}\n'
    return given | {
        "task.json": json.dumps(task, sort_keys=True).encode(),
        "state.json": json.dumps(world.state, sort_keys=True).encode(),
        "cloud.json": json.dumps(world.cloud, sort_keys=True).encode(),
        "inside.py": (_HERE / "inside.py").read_bytes(),
        "provider.py": (_HERE / "provider.py").read_bytes(),
    }


def _errors(told: Mapping[str, Any]) -> tuple[Diagnostic, ...]:
    """The errors in what `plan -json` printed. https://developer.hashicorp.com/terraform/internals/machine-readable-ui"""
    found = []
    for line in told["out"].splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        said = event.get("diagnostic") if isinstance(event, dict) else None
        if said and said.get("severity") == "error":
            place = said.get("range") or {}
            begin = place.get("start") or {}
            found.append(
                Diagnostic(said.get("summary", ""), said.get("detail", ""), place.get("filename", ""),
                           int(begin.get("line", 0)), said.get("address", ""))
            )  # fmt: skip
    if not found and told["exit_code"]:
        return _from_text(told["err"]) or (Diagnostic("the plan failed", ""),)
    return tuple(found)


def _from_text(said: str) -> tuple[Diagnostic, ...]:
    """The last error in words for people: `init` begins with one that says no more than that others follow."""
    lines = [line.strip("│╷╵ ") for line in said.splitlines()]
    begins = [at for at, line in enumerate(lines) if line.startswith("Error: ")]
    if not begins:
        return (Diagnostic(shorten(said, 300) or "it said nothing", ""),)
    summary, rest = lines[begins[-1]].removeprefix("Error: "), lines[begins[-1] + 1 :]
    place = next(filter(None, map(_PLACE.match, rest)), None)
    detail = " ".join(line for line in rest if line and not _PLACE.match(line) and not _QUOTED.match(line))
    return (Diagnostic(summary, shorten(detail, 600), place[1] if place else "", int(place[2]) if place else 0),)
