"""Which instructions run again when a file of the context changes, and which come from the cache.

https://docs.docker.com/build/cache/invalidation/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from graders.evidence.dockerfile.model import Dockerfile, Instruction, Stage
from graders.evidence.dockerfile.patterns import BadPattern, matching


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """An instruction that runs again: because it reads a changed file itself (`reads`), or as one before it did."""

    stage: Stage
    step: Instruction
    reads: bool


def rebuilt(dockerfile: Dockerfile, stage: Stage, changed: Iterable[str]) -> tuple[Rebuilt, ...]:
    """The instructions that run again in a build of `stage`, in the order of the file, when `changed` files change.

    `changed` are paths of the context; those that `.dockerignore` keeps out change nothing. What is copied from another
    stage is taken to change where that stage does: BuildKit still takes it from the cache where the copied files came out
    the same. Instructions that make no layer (ENV, CMD, …) are among them.
    """
    needed = dockerfile.needed(stage)
    asked = [(one, step) for one in needed for step in one.steps if _patterns(step)]
    try:
        found = matching([_patterns(step) for _, step in asked], sorted(changed))
    except BadPattern:
        found = [frozenset() for _ in asked]
    reads = {id(step) for (_, step), matched in zip(asked, found, strict=True) if matched}
    return tuple(_walk(needed, reads))


def _walk(needed: tuple[Stage, ...], reads: set[int]) -> Iterator[Rebuilt]:
    changed = set[int]()
    for stage in needed:
        dirty = stage.base_stage in changed
        for number, step in enumerate(stage.steps):
            itself = id(step) in reads
            dirty = dirty or itself or stage.sources.get(number) in changed
            if dirty:
                yield Rebuilt(stage, step, itself)
        if dirty:
            changed.add(stage.number)


def _patterns(step: Instruction) -> list[str]:
    """What of the context an instruction reads, as patterns; empty where it reads none of it."""
    if step.name in ("COPY", "ADD") and not step.flag("from"):
        return [_pattern(source) for source in step.sources if "://" not in source]
    if step.name == "RUN":
        binds = [mount for mount in step.mounts if mount["type"] == "bind" and not mount.get("from")]
        return [_pattern(mount.get("source", ".")) for mount in binds]
    return []


def _pattern(source: str) -> str:
    return "**" if source.strip("/") in ("", ".") else source.lstrip("!")
