"""Open a hand-in: one zip with a git bundle and a manifest, and nothing else.

Members are checked before they are read: known names, regular, stored without compression, within a size. A bundle
carries no configuration and no hooks. https://git-scm.com/docs/git-bundle
"""

from __future__ import annotations

import json
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path

from graders.problems import Problem

SCHEMA = 1
MANIFEST, BUNDLE = "manifest.json", "repository.bundle"
MOST_BYTES = 128 << 20
_MOST_MANIFEST_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a hand-in says of itself; none of it decides a verdict."""

    step: str
    problem: str


def unpack(hand_in: Path, step: str, into: Path) -> tuple[Manifest, Path]:
    """The manifest, and the bundle's path in `into`. Raises Problem for anything but a hand-in of `step`."""
    again = f"Make it anew with `ninesteps submit {step}`, and send the file as it is."
    if hand_in.is_symlink() or not hand_in.is_file():
        raise Problem(f"{hand_in} is not a regular file.", again)
    try:
        with zipfile.ZipFile(hand_in) as archive:
            members = {member.filename: member for member in archive.infolist()}
            if set(members) != {MANIFEST, BUNDLE} or len(archive.infolist()) != 2:
                raise Problem(f"{hand_in.name} is not a hand-in: it holds other files than it should.", again)
            for member, most in ((members[MANIFEST], _MOST_MANIFEST_BYTES), (members[BUNDLE], MOST_BYTES)):
                mode = member.external_attr >> 16
                regular = mode == 0 or stat.S_ISREG(mode)
                if not regular or member.compress_type != zipfile.ZIP_STORED or member.file_size > most:
                    raise Problem(f"{hand_in.name} is not a hand-in: {member.filename} is of the wrong kind.", again)
            said = json.loads(archive.read(MANIFEST))
            bundle = into / BUNDLE
            bundle.write_bytes(archive.read(BUNDLE))
    except (zipfile.BadZipFile, ValueError, RecursionError, NotImplementedError, EOFError, OSError) as trouble:
        raise Problem(f"{hand_in.name} cannot be read as a hand-in: {type(trouble).__name__}.", again) from None
    if not isinstance(said, dict) or said.get("schema") != SCHEMA:
        raise Problem(f"{hand_in.name} was made by another version of the course.", again)
    if said.get("step") != step:
        raise Problem(f"{hand_in.name} is a hand-in of another step than {step}.", again)
    return Manifest(step, str(said.get("problem", ""))[:500]), bundle
