"""What `ninesteps` loads before it does anything, in milliseconds, against a Python that does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from tests.bench.measure import in_turns, line


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ninesteps-bench-") as scratch:
        env = {**os.environ, "NINESTEPS_HOME": scratch}
        run = [sys.executable, "-m", "graders"]
        subprocess.run([*run, "start", "git"], env=env, check=True, capture_output=True)

        def timed(*argv: str) -> None:
            subprocess.run(argv, env=env, capture_output=True)

        taken = in_turns(
            {
                "nothing": lambda: timed(sys.executable, "-c", "pass"),
                "help": lambda: timed(*run, "--help"),
                "check": lambda: timed(*run, "check", "git"),
            },
            rounds=9,
        )
        report = subprocess.run(
            [sys.executable, "-X", "importtime", *run[1:], "check", "git"], env=env, capture_output=True
        )
    base = taken["nothing"]
    print("Start-up, whole processes, against `python -c pass`:")
    print(line("python -c pass", base))
    print(line("ninesteps --help", taken["help"], taken["help"] / base))
    print(line("ninesteps check git on an untouched starter", taken["check"], taken["check"] / base))
    print(line("  of which imports", _import_seconds(report.stderr.decode())))


def _import_seconds(report: str) -> float:
    """The sum of what each module took by itself. https://docs.python.org/3/using/cmdline.html#cmdoption-X"""
    rows = [
        row.removeprefix("import time:").split("|") for row in report.splitlines() if row.startswith("import time:")
    ]
    return sum(int(row[0]) for row in rows if row[0].strip().isdigit()) / 1_000_000
