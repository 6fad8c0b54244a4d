"""Runs of act as a person would start them: the same files, stand-ins and events, but no sandbox and no record of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from graders.evidence.git_command import Git
from graders.runners.workflow import run as run_module
from graders.runners.workflow.inside.launch import act_command, environment, lay_out

_BORROWED = "remote/objects/info/alternates"


@dataclass(frozen=True)
class Prepared:
    """What a run hands to the sandbox: what act is told, and the files it finds."""

    settings: Mapping[str, Any]
    files: Mapping[str, bytes]

    def lay_out(self, folder: Path) -> Callable[[], int]:
        """Put all of it into `folder`, and return what runs act there, once: its exit code."""
        settings = {**self.settings, "files": self.files}
        lay_out(str(folder), settings)
        given = {}
        for kind in ("secrets", "variables"):
            path = folder / f"{kind}.env"
            path.write_text("".join(f"{name}='{value}'\n" for name, value in settings[kind].items()))
            given[kind] = str(path)
        command = act_command(str(folder), settings, **given)
        env = environment(str(folder), settings)

        def run() -> int:
            cwd = folder / "project"
            return subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True).returncode

        return run


@contextmanager
def every_run(keep: Path) -> Iterator[list[Prepared]]:
    """All that is handed to the sandbox meanwhile, in its order; the commits are copied to `keep`, so that they stay."""
    found: list[Prepared] = []
    original = run_module._run

    def noted(git: Git, settings: Mapping[str, Any], files: Mapping[str, bytes], *more: Any) -> tuple[bytes, str]:
        objects = keep / git.folder.parent.name / "objects"
        shutil.copytree(git.folder / "objects", objects, dirs_exist_ok=True)
        found.append(Prepared(settings, {**files, _BORROWED: f"{objects}{os.linesep}".encode()}))
        return original(git, settings, files, *more)

    with mock.patch.object(run_module, "_run", noted):
        yield found
