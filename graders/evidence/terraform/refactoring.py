"""What a refactoring of HCL would do, read from the files alone: for where neither Terraform nor OpenTofu is installed.

It understands the plain forms: `moved` from an address to another, `import` by a literal id, `for_each` over a variable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from graders.evidence.terraform.hcl import Block, Module


def moves(module: Module) -> dict[str, str]:
    """Old address to new one, of all `moved` blocks."""
    found = {}
    for block in module.of("moved"):
        old, new = block.attributes.get("from"), block.attributes.get("to")
        if old and new:
            found[_plain(old.expression)] = _plain(new.expression)
    return found


def adopted(module: Module) -> dict[str, str]:
    """Id to address, of all `import` blocks."""
    return {
        one.attributes["id"].text or "": _plain(one.attributes["to"].expression)
        for one in module.of("import") if {"id", "to"} <= set(one.attributes)
    }  # fmt: skip


def resource(module: Module, type: str, name: str) -> Block | None:
    """The resource with that type and name."""
    return next(iter(module.of("resource", type, name)), None)


def is_protected(block: Block) -> bool:
    """Whether Terraform refuses to destroy it."""
    return any(
        one.attributes.get("prevent_destroy") is not None and one.attributes["prevent_destroy"].expression == "true"
        for one in block.inner("lifecycle")
    )  # fmt: skip


def ignores_all(module: Module) -> Block | None:
    """A resource whose changes are all ignored."""
    for block in module.of("resource"):
        for one in block.inner("lifecycle"):
            ignored = one.attributes.get("ignore_changes")
            if ignored and ignored.expression in ("all", '"all"', "[all]"):
                return one
    return None


def moved_to(module: Module, address: str) -> str:
    """Where the moves lead from an address, one after the other; itself where none does.

    A move of a whole resource or module takes along what is in it.
    https://developer.hashicorp.com/terraform/language/block/moved
    """
    known = moves(module)
    for _ in known:
        address = _one_move(known, address)
    return address


def _one_move(known: Mapping[str, str], address: str) -> str:
    for old, new in sorted(known.items(), key=lambda pair: -len(pair[0])):
        inside = (f"{old}.",) if new.endswith("]") else (f"{old}.", f"{old}[")
        if address == old or address.startswith(inside):
            return new + address[len(old) :]
    return address


def index_of(address: str) -> str:
    """The last index of an address as it is written, `0` or `"name"`; empty where it ends without one."""
    match = re.search(r"\[([^\[\]]*)\]$", address)
    return match[1] if match else ""


def is_true(block: Block, name: str) -> bool:
    """Whether the attribute is literally `true`."""
    one = block.attributes.get(name)
    return one is not None and one.expression == "true"


def _plain(expression: str) -> str:
    """Without the blanks that stand outside of texts."""
    return "".join(
        part if part.startswith('"') else "".join(part.split()) for part in re.split(r'("[^"]*")', expression)
    )
