"""What steps find on PATH: the job's own home, a clean Python, the stand-ins' entry, and a recorder for each shim."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_PARENT = Path(__file__).resolve().parent.parent

# Jobs share one machine here; on GitHub each has its own, with an empty home. bash, since dash drops names like INPUT_A-B.
_SHELL = """\
#!/bin/bash
if [ -n "$RUNNER_TEMP" ]; then
  export HOME="${{RUNNER_TEMP%/tmp}}/home"
  [ -d "$HOME" ] || mkdir -p "$HOME"
fi
exec /bin/{name} "$@"
"""
_ENTRY = """\
#!{python} -IS
import sys
sys.path.insert(0, {parent!r})
from inside.{module} import main
sys.exit(main({root!r}, sys.argv))
"""


def make_tools(root: Path, settings: dict[str, Any]) -> None:
    """Fill `root/bin`, and make the folders that stand-ins and shims write to."""
    for folder in ("bin", "record", "artifacts", "caches", "rooms", "home", "unknown"):
        (root / folder).mkdir(exist_ok=True)
    for name in ("bash", "sh"):
        _write(root / "bin" / name, _SHELL.format(name=name))
    entries = dict.fromkeys(("python", "python3", "pip", "pip3"), "job_python")
    entries |= dict.fromkeys(settings["shims"], "shim")
    for name, module in {**entries, "ninesteps-standin": "standin", "ninesteps-pip": "pip"}.items():
        text = _ENTRY.format(python=settings["python"], parent=str(_PARENT), module=module, root=str(root))
        _write(root / "bin" / name, text)
    told = {key: settings[key] for key in ("python", "uv", "wheels", "node", "answers")}
    (root / "bin" / "settings.json").write_text(json.dumps(told))
    for number, use in enumerate(settings["uses"]):
        if use["standin"]:
            use["folder"] = str(_PARENT / "inside" / "actions" / use["standin"])
        else:
            unknown = root / "unknown" / str(number)
            use["folder"] = str(unknown)
            for path in use["paths"]:
                (unknown / path).mkdir(parents=True, exist_ok=True)
                (unknown / path / "action.yml").write_text(_unknown(use["inputs"]))


def _unknown(inputs: list[str]) -> str:
    """An action that takes any input, does nothing, and says so. JSON is YAML."""
    step = {"run": "unknown", "shell": "ninesteps-standin {0}"}
    declared = {name: {"required": False} for name in inputs}
    return json.dumps({"name": "unknown", "inputs": declared, "runs": {"using": "composite", "steps": [step]}})


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
