"""What steps find on PATH: the job's own home, a clean Python, the stand-ins' entry, and a recorder for each shim."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# Jobs share one machine here; on GitHub each has its own, with an empty home. bash: dash drops names like INPUT_A-B.
_SHELL = """\
#!/bin/bash
if [ -n "$RUNNER_TEMP" ]; then
  export HOME="${{RUNNER_TEMP%/tmp}}/home"
  [ -d "$HOME" ] || mkdir -p "$HOME"
  export PATH="$PATH:${{RUNNER_TEMP%/tmp}}/system-python/bin"  # what the runner's own pip installs can be called
fi
case "${{@: -1}}" in */act/workflow/*) ;; *) exec /bin/{name} "$@" ;; esac
# act throws away what a failing step printed last, unless it has time to read it. Its own words on signals go nowhere.
exec 3>&2 2>/dev/null
/bin/{name} "$@" 2>&3 3>&-
code=$?
[ $code = 0 ] || sleep 0.05
exit $code
"""
_ENTRY = """\
#!{python} -IS
import os, sys
sys.path.insert(0, {parent!r})
from inside.{module} import main
sys.exit(main(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), sys.argv))
"""
_PLAYED_PYTHON = ("python", "python3", "pip", "pip3")


def tools(here: Path, python: str, shims: Sequence[str], told: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    """Path in the sandbox's folder to text and mode; `here` holds `inside/`, `told` is what stand-ins may read."""
    modules = dict.fromkeys(_PLAYED_PYTHON, "job_python") | dict.fromkeys(shims, "shim")
    modules |= {"ninesteps-standin": "standin"}
    files = {
        f"bin/{name}": (_ENTRY.format(python=python, parent=str(here), module=module), 0o755)
        for name, module in modules.items()
    }
    files |= {f"bin/{name}": (_SHELL.format(name=name), 0o755) for name in ("bash", "sh")}
    return {**files, "bin/settings.json": (json.dumps(told), 0o644)}


def unknown_action(inputs: Sequence[str], meant: str = "") -> str:
    """An action that takes any input, does nothing, and says so. JSON is YAML.

    With `meant`, the action that its name is a slip of the pen for, it fails as one that does not exist.
    """
    step: dict[str, Any] = {"run": "unknown", "shell": "ninesteps-standin {0}"}
    if meant:
        step |= {"run": "unknown missing", "env": {"NINESTEPS_MEANT": meant}}
    declared = {name: {"required": False} for name in inputs}
    return json.dumps({"name": "unknown", "inputs": declared, "runs": {"using": "composite", "steps": [step]}})
