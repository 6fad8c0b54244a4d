"""Have the images that a Dockerfile begins with: on the engine already, pulled, or a stand-in where no registry answers."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from graders.runners.engine.stand_in import LABEL, NoStandIn, is_current, make, wanted
from graders.runners.workflow.wheels import INSTALLED
from graders.workspace.home import cache_dir

if TYPE_CHECKING:
    from docker import DockerClient

_SECONDS_TO_PULL = 600
_UNREACHABLE = re.compile(
    r"no such host|connection refused|i/o timeout|timeout exceeded|deadline exceeded|network is unreachable|"
    r"TLS handshake|proxyconnect|certificate|no route to host|server misbehaving|temporary failure|toomanyrequests|"
    r"\b5\d\d\b|EOF",
    re.IGNORECASE,
)
_unreachable: set[str] = set()  # registries that did not answer, so that they are asked once a process


@dataclass(frozen=True, slots=True)
class Base:
    """A base image that is on the engine under `name`; `stand_in` says what it really is, where it is one of ours."""

    name: str
    size: int
    stand_in: str = ""


@dataclass(frozen=True, slots=True)
class NoBase:
    """Why a base image can't be had. `missing` tells that its registry answered and has no such image."""

    name: str
    why: str
    next: str
    missing: bool = False


def kept_in() -> Path:
    """The folder of what stand-ins are made from: beside what the course is installed with, else the learner's cache."""
    installed = INSTALLED / "bases"
    return installed if os.access(Path(sys.prefix), os.W_OK) else cache_dir() / "bases"


def provide(client: DockerClient, references: Iterable[str]) -> tuple[Base | NoBase, ...]:
    """Have each image on the engine; `scratch` needs none.

    A reference with a digest is had under its tag where it is a stand-in, since a digest can't be given to one.
    """
    return tuple(_provide(client, one) for one in dict.fromkeys(references) if one != "scratch")


def _provide(client: DockerClient, reference: str) -> Base | NoBase:
    if found := _present(client, reference):
        return found
    refusal = _pull(client, reference)
    if refusal is None:
        return _present(client, reference) or NoBase(
            reference, f"{reference} was pulled, and is gone again.", "Check again."
        )
    if refusal.missing or not wanted(reference):
        return refusal
    try:
        make(client, reference, kept_in())
    except NoStandIn as none:
        return NoBase(reference, f"{refusal.why} {none.found}", none.next or refusal.next)
    return _present(client, reference) or refusal


def _present(client: DockerClient, reference: str) -> Base | None:
    """What is on the engine: a real image, or a stand-in as it would be made today, which goes by its tag alone."""
    from docker.errors import APIError, ImageNotFound

    for name in dict.fromkeys([reference, reference.partition("@")[0]]):
        try:
            image = client.images.get(name)
        except (ImageNotFound, APIError):
            continue
        labels = (image.attrs.get("Config") or {}).get("Labels") or {}
        if (LABEL in labels and is_current(labels)) or (LABEL not in labels and name == reference):
            return Base(name, int(image.attrs["Size"]), labels.get(LABEL, ""))
    return None


def _pull(client: DockerClient, reference: str) -> NoBase | None:
    from docker.errors import APIError, DockerException, NotFound
    from requests.exceptions import RequestException

    registry = _registry_of(reference)
    unreachable = NoBase(
        reference, f"{reference} is not on this engine, and {registry} cannot be reached.",
        f"Connect to the network, or fetch it beforehand: `docker pull {reference}`.",
    )  # fmt: skip
    if registry in _unreachable:
        return unreachable
    name, _, digest = reference.partition("@")
    repository, tag = (name, digest) if digest else _split(name)
    pool = ThreadPoolExecutor(1)
    try:
        pool.submit(client.api.pull, repository, tag).result(_SECONDS_TO_PULL)
        return None
    except NotFound:
        return NoBase(
            reference, f"{registry} has no image {reference}.", "Look for its name and tag there.", missing=True
        )
    except APIError as trouble:
        said = str(trouble.explanation or trouble)
        if not _UNREACHABLE.search(said):
            return NoBase(
                reference, f"{reference} cannot be pulled: {said[:200]}.", "Choose an image that anybody may pull."
            )
    except (DockerException, RequestException, TooLate):
        pass
    finally:
        pool.shutdown(wait=False)
    _unreachable.add(registry)
    return unreachable


def _split(name: str) -> tuple[str, str]:
    repository, colon, tag = name.rpartition(":")
    return (repository, tag) if colon and "/" not in tag else (name, "latest")


def _registry_of(reference: str) -> str:
    first, slash, _ = reference.partition("/")
    return first if slash and (("." in first) or (":" in first) or first == "localhost") else "Docker Hub"
