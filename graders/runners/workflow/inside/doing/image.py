"""docker/login-action, setup-buildx-action, metadata-action and build-push-action: no image, but all is said of one."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from ..docker import digest_of_build, pushes, remember
from ..said import fail, inputs, output, record, workspace

_RULES = ("type=schedule", "type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr")
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(-[\w.]+)?$")


def login(root: Path) -> int:
    """Record which registry; https://github.com/docker/login-action#customizing"""
    given = inputs()
    record(registry=given.get("registry") or "docker.io")
    if not given.get("username") or not given.get("password"):
        return fail("Username and password required")
    return 0


def nothing(root: Path) -> int:
    """Record the inputs: on one machine there is nothing to set up."""
    record()
    return 0


def build(root: Path) -> int:
    """https://github.com/docker/build-push-action#customizing"""
    given = inputs()
    tags, pushed = _list(given.get("tags", "")), given.get("push") == "true" or pushes(given.get("outputs", ""))
    context = (workspace() / (given.get("context") or ".").removeprefix("./")).resolve()
    file = workspace() / given["file"] if given.get("file") else context / "Dockerfile"
    if not context.is_dir() or not file.is_file():
        record(tags=tags, pushed=False)
        name = file.relative_to(workspace()) if file.is_relative_to(workspace()) else file.name
        return fail(f"buildx failed with: ERROR: failed to read dockerfile: open {name}: no such file or directory")
    arguments = [*given.get("build-args", "").splitlines(), given.get("target", ""), given.get("platforms", "")]
    digest = digest_of_build(context, file.resolve() if file.resolve().is_relative_to(context) else context, arguments)
    remember(tags, digest, root, pushed=pushed)
    record(tags=tags, pushed=pushed, digest=digest)
    metadata = {"containerimage.digest": digest, "image.name": ",".join(tags)}
    output(digest=digest, imageid=digest, metadata=json.dumps(metadata))
    return 0


def metadata(root: Path) -> int:
    """https://github.com/docker/metadata-action#tags-input"""
    given = inputs()
    latest = "latest=true" in given.get("flavor", "")
    never_latest = "latest=false" in given.get("flavor", "")
    names = []
    for rule in [line for line in given.get("tags", "").splitlines() if line.strip()] or _RULES:
        found, is_latest = _tag(dict(_pairs(rule)))
        names += [found] if found else []
        latest = latest or is_latest
    names += ["latest"] if latest and not never_latest else []
    names = list(dict.fromkeys(names))
    tags = [f"{image}:{name}" for image in _list(given.get("images", "")) for name in names]
    labels = [
        f"org.opencontainers.image.revision={os.environ['GITHUB_SHA']}",
        f"org.opencontainers.image.source={os.environ['GITHUB_SERVER_URL']}/{os.environ['GITHUB_REPOSITORY']}",
        f"org.opencontainers.image.version={names[0] if names else ''}",
    ]
    record(tags=tags)
    told = {"tags": tags, "labels": dict(label.split("=", 1) for label in labels)}
    output(tags="\n".join(tags), labels="\n".join(labels), version=names[0] if names else "", json=json.dumps(told))
    return 0


def _pairs(rule: str) -> list[tuple[str, str]]:
    pairs = [part.partition("=") for part in rule.strip().split(",")]
    return [(name.strip(), value.strip()) if equals else ("value", name.strip()) for name, equals, value in pairs]


def _tag(rule: dict[str, str]) -> tuple[str, bool]:
    """The tag that a rule gives for this event, and whether it makes it the latest."""
    ref, kind = os.environ["GITHUB_REF"], rule.get("type", "raw")
    if rule.get("enable", "true") == "false":
        return "", False
    fixed = rule.get("prefix", ""), rule.get("suffix", "")
    if kind == "sha":
        length = 40 if rule.get("format") == "long" else 7
        return f"{rule.get('prefix', 'sha-')}{os.environ['GITHUB_SHA'][:length]}{fixed[1]}", False
    if kind == "raw":
        return f"{fixed[0]}{rule.get('value', '')}{fixed[1]}", False
    prefixes = {"branch": "refs/heads/", "tag": "refs/tags/", "pr": "refs/pull/"}
    start = prefixes.get(rule.get("event", ""), "")
    if kind == "ref" and start and ref.startswith(start):
        name = ref.removeprefix(start).removesuffix("/merge") if start == "refs/pull/" else ref.removeprefix(start)
        before = rule.get("prefix", "pr-" if start == "refs/pull/" else "")
        return f"{before}{re.sub(r'[^A-Za-z0-9._-]', '-', name)}{fixed[1]}", start == "refs/tags/"
    version = _VERSION.match(ref.removeprefix("refs/tags/")) if kind in ("semver", "pep440") else None
    if version and ref.startswith("refs/tags/"):
        full = f"{version[1]}.{version[2]}.{version[3]}{version[4] or ''}"
        pattern = rule.get("pattern", "{{version}}")
        for word, value in (
            ("version", full),
            ("major", version[1]),
            ("minor", version[2]),
            ("patch", version[3]),
            ("raw", full),
        ):
            pattern = pattern.replace("{{" + word + "}}", value)
        return f"{fixed[0]}{pattern}{fixed[1]}", not version[4]
    return "", False


def _list(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[\n,]", text) if part.strip()]
