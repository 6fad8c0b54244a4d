"""An image of a few megabytes out of this machine's own programs, for tests of what runs in it, not of how it was made."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("sh", "sleep", "cat", "id", "ls", "true", "perl")


def small_filesystem(programs: Sequence[str] = (), files: Mapping[str, bytes] | None = None) -> bytes:
    """A tar archive with programs (names or paths) at `/bin` or their path, the libraries they need, and `files`."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        there: set[str] = set()

        def add(source: Path, name: str) -> None:
            if name not in there:
                there.add(name)
                member = archive.gettarinfo(os.path.realpath(source), name.lstrip("/"))
                member.uid = member.gid = 0
                with open(os.path.realpath(source), "rb") as file:
                    archive.addfile(member, file)

        for program in programs or PROGRAMS:
            path = Path(program) if "/" in program else _where(program)
            add(path, program if "/" in program else f"/bin/{program}")
            for library in _libraries(path):
                add(library, str(library))
        for folder in Path("/usr/lib").glob("*/perl-base"):
            for path in sorted(folder.rglob("*.p[ml]")) + sorted(folder.rglob("*.so")):
                add(path, str(path))
        for name, data in (files or {}).items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return content.getvalue()


@contextmanager
def loaded(filesystem: bytes, name: str, *changes: str) -> Iterator[str]:
    """The image on the engine, by `name`, as long as this lasts. `changes` are instructions such as `CMD ["sh"]`."""
    options = [word for change in changes for word in ("--change", change)]
    subprocess.run(["docker", "import", *options, "-", name], input=filesystem, check=True, capture_output=True)
    try:
        yield name
    finally:
        subprocess.run(["docker", "rmi", "--force", name], check=True, capture_output=True)


def _where(program: str) -> Path:
    return next(Path(folder) / program for folder in ("/bin", "/usr/bin") if (Path(folder) / program).exists())


def _libraries(program: Path) -> list[Path]:
    said = subprocess.run(["ldd", str(program)], capture_output=True, text=True).stdout.split()
    return [Path(word) for word in said if word.startswith("/")]
