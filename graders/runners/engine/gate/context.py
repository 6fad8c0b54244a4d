"""A build's context, written anew so that the Dockerfile that was looked at is the one that is built.

Through a Dockerfile one can read any image of the engine (FROM, `--from`), and let the engine itself fetch any address (ADD
of a URL), which no setting of a build forbids.
"""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Callable, Mapping
from typing import IO

from graders.evidence.dockerfile.cache_mounts import SharedCache, with_own_caches
from graders.evidence.dockerfile.downloads import refused_download
from graders.evidence.dockerfile.for_builder import Rewritten, for_builder
from graders.evidence.dockerfile.model import Dockerfile
from graders.evidence.dockerfile.read import MOST_BYTES, DockerfileProblem, read, without_syntax
from graders.runners.engine.gate.images import Images
from graders.runners.engine.gate.refusal import Refused, as_engine

_MOST_FILES = 50_000


def checked_context(
    given: IO[bytes], made: IO[bytes], dockerfile: str, build_args: Mapping[str, str], images: Images, *, network: bool,
    older: bool = False,
) -> str:  # fmt: skip
    """Write the context in `given` into `made`; the Dockerfile's name in it. Raises Refused, also for what is no archive.

    With `network`, ADD may fetch over HTTPS. A `# syntax=` is taken out, as it would fetch another builder, and caches that
    are mounted become the script's own. `older` tells that it is written for a builder before BuildKit 0.10.
    """

    def checked(text: bytes, path: str) -> Rewritten:
        safe = _checked(text, path, build_args, images, network)
        return for_builder(safe, read(safe, path, build_args), older=older)

    try:
        wanted = posixpath.normpath(dockerfile or "Dockerfile")
        name = _copy(given, made, wanted, checked)
    except (tarfile.TarError, EOFError, ValueError, OSError) as trouble:
        raise as_engine(f"the build context can't be read: {trouble}", 400) from None
    made.seek(0)
    return name


def _copy(given: IO[bytes], made: IO[bytes], wanted: str, checked: Callable[[bytes, str], Rewritten]) -> str:
    found: tuple[tarfile.TarInfo, bytes] | None = None
    names = (wanted, "dockerfile") if wanted == "Dockerfile" else (wanted,)
    with (
        tarfile.open(fileobj=given, mode="r|*") as source,
        tarfile.open(fileobj=made, mode="w|", format=tarfile.PAX_FORMAT) as target,
    ):
        for number, member in enumerate(source):
            path = posixpath.normpath(member.name).lstrip("/")
            if number > _MOST_FILES:
                raise Refused(f"the build context has more than {_MOST_FILES} files", 413)
            if not member.isdir() and any(name == path or name.startswith(f"{path}/") for name in names):
                if not member.isreg() or path not in names or member.size > MOST_BYTES:
                    raise Refused(f"{member.name[:120]} is no plain file of at most {MOST_BYTES >> 10} KiB")
                if found is None or path == wanted or found[0].name != wanted:
                    file = source.extractfile(member)
                    found = member.replace(name=path, deep=False), file.read() if file else b""
                continue
            target.addfile(member, source.extractfile(member) if member.isreg() else None)
        if found is None:
            raise as_engine(f"Cannot locate specified Dockerfile: {wanted}", 400)
        member, text = found
        settled = checked(text, member.name)
        for path, content in {**settled.files, member.name: settled.text}.items():
            added = member.replace(name=path, mode=0o644, deep=False)
            added.size, added.pax_headers = len(content), {}
            target.addfile(added, io.BytesIO(content))
    return member.name


def _checked(text: bytes, path: str, build_args: Mapping[str, str], images: Images, network: bool) -> bytes:
    text = without_syntax(text)
    try:
        dockerfile = read(text, path, build_args)
    except DockerfileProblem as wrong:
        raise as_engine(f"dockerfile parse error: {wrong.found}", 400) from None
    if refused := refused_download(dockerfile, network=network):
        step, source = refused
        raise Refused(f"{step.where}: the gate does not let ADD fetch {source[:120]}")
    try:
        text = with_own_caches(text, dockerfile, images.caches, build_args)
    except SharedCache as trouble:
        raise Refused(str(trouble)) from None
    return _with_known_bases(text, dockerfile, images)


def _with_known_bases(text: bytes, dockerfile: Dockerfile, images: Images) -> bytes:
    lines = text.decode("utf-8", "replace").split("\n")
    bases: set[str] = set()
    for stage in dockerfile.stages:
        if stage.base_stage is None and stage.base != "scratch":
            bases.add(stage.base)
            on_engine = images.on_engine(stage.base)
            if on_engine != stage.base:
                start, end = stage.start.where.line - 1, stage.start.end_line
                words = ["FROM", *([f"--platform={stage.platform}"] if stage.platform else []), on_engine]
                words += ["AS", stage.name] if stage.name else []
                lines[start:end] = [" ".join(words), *[""] * (end - start - 1)]
    for name in dockerfile.images:
        if name not in bases and images.on_engine(name) != name:
            raise Refused(f"{dockerfile.path}: the gate copies from stages and base images only, not from {name[:120]}")
    return "\n".join(lines).encode()
