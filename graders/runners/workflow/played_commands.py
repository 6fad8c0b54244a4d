"""What a played command does about images: builds one, pushes one, brings one to an environment, or looks how it does.

Commands that only prepare, such as `docker login` or `kubectl config`, do none of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from graders.evidence.workflow.image_reference import Reference, read_reference
from graders.runners.workflow.record import ActionCall, Call

_DOCKER = ("docker", "podman")
_GROUPS = ("buildx", "image", "builder", "container", "manifest", "imagetools", "service", "stack", "compose")
_DEPLOYING = {
    "docker": ("update", "create", "deploy", "up"),
    "kubectl": ("set", "apply", "create", "replace", "patch", "edit"),
    "helm": ("upgrade", "install"),
}
_LOOKING = {
    "kubectl": ("get", "exec", "run", "logs", "describe", "port-forward", "top"),
    "helm": ("test", "status"),
}
_IDLE = {
    "docker": (
        "login",
        "logout",
        "pull",
        "tag",
        "inspect",
        "info",
        "version",
        "images",
        "manifest",
        "save",
        "load",
        "rm",
    ),
    "kubectl": ("config", "rollout", "wait", "diff", "version", "auth", "cluster-info", "scale", "delete", "label"),
    "helm": ("repo", "dependency", "lint", "template", "package", "diff", "pull", "rollback", "uninstall"),
}
_DOCKER_VERBS = (*_DEPLOYING["docker"], *_IDLE["docker"], "build", "bake", "bud", "push", "run", "exec")
_TAGGED = ("-t", "--tag")
_ANY_REFERENCE = re.compile(r"(?<![\w./:-])[\w-]+(?:\.[\w-]+)+(?::\d+)?/[\w./-]+(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?")


class Role(StrEnum):
    """What a command or an action does. PROBE: it asks a service, or looks at it, and fails where that does."""

    BUILD = "build"
    PUSH = "push"
    DEPLOY = "deploy"
    PROBE = "probe"


def role_of(call: Call, images: tuple[Reference, ...]) -> Role | None:
    """The role of a call that names these `images`; None where it has none of them."""
    words, tool = call.argv, "docker" if call.tool in _DOCKER else call.tool
    if any(word.startswith("--dry-run") and word != "--dry-run=none" for word in words):
        return None
    if tool == "docker":
        return _docker(words, images)
    if tool in _DEPLOYING:
        verb = next((word for word in words if word in (*_DEPLOYING[tool], *_LOOKING[tool], *_IDLE[tool])), "")
        deploys = verb in _DEPLOYING[tool] and bool(images)
        return Role.DEPLOY if deploys else Role.PROBE if verb in _LOOKING[tool] else None
    if (tool == "gcloud" and "builds" in words) or (tool == "az" and "acr" in words and "build" in words):
        return Role.BUILD
    if tool in ("curl", "wget"):
        return Role.DEPLOY if images else Role.PROBE
    if tool == "ssh":
        asks = re.search(r"\b(curl|wget|health|smoke)", " ".join(words))
        return Role.DEPLOY if images else Role.PROBE if asks else None
    return Role.DEPLOY if images and tool not in ("kustomize", "pip") else None


def _docker(words: tuple[str, ...], images: tuple[Reference, ...]) -> Role | None:
    named = [word for word in words if not word.startswith("-")]
    groups = [word for word in named[:3] if word in _GROUPS]
    verb = next((word for word in named if word in _DOCKER_VERBS), "")  # options may have values, such as a host
    if "compose" in groups:  # its options may have values
        verb = next((word for word in ("build", "push", "up", "run", "exec") if word in named), "")
    if verb in ("build", "bake", "bud") or (verb == "up" and "--build" in words):
        return Role.BUILD
    if {"imagetools", "manifest"} & set(groups) or verb == "push":
        return Role.PUSH if {"push", "create"} & set(named) else None
    if verb in _DEPLOYING["docker"]:
        return Role.DEPLOY if images else None
    if verb == "run":
        detached = any(re.fullmatch(r"--detach|-[a-z]*d[a-z]*", word) for word in words)
        return Role.DEPLOY if detached and images else Role.PROBE
    return Role.PROBE if verb == "exec" else None


def role_of_action(call: ActionCall, images: tuple[Reference, ...]) -> Role | None:
    """The same for an action; of unknown ones the name tells, and whether they are given an image."""
    name = call.action.rpartition("/")[2]
    if call.action == "docker/build-push-action":
        return Role.BUILD
    if not call.unknown or "setup" in name or "attest" in name or "sign" in name or "scan" in name or "trivy" in name:
        return None
    if "build" in name or "bake" in name or "kaniko" in name:
        return Role.BUILD
    if re.search(r"smoke|health|http|curl|url", name):
        return Role.PROBE
    return Role.DEPLOY if images else None


def images_made(call: Call) -> Iterator[Reference]:
    """The images that a call builds, names or pushes."""
    if call.tool not in (*_DOCKER, "gcloud", "az"):
        return
    words = call.argv
    given = [words[place + 1] for place, word in enumerate(words[:-1]) if word in _TAGGED]
    given += [word.partition("=")[2] for word in words if word.startswith(tuple(f"{name}=" for name in _TAGGED))]
    if {"push", "tag"} & set(words[:3]):
        given += [word for word in words if not word.startswith("-")][-1:]
    yield from filter(None, map(read_reference, given))


def images_made_by_action(call: ActionCall) -> Iterator[Reference]:
    """The images that a building action is told to make."""
    if role_of_action(call, ()) is not Role.BUILD:
        return
    for name in ("tags", "tag", "image", "images", "name"):
        for text in re.split(r"[\s,]+", call.inputs.get(name, "")):
            found = read_reference(text) if text else None
            if found and "/" in found.name:
                yield found


def any_reference(words: tuple[str, ...]) -> tuple[Reference, ...]:
    """Whatever looks like an image of a registry with a host name, for where nothing is known of any build."""
    found = [read_reference(match[0]) for word in words if "://" not in word for match in _ANY_REFERENCE.finditer(word)]
    return tuple(dict.fromkeys(filter(None, found)))
