"""The stand-ins' one entry: the step's script holds the name of the action's module and, after it, what to do."""

from __future__ import annotations

import importlib
import os
import time
from pathlib import Path


def main(root: str, argv: list[str]) -> int:
    words = argv[1:] if argv[1:2] and "/" not in argv[1] else Path(argv[1]).read_text().split()
    module = importlib.import_module(f"inside.doing.{words[0]}")
    if room := os.environ.get("RUNNER_TEMP"):
        os.environ["HOME"] = home = str(Path(room).parent / "home")
        Path(home).mkdir(exist_ok=True)
    result: int = getattr(module, words[1] if len(words) > 1 else "main")(Path(root))
    if result:
        time.sleep(0.05)  # act throws away what a failing step printed last, unless it has time to read it
    return result
