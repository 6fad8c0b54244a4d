"""What a refactoring of HCL would do, read from the files alone: for where neither Terraform nor OpenTofu is installed.

It understands the plain forms (`moved` from an address to another, `for_each` over a variable); whatever else is asked of it,
it says that it cannot tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

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


def keyed_moves(module: Module, type: str, names: Iterable[str]) -> tuple[str, ...]:
    """Those indexed addresses of a type, `type.files[0]` for the first of `names`, that no move leads to its name's key."""
    known = moves(module)
    lacking = []
    for at, name in enumerate(names):
        if not known.get(f"{type}[{at}]", "").endswith(f'["{name}"]'):
            lacking.append(f"{type}[{at}]")
    return tuple(lacking)


def is_true(block: Block, name: str) -> bool:
    """Whether the attribute is literally `true`."""
    one = block.attributes.get(name)
    return one is not None and one.expression == "true"


def _plain(expression: str) -> str:
    return re.sub(r"\s+", "", expression) if '"' not in expression else expression.strip()
