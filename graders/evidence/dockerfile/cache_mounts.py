"""Caches that a RUN mounts belong to the engine; here each gets an owner, so that nobody finds what another put there.

https://docs.docker.com/reference/dockerfile/#run---mounttypecache
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from graders.evidence.dockerfile.model import Dockerfile, Instruction
from graders.evidence.dockerfile.read import read

_MARK = "ninesteps"
_ADDED = re.compile(rf",id={_MARK}-[0-9a-f]+=[^,\s\"]*")
_PREFIXED = re.compile(rf"\bid={_MARK}-[0-9a-f]+-")
# The flags of a RUN, which may go on over lines, with comments between them.
_FLAGS = r"(?is)\s*RUN(?:(?:[ \t]|ESCAPE[ \t]*\r?\n(?:[ \t]*(?:#[^\n]*)?\n)*)+--[a-z]+(?:=\S+)?)+"
_MOUNT = re.compile(r'--mount=(?P<quote>"?)(?P<said>[^\s"]+)(?P=quote)(?=\s|$)')


class SharedCache(ValueError):
    """A cache mount that can't be given an owner; the message holds the place."""


def with_own_caches(text: bytes, dockerfile: Dockerfile, owner: str, build_args: Mapping[str, str] = {}) -> bytes:
    """`text`, which `dockerfile` was read from, with every cache mount named after `owner` (hexadecimal digits).

    Lines keep their numbers. Raises SharedCache where a mount is written in a way that can't be changed.
    """
    steps = [step for stage in dockerfile.stages for step in stage.steps if _caches(step)]
    if not steps:
        return text
    lines = text.decode("utf-8", "surrogateescape").split("\n")
    for step in steps:
        start, end = step.where.line - 1, step.end_line
        said = "\n".join(lines[start:end])
        flags = re.match(_FLAGS.replace("ESCAPE", re.escape(dockerfile.escape)), said)
        if flags:
            changed = _MOUNT.sub(lambda mount: _owned(mount, owner), flags[0])
            lines[start:end] = (changed + said[flags.end() :]).split("\n")
    made = "\n".join(lines).encode("utf-8", "surrogateescape")
    for stage in read(made, dockerfile.path, build_args).stages:
        for step in stage.steps:
            if any(not mount.get("id", "").startswith(f"{_MARK}-{owner}") for mount in _caches(step)):
                raise SharedCache(f"{step.where}: the cache that this RUN mounts can't be kept apart from others'")
    return made


def as_written(text: str) -> str:
    """An instruction as the learner wrote it, without the owners of its caches."""
    return _PREFIXED.sub("id=", _ADDED.sub("", text))


def _caches(step: Instruction) -> list[Mapping[str, str]]:
    return [mount for mount in step.mounts if mount.get("type") == "cache"]


def _owned(mount: re.Match[str], owner: str) -> str:
    parts = mount["said"].split(",")
    if "type=cache" not in parts:
        return mount[0]
    if any(part.startswith("id=") for part in parts):
        said = ",".join(f"id={_MARK}-{owner}-{part[3:]}" if part.startswith("id=") else part for part in parts)
    else:
        target = next(
            (part.partition("=")[2] for part in parts if part.startswith(("target=", "dst=", "destination="))), ""
        )
        said = f"{mount['said']},id={_MARK}-{owner}={target}"
    return f"--mount={mount['quote']}{said}{mount['quote']}"
