"""Terraform's state among the files of a commit, whatever it is called, and whether git would keep it out."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath


def state_files(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Paths of files that hold a state, in order."""
    return tuple(path for path, content in sorted(files.items()) if _is_state(path, content))


def _is_state(path: str, content: bytes) -> bool:
    if ".tfstate" in PurePosixPath(path).name and b"lineage" in content:
        return True
    if b'"lineage"' not in content or b'"serial"' not in content:
        return False
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return True  # a state that was damaged still holds what it held
    return isinstance(told, dict) and "lineage" in told and "serial" in told


def ignored(files: Mapping[str, bytes], path: str) -> bool:
    """Whether the `.gitignore` files among `files` keep `path` out of a commit. https://git-scm.com/docs/gitignore"""
    rules = {
        name: text for name, text in files.items() if PurePosixPath(name).name == ".gitignore" and len(text) < 1 << 16
    }
    env = {"PATH": os.defpath, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    with tempfile.TemporaryDirectory(prefix="ninesteps-") as scratch:
        folder = Path(scratch)
        subprocess.run(
            ["git", "init", "-q", "--template=", scratch], env=env, check=True, capture_output=True, timeout=20
        )
        for name, text in rules.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(text)
        asked = ["git", "-C", scratch, "check-ignore", "-q", "--no-index", path]
        return subprocess.run(asked, env=env, capture_output=True, timeout=20).returncode == 0
