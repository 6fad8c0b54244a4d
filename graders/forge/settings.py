"""Secrets and variables of the forge, as on GitHub: of the repository, or of one environment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from graders.forge.runs import write_json
from graders.problems import Problem

SECRETS, VARIABLES = "secrets", "variables"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST = 48 << 10  # https://docs.github.com/en/actions/reference/security/secrets


def read_settings(origin: Path, kind: str) -> dict[str, dict[str, str]]:
    """Names and values by environment, in lower case; the repository's own under the empty name."""
    try:
        found = json.loads((origin / "forge" / f"{kind}.json").read_bytes())
        return {str(where): {str(name): str(value) for name, value in names.items()} for where, names in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, RecursionError):
        raise Problem(
            f"The forge's {kind} can't be read ({origin / 'forge' / f'{kind}.json'}).",
            "Remove the file, and set them anew.",
        ) from None


def read_variables(origin: Path) -> Mapping[str, str]:
    """The repository's own variables."""
    return read_settings(origin, VARIABLES).get("", {})


def change(origin: Path, kind: str, name: str, value: str | None, environment: str = "") -> None:
    """Set one, or remove it where `value` is None. Raises Problem for a name or a value that can't be."""
    name = name.strip().upper()
    _check(kind, name, value)
    found = read_settings(origin, kind)
    names = found.setdefault(environment.strip().lower(), {})
    if value is not None:
        names[name] = value
    elif names.pop(name, None) is None:
        raise Problem(
            f"There is no {kind[:-1]} {name}{f' for {environment}' if environment else ''}.",
            f"`ninesteps {kind[:-1]} list` shows those there are.",
        )
    write_json(origin / "forge" / f"{kind}.json", found, mode=0o600)


def _check(kind: str, name: str, value: str | None) -> None:
    one = kind[:-1]
    if not _NAME.fullmatch(name):
        raise Problem(
            f"“{name[:60]}” can't be a {one}'s name.", "Use letters, digits and _, and no digit first: DB_URL."
        )
    if name.startswith("GITHUB_"):
        raise Problem(f"Names that begin with GITHUB_ are GitHub's own, so no {one} can have one.", "Choose another.")
    if value is None:
        return
    if not value:
        raise Problem(f"The {one} {name} would be empty.", "Give it a value: --body VALUE")
    if len(value.encode()) > _LONGEST:
        raise Problem(f"The value has {len(value.encode())} bytes; {_LONGEST} is the most.", "Shorten it.")
    if "'" in value or "\n" in value or "\r" in value or "\0" in value:
        raise Problem(
            f"This forge takes {kind} of one line and without the quote ', and this value has one or the other.",
            "Encode it, with base64 for one, and decode it in the workflow.",
        )
