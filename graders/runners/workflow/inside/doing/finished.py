"""Jobs that an earlier part of the run has finished: they end as they did, with the outputs that they had."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

from ..said import MARK, inputs, settings


def main(root: Path) -> int:
    """Be the finished job that the step's environment names."""
    job = settings(str(root))["finished"][os.environ["NINESTEPS_JOB"]]
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
        for name, value in job["outputs"].items():
            file.write(f"{name}<<ninesteps_end_of_output\n{value}\nninesteps_end_of_output\n")
    return 0 if job["result"] == "success" else 1


def tell(root: Path) -> int:
    """Record result and outputs of every job before this one, a line for each."""
    given = json.loads(inputs().get("needs") or "{}")
    for job, about in given.items():
        line = {"action": "ninesteps/outputs", "inputs": {}, "job": job, "result": about.get("result", "")}
        line["outputs"] = about.get("outputs") or {}
        print(MARK + base64.b64encode(json.dumps(line).encode()).decode(), flush=True)
    return 0
