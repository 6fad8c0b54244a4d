"""Make a hand-in: one file, a git bundle of what counts and a manifest; the same work gives the same bytes."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from graders import __version__
from graders.evidence.git_command import GitFailed
from graders.evidence.hand_in import BUNDLE, MANIFEST, SCHEMA
from graders.evidence.snapshot import Snapshot, snapshot_of
from graders.evidence.starting_point import starting_point
from graders.evidence.submission import hand_in_name
from graders.problems import Problem
from graders.step import Place

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name


@dataclass(frozen=True, slots=True)
class HandIn:
    """The file that was written; `problem` says what of it can't be checked, because origin could not be read."""

    file: Path
    problem: Problem | None


def submit(place: Place, repository: Path, into: Path) -> HandIn:
    """Write the hand-in of a step's repository into the folder `into`.

    It is judged as `ninesteps check` judges the repository now. Raises Problem where the repository can't be read, or
    the file can't be written.
    """
    with snapshot_of(repository, place) as snapshot:
        starting_point(snapshot, place)
        bundle = _bundle(snapshot)
        problem = snapshot.origin.problem
        manifest = {
            "schema": SCHEMA,
            "step": place.name,
            "course": __version__,
            "problem": problem.found if problem else "",
            "refs": snapshot.refs,
        }
    target = into / hand_in_name(place)
    try:
        into.mkdir(parents=True, exist_ok=True)
        _write(target, {MANIFEST: json.dumps(manifest, indent=1, sort_keys=True).encode(), BUNDLE: bundle})
    except OSError as trouble:
        raise Problem(
            f"The hand-in can't be written into {into}: {trouble.strerror or trouble}.",
            "Choose another folder: --into DIR",
        ) from None
    return HandIn(target, problem)


def _write(target: Path, members: dict[str, bytes]) -> None:
    """All of it or nothing: an earlier hand-in stays until the new one is whole."""
    handle, temporary = tempfile.mkstemp(prefix=".hand-in-", dir=target.parent)
    try:
        with open(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, content in members.items():
                member = zipfile.ZipInfo(name, _LONG_AGO)
                member.external_attr = 0o100644 << 16
                archive.writestr(member, content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _bundle(snapshot: Snapshot) -> bytes:
    refs = "".join(f"{name}\n" for name in snapshot.refs)
    try:
        # One thread, since several would choose deltas by who comes first.
        return snapshot.git.read(
            "-c", "pack.threads=1", "bundle", "create", "--quiet", "-", "--stdin", stdin=refs.encode()
        )
    except GitFailed as failure:
        raise Problem(f"git could not make the bundle: {failure.reason}.", "See `git fsck`.") from None
