"""Whether versions have an upper bound, and where the state is kept. https://developer.hashicorp.com/terraform/language/expressions/version-constraints"""

from __future__ import annotations

import re

from graders.evidence.terraform.hcl import Block, Module

_CONDITION = re.compile(r"^(=|!=|>=|<=|>|<|~>)?\s*v?\d+(\.\d+)*(-[\w.]+)?$")
_NEEDED = {"s3": ("bucket", "key", "region"), "gcs": ("bucket",), "azurerm": ("container_name", "key"), "http": ("address",),
           "consul": ("path",), "cloud": (), "remote": ()}  # fmt: skip


def bounded(constraint: str, *, of_terraform: bool = False) -> bool:
    """Whether the constraint says up to where: `~> 1.2`, `1.2.3`, `>= 1.2, < 2.0`.

    `of_terraform`: it is `required_version`, where `~> 1` is `>= 1` (https://github.com/hashicorp/go-version); of a provider
    it is `~> 1.0`, which ends below 2 (https://github.com/apparentlymart/go-versions).
    """
    parts = [part.strip() for part in constraint.split(",")]
    signs = [match[1] or "=" if (match := _CONDITION.match(part)) else "" for part in parts]
    ends = [
        sign in ("=", "<", "<=") or (sign == "~>" and ("." in part or not of_terraform))
        for sign, part in zip(signs, parts, strict=True)
    ]
    return all(signs) and any(ends)


def settings(module: Module) -> tuple[Block, ...]:
    """The `terraform` blocks."""
    return module.of("terraform")


def required_version(module: Module) -> tuple[str | None, str]:
    """Terraform's own constraint, None where there is none, and where it stands."""
    for block in settings(module):
        if one := block.attributes.get("required_version"):
            return one.text, f"{block.file}:{one.line}"
    return None, ""


def provider_version(module: Module, name: str = "nimbus") -> tuple[str | None, str]:
    """The constraint on a provider, None where there is none, and where it stands."""
    for block in settings(module):
        for inner in block.inner("required_providers"):
            if one := inner.attributes.get(name):
                match = re.search(r'\bversion"?\s*[=:]\s*"([^"]*)"', one.expression)
                return (match[1] if match else None), f"{inner.file}:{one.line}"
    return None, ""


def backend(module: Module) -> tuple[str, tuple[str, ...], str]:
    """The backend's kind (empty where there is none), which of its settings are missing, and where it stands."""
    for block in settings(module):
        for one in (*block.inner("backend"), *block.inner("cloud")):
            kind = one.labels[0] if one.type == "backend" and one.labels else "cloud"
            missing = [name for name in _NEEDED.get(kind, ()) if name not in one.attributes]
            return kind, tuple(missing), one.where
    return "", (), ""
