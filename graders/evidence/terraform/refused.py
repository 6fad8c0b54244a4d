"""What is not planned: configuration that reads files, starts programs, or fetches something, refused before anything runs.

`plan` alone reads host files by `file()`, and runs `external` programs, and `init` fetches modules and providers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from graders.evidence.terraform.hcl import Block, Module

PROVIDER = "course.local/ninesteps/nimbus"
_BUILT_IN = "terraform.io/builtin/terraform"
_READS_FILES = re.compile(r"\b(file\w*|templatefile|pathexpand|abspath)\s*\(")
_TYPES = ("nimbus_", "terraform_data")
_KNOWN_PLACES = ("resource", "data", "ephemeral")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is refused, and where (`file:line`)."""

    what: str
    where: str


def refusals(module: Module, local: Iterable[str] = ()) -> tuple[Refusal, ...]:
    """All that keeps the module from being planned; `local` are paths of modules that are there."""
    found = [
        Refusal(f"`{match[1]}()` reads files of the machine that plans", f"{file}:{code.count(chr(10), 0, match.start()) + 1}")
        for file, code in module.code.items() for match in _READS_FILES.finditer(code)
    ]  # fmt: skip
    for block in module.blocks:
        found += [one for inner in block.within() for one in _of_block(inner)]
    return tuple(found)


def _of_block(block: Block) -> list[Refusal]:
    kind = block.labels[0] if block.labels else ""
    if block.type == "provisioner":
        return [Refusal(f"the provisioner `{kind}` runs a program", block.where)]
    if block.type in _KNOWN_PLACES and not kind.startswith(_TYPES):
        return [Refusal(f"`{kind}` belongs to a provider that is not the course's", block.where)]
    if block.type == "module":
        source = block.attributes.get("source")
        if source is None or not (source.text or "").startswith("./") or ".." in (source.text or ""):
            return [Refusal(f"the module `{kind}` comes from elsewhere", block.where)]
    if block.type == "required_providers":
        return [
            Refusal(f"the provider `{name}` is not the course's", f"{block.file}:{one.line}")
            for name, one in block.attributes.items()
            if not any(f'"{known}"' in one.expression for known in (PROVIDER, _BUILT_IN))
        ]
    if block.type == "provider" and kind not in ("nimbus", "terraform"):
        return [Refusal(f"the provider `{kind}` is not the course's", block.where)]
    return []
