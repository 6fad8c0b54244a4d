"""Reading an image of 200 MB for files and secrets, over `docker save` of the same to nowhere; and the memory it takes."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from graders.evidence.image.read import pieces_of, read_image
from graders.runners.engine.connection import NoEngine, find_engine
from graders.runners.engine.leftovers import Ours, ours_on
from tests.bench.measure import in_turns, line

_WORD = "canary-4f8a1b2c3d4e5f60718293a4b5c6d7e8"
_MEMORY = """
import resource, subprocess, sys
from tests.bench.bench_image import read
read(sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def main() -> None:
    try:
        engine = find_engine()
    except NoEngine as none:
        print(f"Reading an image: not measured. {none}")
        return
    with ours_on(engine) as ours, tempfile.TemporaryDirectory(prefix="ninesteps-bench-") as scratch:
        small, large = (_image(ours, megabytes, Path(scratch)) for megabytes in (50, 200))
        taken = in_turns({"save": lambda: _save(large), "read": lambda: read(large)}, rounds=5)
        files = len(read(large))
        memory = [_memory(tag) for tag in (small, large)]
    print(f"An image of 200 MB with {files:,} files and folders:")
    print(line("docker save to nowhere", taken["save"]))
    print(
        line("read it: files, digests, 3 secrets, texts", taken["read"], taken["read"] / taken["save"], "at most 1.5")
    )
    print(
        f"  peak memory of the process that reads 50 MB: {memory[0]:.0f} MB, 200 MB: {memory[1]:.0f} MB   (aim: flat)"
    )


def read(tag: str) -> list[str]:
    """Read the image as a check does: above the layer of its base, for three secrets. The paths in it."""
    docker = shutil.which("docker")
    assert docker
    told = subprocess.run([docker, "inspect", tag], capture_output=True, check=True)
    base = json.loads(told.stdout)[0]["RootFS"]["Layers"][:1]
    secrets = {str(number): f"{_WORD}{number}" for number in range(3)}
    with subprocess.Popen([docker, "save", tag], stdout=subprocess.PIPE, bufsize=0) as saving:
        image = read_image(pieces_of(saving.stdout), secrets, base)
    assert [(one.path, one.gone) for one in image.found] == [("app/.env", True)], image.found
    return list(image.files)


def _save(tag: str) -> None:
    subprocess.run(["docker", "save", tag], stdout=subprocess.DEVNULL, check=True)


def _image(ours: Ours, megabytes: int, scratch: Path) -> str:
    """A layer of files as an image of Python has them, and above it one with a secret that a third deletes."""
    archive = scratch / f"{megabytes}.tar"
    with tarfile.open(archive, "w") as tar:
        left = megabytes * 1_000_000
        for number in range(100):
            for path in _files():
                if left <= 0:
                    break
                tar.add(path, f"{number}/{path.relative_to(path.anchor)}", recursive=False)
                left -= path.stat().st_size
    base = ours.tag(f"bench-base-{megabytes}")
    repository, _, tag = base.rpartition(":")
    ours.client.api.import_image_from_file(str(archive), repository=repository, tag=tag)
    archive.unlink()
    above = {
        "Dockerfile": f"FROM {base}\nCOPY env /app/.env\nCOPY clean /app/.env\n".encode(),
        "env": f"KEY={_WORD}1\n".encode(),
        "clean": b"\n",
    }
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, content in above.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    context.seek(0)
    made = ours.tag(f"bench-{megabytes}")
    ours.client.images.build(fileobj=context, custom_context=True, tag=made, forcerm=True)
    return made


def _files() -> Iterator[Path]:
    for folder in (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")):
        for root, folders, names in os.walk(folder):
            folders[:] = sorted(folders)
            for name in sorted(names):
                path = Path(root, name)
                if path.is_file() and not path.is_symlink():
                    yield path


def _memory(tag: str) -> float:
    done = subprocess.run([sys.executable, "-c", _MEMORY, tag], capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.strip().splitlines()[-1])) / 1000
