"""A plan of 10,000 resource changes, read, over `json.load` of the same file; how that grows; and HCL of 2,000 lines."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from graders.evidence.terraform.hcl import read_module
from graders.evidence.terraform.plan import read_plan
from graders.runners.terraform.assignment import assignment
from graders.runners.terraform.shipped import plan_json
from tests.bench.measure import in_turns, line

_CHANGES = 10_000
_LINES = 2_000


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ninesteps-bench-") as scratch:
        small, large = (_plan(Path(scratch) / f"{count}.json", count) for count in (_CHANGES // 10, _CHANGES))
        text = assignment(1).files["infra/main.tf"]
        one = "\n".join(text.splitlines()[8:]) + "\n\n"  # the resources
        many = {"main.tf": (one * (_LINES // len(one.splitlines()) + 1)).encode()}
        taken = in_turns(
            {
                "json": lambda: _load(large),
                "read": lambda: read_plan(large.read_bytes()),
                "small": lambda: read_plan(small.read_bytes()),
                "hcl": lambda: read_module(many),
            },
            rounds=5,
        )
    print(f"A plan of {_CHANGES:,} resource changes:")
    print(line("json.load", taken["json"]))
    print(line("read it", taken["read"], taken["read"] / taken["json"], "at most 2"))
    print(
        line(
            f"read one of {_CHANGES // 10:,}",
            taken["small"],
            taken["read"] / taken["small"],
            "about 10 for 10 times as many",
        )
    )
    print(
        line(
            f"HCL of {many['main.tf'].count(bytes([10])):,} lines, in a process of its own",
            taken["hcl"],
            taken["hcl"],
            "under 1",
        )
    )


def _plan(file: Path, count: int) -> Path:
    plan = json.loads(plan_json(1))
    every = plan["resource_changes"]
    plan["resource_changes"] = [
        {**every[number % len(every)], "address": f"module.m[{number}].{every[number % len(every)]['address']}"}
        for number in range(count)
    ]
    file.write_text(json.dumps(plan), encoding="utf-8")
    return file


def _load(file: Path) -> object:
    with file.open(encoding="utf-8") as text:
        return json.load(text)
