"""`python` and `pip` where no setup-python ran: the runner's own Python, with nothing installed, one for each job."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .virtual_environment import make


def main(root: str, argv: list[str]) -> int:
    room = os.environ.get("RUNNER_TEMP")
    folder = (Path(room).parent if room else Path(root)) / "system-python"
    make(folder, root)
    program = folder / "bin" / Path(argv[0]).name
    sys.stdout.flush()
    os.execv(program, [str(program), *argv[1:]])  # noqa: S606
