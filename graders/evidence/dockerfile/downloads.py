"""What an ADD lets the engine itself fetch, from wherever the engine stands: no setting of a build forbids that.

https://docs.docker.com/reference/dockerfile/#add
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from graders.evidence.dockerfile.model import Dockerfile, Instruction

_HERE = ("localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "test", "invalid", "arpa")


def refused_download(dockerfile: Dockerfile, *, network: bool) -> tuple[Instruction, str] | None:
    """The first ADD that fetches what it may not, and from where; None where there is none.

    With `network`, HTTPS from a public name is let through. What a variable without a value decides is not.
    """
    for stage in dockerfile.stages:
        for step in stage.steps:
            if source := _refused(step, network):
                return step, source
    return None


def _refused(step: Instruction, network: bool) -> str:
    if step.inner and (inner := _refused(step.inner, network)):
        return inner
    if step.name != "ADD":
        return ""
    for source in step.sources:
        if network and not step.unset and source.startswith("https://") and _is_public(source):
            continue
        if "://" in source or source.startswith("git@") or "$" in source or step.unset:
            return source if source and not step.unset else " ".join(step.words[:-1])
    return ""


def _is_public(url: str) -> bool:
    """Whether the host is a name on the internet, as far as its words can tell."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        labels = host.split(".")
        return len(labels) > 1 and labels[-1] not in _HERE and not labels[-1].isdecimal()
