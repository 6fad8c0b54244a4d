"""What hadolint says of a Dockerfile, in its own words; no settings of the learner's reach it.

https://github.com/hadolint/hadolint#rules
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from graders.evidence.linting import Lint, LinterMissing, program, said_as_json
from graders.evidence.workflow.model import Where


def hadolint(data: bytes, path: str = "Dockerfile", *, heed_ignores: bool = False) -> tuple[Lint, ...]:
    """hadolint's findings, shellcheck's on RUN among them; `severity` is `error`, `warning`, `info` or `style`.

    With `heed_ignores`, what a `# hadolint ignore=…` comment takes out is left out. Raises LinterMissing, and Problem
    where hadolint fails.
    """
    with tempfile.TemporaryDirectory(prefix="ninesteps-lint-") as folder:
        room = Path(folder) / "room"
        room.mkdir()
        (room / "Dockerfile").write_bytes(data)
        settings = Path(folder) / "hadolint.yaml"
        settings.write_text("{}\n")
        pragmas = [] if heed_ignores else ["--disable-ignore-pragma"]
        argv = [program("hadolint"), "--config", str(settings), *pragmas, "--no-fail", "--no-color", "--format", "json"]
        said = said_as_json([*argv, "Dockerfile"], room, expected=(0,))
    found = (
        Lint(
            "hadolint",
            one["code"],
            one["message"],
            Where(path, one["line"], one["column"]),
            one["level"],
            _url(one["code"]),
        )
        for one in said or ()
    )
    return tuple(sorted(found, key=lambda lint: (lint.where, lint.rule, lint.message)))


def _url(code: str) -> str:
    if code.startswith("SC"):
        return f"https://www.shellcheck.net/wiki/{code}"
    return f"https://github.com/hadolint/hadolint/wiki/{code}"


def in_short(dockerfile: bytes) -> str:
    """What hadolint remarks on, as a sentence: the first three rules, and how many more."""
    try:
        found = hadolint(dockerfile)
    except LinterMissing:
        return "hadolint is not installed."
    shown = [f"{one.rule} in line {one.where.line}" for one in found[:3]]
    more = f" and {len(found) - len(shown)} more" if len(found) > len(shown) else ""
    return f"hadolint remarks on {', '.join(shown)}{more}." if found else "hadolint has no remarks."
