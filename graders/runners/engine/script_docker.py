"""`docker` as scripts find it: the machine's own, called so that builds go through the gate.

`docker buildx build` and BuildKit's own flags would ask for a session, which the gate lets nobody have: the build is the
same without. https://docs.docker.com/reference/cli/docker/buildx/build/
"""

import os
import subprocess
import sys
from itertools import pairwise

DOCKER = "{DOCKER}"
_WITHOUT_VALUE = ("--load", "--push")
_WITH_VALUE = ("--progress", "--provenance", "--sbom", "--attest", "--builder", "--cache-to")


def main(words: list[str]) -> int:
    os.environ["DOCKER_BUILDKIT"] = "0"
    if words[:2] == ["buildx", "build"] or words[:2] == ["image", "build"]:
        words = words[1:]
    if words[:1] != ["build"]:
        os.execv(DOCKER, ["docker", *words])  # noqa: S606
    kept = _plain(words)
    if "--push" not in words:
        os.execv(DOCKER, ["docker", *kept])  # noqa: S606
    code = subprocess.call([DOCKER, *kept])
    for name in _tags(kept):
        code = code or subprocess.call([DOCKER, "push", name])
    return code


def _plain(words: list[str]) -> list[str]:
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in _WITH_VALUE:
            skip = True
        elif word not in _WITHOUT_VALUE and not word.startswith(tuple(f"{name}=" for name in _WITH_VALUE)):
            kept.append(word)
    return kept


def _tags(words: list[str]) -> list[str]:
    after = [word for before, word in pairwise(words) if before in ("-t", "--tag")]
    return after + [word.partition("=")[2] for word in words if word.startswith(("--tag=", "-t="))]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
