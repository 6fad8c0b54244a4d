"""actions/setup-node: the Node at hand, whatever known version is asked for."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path

from ..said import fail, inputs, output, record, settings, workspace
from ..said import path as add_path

_MAJORS = range(16, 27)
_LOCKS = {"npm": ("package-lock.json", "npm-shrinkwrap.json"), "yarn": ("yarn.lock",), "pnpm": ("pnpm-lock.yaml",)}
_FOLDERS = {"npm": "~/.npm", "yarn": "~/.cache/yarn", "pnpm": "~/.local/share/pnpm/store"}


def main(root: Path) -> int:
    given = inputs()
    asked = given.get("node-version", "")
    file = given.get("node-version-file", "")
    if not asked and file:
        if not (workspace() / file).is_file():
            record()
            return fail(f"The specified node version file at: {workspace() / file} does not exist")
        asked = (workspace() / file).read_text("utf-8", "replace").strip()
    record(asked=asked)
    major = re.match(r"v?(\d+)", asked)
    known = (
        not asked
        or asked.startswith(("lts/", "node", "latest", "current", "*"))
        or (major and int(major[1]) in _MAJORS)
    )
    if not known:
        return fail(f"Unable to find Node version '{asked}' for platform linux and architecture x64.")
    folder = settings(str(root))["node"]
    if not folder and not shutil.which("node"):
        return fail("Node is not installed here")
    if folder:
        add_path(Path(folder))
    output(node_version=asked)
    return _cache(given)


def _cache(given: dict[str, str]) -> int:
    manager = given.get("cache", "")
    if not manager:
        return 0
    names = (
        given.get("cache-dependency-path", "").split("\n")
        if given.get("cache-dependency-path")
        else _LOCKS.get(manager, ())
    )
    found = sorted(
        {file for name in names if name.strip() for file in workspace().glob(name.strip()) if file.is_file()}
    )
    if not found:
        supported = ",".join(_LOCKS.get(manager, ()))
        return fail(f"Dependencies lock file is not found in {workspace()}. Supported file patterns: {supported}")
    digest = hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in found)).hexdigest()
    key = f"node-cache-{os.environ.get('RUNNER_OS', 'Linux')}-x64-{manager}-{digest}"
    output(cache_path=_FOLDERS.get(manager, "~/.cache"), cache_key=key)
    return 0
