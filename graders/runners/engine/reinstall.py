"""Which step of a build installs the dependencies again: told from what a second build did, or from the Dockerfile alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from graders.evidence.dockerfile.cache import rebuilt
from graders.evidence.dockerfile.model import Dockerfile, Instruction
from graders.runners.engine.build_log import BuildStep

_INSTALLS = re.compile(
    r"\bpip3?\s+(?:\S+\s+)*?(?:install|wheel|download)\b|\buv\s+(?:sync|pip\s+(?:install|sync))\b|\b(?:poetry|pdm|pipenv)\s+(?:install|sync)\b"
)
_ONLY_TOOLS = re.compile(
    r"\binstall\b(?:\s+(?:-\S+|pip|uv|poetry|pdm|wheel|setuptools|build)(?:[=<>~!]\S+)?)+\s*(?:&&|;|$)"
)


def installed_again(steps: Sequence[BuildStep], locked: Iterable[str]) -> BuildStep | None:
    """The step of a second build that was not taken from the cache and installed what the service needs.

    `locked` names those packages. An installer that says nothing is believed to install them, unless a step from the cache
    has installed packages already.
    """
    names = list(locked)
    again = [step for step in steps if not step.cached and step.instruction.startswith("RUN")]
    kept = [
        step for step in steps if step.cached and step.instruction.startswith("RUN") and _installs(step.instruction)
    ]
    for step in again:
        silent = not step.said.strip() and _installs(step.instruction) and not _service_alone(step.instruction)
        if (silent and not kept) or any(_mentions(step.said, name) for name in names):
            return step
    return None


def would_install_again(dockerfile: Dockerfile, changed: str) -> Instruction | None:
    """The same from the model of the builder's cache, when the file `changed` changes."""
    again = [one for one in rebuilt(dockerfile, dockerfile.final, [changed]) if one.step.name == "RUN"]
    needed = [
        step for stage in dockerfile.needed(dockerfile.final) for step in stage.named("RUN") if _installs(step.text)
    ]
    kept = [step for step in needed if not any(step is one.step for one in again)]
    found = [one for one in again if _installs(one.step.text) and not _service_alone(one.step.text)]
    satisfied = bool(kept) and all(_may_be_satisfied(one.step) for one in found)
    return found[0].step if found and not satisfied else None


def copied_before(dockerfile: Dockerfile, step: Instruction) -> tuple[Instruction | None, bool]:
    """The COPY or ADD that a step's cache hangs on, as far as one can tell, and whether it copies the whole folder."""
    stage = next(one for one in dockerfile.stages if any(step is other for other in one.steps))
    copies = [one for one in stage.named("COPY", "ADD") if one.where.line < step.where.line and not one.flag("from")]
    everything = next((one for one in copies if any(source.strip("./") == "" for source in one.sources)), None)
    return everything or (copies[-1] if copies else None), everything is not None


def _installs(text: str) -> bool:
    return bool(_INSTALLS.search(text)) and not _ONLY_TOOLS.search(text)


def _service_alone(text: str) -> bool:
    return "--no-deps" in text or "--no-dependencies" in text


def _may_be_satisfied(step: Instruction) -> bool:
    """`pip install .` installs nothing but the service where a step before has installed the rest."""
    return not re.search(r"\s(-r|--requirement)\b|\buv\s+sync\b|\bwheel\b", step.text)


def locked_packages(files: Mapping[str, bytes]) -> list[str]:
    """What `requirements.lock` pins, or the packages that the service can't do without."""
    text = files.get("requirements.lock", b"").decode("utf-8", "replace")
    return re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE) or ["fastapi", "uvicorn"]


def _mentions(said: str, name: str) -> bool:
    """Whether an installer says that it put a package in: pip's `Successfully installed a-1 b-2`, uv's ` + a==1`."""
    flat = re.sub(r"[-_.]+", "-", said.lower())
    name = re.sub(r"[-_.]+", "-", name.lower())
    return bool(
        re.search(rf"successfully installed [^\n]*\b{re.escape(name)}-\d", flat)
        or re.search(rf"^ \+ {re.escape(name)}==", flat, re.M)
    )
