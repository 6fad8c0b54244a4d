"""actions/upload-artifact and download-artifact: folders of the run, which the grader reads.

https://github.com/actions/upload-artifact#inputs  https://github.com/actions/download-artifact#inputs
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import zlib
from fnmatch import fnmatch
from glob import glob
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from ..said import fail, inputs, output, record, settings, workspace

_FORBIDDEN = re.compile(r'["\x00:<>|*?\r\n\\/]')
_RAISES = b'raise ImportError("damaged on its way")\n'


def upload(root: Path) -> int:
    """Keep what the paths name; https://github.com/actions/upload-artifact#inputs"""
    given = inputs()
    name = given.get("name") or "artifact"
    files, base = _chosen(given.get("path", ""), given.get("include-hidden-files") == "true")
    retention = given.get("retention-days", "")
    record(artifact=name, files=[str(file.relative_to(base)) for file in files][:200], retention_days=retention)
    if _FORBIDDEN.search(name):
        return fail(f"The artifact name is not valid: {name}. Contains a character that is not allowed")
    if not files:
        said = f"No files were found with the provided path: {given.get('path', '')}. No artifacts will be uploaded."
        if given.get("if-no-files-found", "warn") == "error":
            return fail(said)
        print(f"::warning::{said}" if given.get("if-no-files-found", "warn") == "warn" else said)
        return 0
    target = root / "artifacts" / name
    if target.exists():
        if given.get("overwrite") != "true":
            return fail(
                "Failed to CreateArtifact: Received non-retryable error: Failed request: (409) Conflict: an artifact "
                "with this name already exists on the workflow run"
            )
        shutil.rmtree(target)
    digest = hashlib.sha256()
    for file in files:
        place = target / file.relative_to(base)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
        digest.update(file.read_bytes())
    number = str(len(list((root / "artifacts").iterdir())))
    address = f"https://github.com/{os.environ['GITHUB_REPOSITORY']}/actions/runs/1/artifacts/{number}"
    output(artifact_id=number, artifact_url=address, artifact_digest=digest.hexdigest())
    print(f"Artifact {name} has been successfully uploaded: {len(files)} file(s)")
    return 0


def download(root: Path) -> int:
    """Bring back what earlier jobs kept; https://github.com/actions/download-artifact#inputs"""
    given = inputs()
    there = {folder.name: folder for folder in sorted((root / "artifacts").iterdir())}
    name, pattern = given.get("name", ""), given.get("pattern", "")
    target = workspace() / Path(given.get("path") or ".").expanduser()
    record(artifact=name, pattern=pattern, found=sorted(there))
    if name and name not in there:
        return fail(
            f"Unable to download artifact(s): Artifact not found for name: {name}\n"
            "        Please ensure that your artifact is not expired and the artifact was uploaded using a compatible "
            "version of toolkit/upload-artifact."
        )
    wanted = [name] if name else [one for one in there if not pattern or fnmatch(one, pattern)]
    for one in wanted:
        into = target if name or given.get("merge-multiple") == "true" else target / one
        into.mkdir(parents=True, exist_ok=True)
        shutil.copytree(there[one], into, dirs_exist_ok=True)
        _damage(there[one], into, settings(str(root)).get("damaged", []))
    output(download_path=str(target.resolve()))
    return 0


def _damage(kept: Path, into: Path, patterns: list[str]) -> None:
    """Make files useless on their way, where the grader wants to see whether anybody minds."""
    for file in kept.rglob("*"):
        if file.is_file() and any(fnmatch(file.name, pattern) for pattern in patterns):
            useless = _that_does_not_start(file) if file.suffix == ".whl" else b""
            (into / file.relative_to(kept)).write_bytes(useless or b"damaged on its way\n")


def _that_does_not_start(wheel: Path) -> bytes:
    """The wheel with modules that raise when they are imported, so that it can only be installed; empty where it has none."""
    changed = BytesIO()
    try:
        with ZipFile(wheel) as given, ZipFile(changed, "w") as spoiled:
            modules = [one for one in given.infolist() if one.filename.endswith(".py")]
            for one in given.infolist():
                spoiled.writestr(one, _RAISES if one in modules else given.read(one))
    except (BadZipFile, OSError, ValueError, RuntimeError, EOFError, zlib.error):
        return b""
    return changed.getvalue() if modules else b""


def _chosen(path: str, hidden: bool) -> tuple[list[Path], Path]:
    """The files, and the folder that all search paths have in common, which the artifact starts at."""
    lines = [line.strip() for line in path.splitlines() if line.strip() and not line.strip().startswith("#")]
    found: set[Path] = set()
    roots: list[Path] = []
    for line in lines:
        absolute = os.path.normpath(workspace() / Path(line.lstrip("!")).expanduser())
        matches = [Path(match) for match in glob(absolute, recursive=True, include_hidden=hidden)]
        files = {file for match in matches for file in _below(match) if hidden or not _is_hidden(file)}
        if line.startswith("!"):
            found -= files
        else:
            found |= files
            fixed = Path(absolute.split("*", 1)[0].split("?", 1)[0].split("[", 1)[0])
            plain = str(fixed) == absolute
            roots.append(fixed if plain and fixed.is_dir() else fixed.parent if plain or not fixed.is_dir() else fixed)
    base = Path(os.path.commonpath(roots)) if roots else workspace()
    return sorted(file for file in found if file.is_relative_to(base)), base


def _below(path: Path) -> list[Path]:
    if path.is_dir():
        return [Path(here, name) for here, _, names in os.walk(path) for name in names if Path(here, name).is_file()]
    return [path] if path.is_file() else []


def _is_hidden(file: Path) -> bool:
    inside = file.relative_to(workspace()) if file.is_relative_to(workspace()) else Path(file.name)
    return any(part.startswith(".") for part in inside.parts)
