"""Runs in the sandbox: sets Terraform up with the course's provider, plans as often as asked, and writes down what came of it.

The standard library only. `task.json` names the program, the environment, the folder, and the plans with their arguments.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_PROVIDER = "course.local/ninesteps/nimbus"
_VERSION = "1.0.0"
_MOST_SAID = 60_000
_REATTACH = "TF_REATTACH_PROVIDERS"
_ARCHITECTURES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def _set_up(here: str) -> dict[str, str]:
    system = f"{platform.system().lower()}_{_ARCHITECTURES.get(platform.machine(), platform.machine())}"
    folder = f"{here}/mirror/{_PROVIDER}/{_VERSION}/{system}"
    os.makedirs(folder)
    wrapper = f"{folder}/terraform-provider-nimbus_v{_VERSION}"
    with open(wrapper, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nexec "{sys.executable}" -I "{here}/provider.py"\n')
    os.chmod(wrapper, 0o700)
    with open(f"{here}/cli.tfrc", "w", encoding="utf-8") as file:
        file.write(f'provider_installation {{\n  filesystem_mirror {{ path = "{here}/mirror" }}\n}}\n')
    return {**os.environ, "TF_CLI_CONFIG_FILE": f"{here}/cli.tfrc", "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1",
            "TF_INPUT": "0", "NINESTEPS_CLOUD": f"{here}/cloud.json"}  # fmt: skip


def _provider_that_stays(here: str, env: dict[str, str]) -> dict[str, str]:
    """Start the provider once for all plans; what tells Terraform where it is. Terraform alone starts one thrice a plan.

    https://developer.hashicorp.com/terraform/plugin/debugging#starting-a-provider-in-debug-mode
    """
    provider = subprocess.Popen(
        [sys.executable, "-I", "-u", f"{here}/provider.py", "--dev"], env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    for line in provider.stdout or ():
        if _REATTACH in line:
            return {_REATTACH: line.split("=", 1)[1].strip().strip("'")}
    return {}


def main() -> None:
    """Carry out the task; the report's path is the first argument."""
    here = os.getcwd()
    with open("task.json", encoding="utf-8") as file:
        task = json.load(file)
    env = _set_up(here) | task["env"]
    work = f"-chdir={here}/{task['folder']}"

    def terraform(*words: str) -> dict[str, Any]:
        done = subprocess.run([task["program"], work, *words], env=env, capture_output=True, stdin=subprocess.DEVNULL)
        said = [part.decode("utf-8", "replace") for part in (done.stdout, done.stderr)]
        return {"exit_code": done.returncode, "out": said[0], "err": said[1][:_MOST_SAID]}

    def plan(number: int, one: dict[str, Any]) -> dict[str, Any]:
        file = f"{here}/{number}.tfplan"
        with open(f"{here}/{number}.tfvars.json", "w", encoding="utf-8") as values:
            json.dump(one["values"], values)
        given = f"-var-file={here}/{number}.tfvars.json"
        made = terraform("plan", "-json", "-lock=false", f"-out={file}", given, *one["arguments"])
        shown = {"json": "", "text": ""}
        if made["exit_code"] == 0:
            shown["json"] = terraform("show", "-json", file)["out"]
            if task["text"]:
                shown["text"] = terraform("show", "-no-color", file)["out"]
        made["out"] = made["out"][:_MOST_SAID]
        return made | shown

    report: dict[str, Any] = {"init": terraform("init", "-no-color", "-input=false"), "plans": []}
    if report["init"]["exit_code"] == 0:
        env |= _provider_that_stays(here, env)
        plans = task["plans"]
        with ThreadPoolExecutor(2) as side_by_side:
            report["plans"] = list(side_by_side.map(plan, range(len(plans)), plans))
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(report, file)


if __name__ == "__main__":
    main()
