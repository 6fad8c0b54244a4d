"""Which job made the image that is deployed, what is built again after it, and what was never pushed."""

from __future__ import annotations

from collections.abc import Sequence

from graders.evidence.workflow.image_reference import Reference
from graders.runners.workflow.deployments import PRODUCTION, STAGING, Deed, Deployments, Job, jobs_of
from graders.runners.workflow.played_commands import Role
from graders.runners.workflow.record import ActionCall


def makers_of(seen: Deployments, deployed: Sequence[Reference]) -> list[Job]:
    """The jobs that push an image of a repository which is deployed, in their order."""
    names = {image.name for image in deployed}
    makes = [*seen.with_role(Role.BUILD), *seen.with_role(Role.PUSH)]
    pushing = (
        deed for deed in makes if _pushes(deed) and (not deed.images or names & {one.name for one in deed.images})
    )
    return jobs_of(sorted(pushing, key=lambda deed: deed.part))


def built_again(seen: Deployments, makers: Sequence[Job]) -> Deed | None:
    """A build that comes after the one of the build job, or in its place for one environment."""
    production, staging = jobs_of(seen.to(PRODUCTION)), jobs_of(seen.to(STAGING))
    builds = seen.with_role(Role.BUILD)
    for deed in builds:
        job = deed.job
        late = job in production or (job in staging and any(maker != job for maker in makers))
        if late or any(seen.comes_after(job, maker) for maker in makers):
            return deed
    return next((deed for deed in builds if deed.job in makers[1:]), None)


def deployed_unbuilt(seen: Deployments, makers: Sequence[Job]) -> Job | None:
    """A deploying job that does not wait for the job that makes the image."""
    deploying = jobs_of([*seen.to(STAGING), *seen.to(PRODUCTION)]) if makers else []
    return next((job for job in deploying if job not in makers and not seen.comes_after(job, makers[0])), None)


def never_pushed(seen: Deployments, deployed: Sequence[Reference]) -> Reference | None:
    """An image that is deployed and was not pushed; None where a builder pushes by means that are not recorded."""
    if any(map(_pushes_unseen, seen.with_role(Role.BUILD))):
        return None
    pushed = {one if ":" in one.rpartition("/")[2] else f"{one}:latest" for one in seen.registry}
    for image in deployed:
        there = image.digest in seen.registry.values() if image.digest else str(image.pinned) in pushed
        if not there:
            return image
    return None


def _pushes(deed: Deed) -> bool:
    if deed.role is Role.PUSH or isinstance(deed.made_by, ActionCall):
        return True
    told = any("push=true" in word or "type=registry" in word for word in deed.words)
    return told or bool({"--push", "submit", "acr"} & set(deed.words))


def _pushes_unseen(deed: Deed) -> bool:
    if isinstance(deed.made_by, ActionCall):
        return deed.made_by.unknown
    return deed.made_by.tool not in ("docker", "podman") or bool({"bake", "compose"} & set(deed.words))
