"""Whether a stage builds, so that what stands on it ships tools and source: told from what its RUNs install and make.

A stage that only installs what the service runs with is none: others may stand on it.
https://docs.docker.com/build/building/best-practices/#create-reusable-stages
"""

from __future__ import annotations

import re

from graders.evidence.dockerfile.model import Stage

_NAMED = re.compile(r"^(?:build|compile|wheel)|build(?:er)?$", re.IGNORECASE)
_TOOLS = re.compile(
    r"\b(?:apt-get|apt|apk|dnf|yum|microdnf)\b[^;&|]*\b(?:install|add)\b[^;&|]*\s"
    r"(?:gcc|g\+\+|cc|clang|make|cmake|build-essential|build-base|git|rustc|cargo|golang|\S+-dev(?:el)?)(?=\s|$|[;&|])"
    r"|\bpip3?\s[^;&|]*\binstall\b[^;&|]*\s(?:build|poetry|pdm|hatch|pipenv|pytest|tox|nox)(?:[=<>~!\[]\S*)?(?=\s|$|[;&|])"
    r"|\brequirements[-_.]?(?:dev|test)\S*|\b(?:uv|pip3?)\s[^;&|]*--group\b"
)
_MAKES = re.compile(
    r"\bpip3?\s[^;&|]*\bwheel\b|\bpython3?\s+-m\s+build\b|\buv\s+build\b|\bpoetry\s+build\b|\bmake\b(?!\w)"
    r"|\bpip3?\s[^;&|]*\binstall\b[^;&|]*\s\.(?:\[\S*\])?(?=\s|$|[;&|])"
)
_TAKEN_AWAY = re.compile(r"\b(?:purge|autoremove|remove|apk\s+del)\b")


def builds_something(stage: Stage) -> bool:
    """Whether a stage calls itself a builder and installs something, or installs tools, or makes a package of the source.

    Tools that the same RUN takes away again are in no layer.
    """
    runs = [step.text for step in stage.named("RUN") if not _TAKEN_AWAY.search(step.text)]
    installs = any(re.search(r"\b(?:install|sync|wheel)\b", text) for text in runs)
    return (bool(_NAMED.search(stage.name)) and installs) or any(
        _TOOLS.search(text) or _MAKES.search(text) for text in runs
    )
