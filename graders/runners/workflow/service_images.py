"""The images that services run from: those that the engine has, and those that it can pull."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graders.evidence.workflow.call_chains import value_of
from graders.evidence.workflow.evaluate import Unknown, as_text
from graders.evidence.workflow.matrix import expand
from graders.evidence.workflow.model import Job, Text

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.images import Image


class Missing(Exception):
    """An image that is not on the engine, and can't be pulled; the message ends a sentence about it."""


def image_here(client: DockerClient, name: str, *, pull: bool = True) -> Image:
    """The image called `name`; with `pull`, it is pulled without any credentials if it is not there. Raises Missing."""
    from docker.errors import APIError, ImageNotFound

    try:
        return client.images.get(name)
    except ImageNotFound:
        pass
    except APIError as trouble:
        raise Missing(f"is no name of an image ({trouble.explanation})") from None
    if pull:
        with contextlib.suppress(APIError):
            return client.images.pull(name, auth_config={})
    raise Missing("is not on the Docker Engine here and can't be pulled")


def images_of(client: DockerClient, jobs: Sequence[Job], variables: Mapping[str, str]) -> dict[str, str] | None:
    """Each image that the services of `jobs` name, with its id (empty: missing); None where only a run can tell."""
    found: dict[str, str] = {}
    for name in _names(jobs, variables):
        if name is None:
            return None
        if name and name not in found:
            try:
                found[name] = str(image_here(client, name).id)
            except Missing:
                found[name] = ""
    return found


def _names(jobs: Sequence[Job], variables: Mapping[str, str]) -> Iterator[str | None]:
    for job in jobs:
        matrix = job.strategy.matrix if job.strategy else None
        legs: Sequence[Mapping[str, Any]] = expand(matrix).legs if matrix else ({},)
        for service in job.services.values():
            if service.image is None:
                continue
            if service.image.dynamic and not legs:
                yield None
            for leg in legs if service.image.dynamic else ({},):
                known = {key: Unknown() if isinstance(value, Text) else value for key, value in leg.items()}
                value = value_of(service.image, {"matrix": known, "vars": dict(variables)})
                yield None if isinstance(value, Unknown) else as_text(value).strip().removeprefix("docker://")
