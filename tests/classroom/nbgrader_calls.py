"""Run nbgrader's commands one after the other: `python nbgrader_calls.py CALLS.json`.

Each call is a list `[folder, word, …]` and gets a process of its own, forked after the import, which takes seconds.
Prints the exit codes and what each call said, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

from nbgrader.apps import NbGraderApp


def call(folder: str, words: list[str]) -> tuple[int, str]:
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.chdir(folder)
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
                NbGraderApp.launch_instance(words)
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
            except Exception:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said.seek(0)
        return code, said.read().decode(errors="replace")


if __name__ == "__main__":
    calls = json.loads(Path(sys.argv[1]).read_text())
    print(json.dumps([call(folder, words) for folder, *words in calls]))
