"""The images that a deploying command is told of in a manifest: in files, folders, or on its standard input.

There is no YAML reader where this runs; a line `image: …` says enough for a record.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_GIVEN = {
    "kubectl": ("-f", "--filename", "-k", "--kustomize"),
    "helm": ("-f", "--values"),
    "docker": ("-f", "--file", "-c", "--compose-file"),
}
_IMAGE = re.compile(r"""(?<![\w.-])["']?image["']?\s*:\s*["']?(\$\{\w+\}|[^\s"'#,{}]+)""")
_COMMENT = re.compile(r"(?:^|\s)#.*$", re.MULTILINE)
_CHANGED = re.compile(r"^[\s-]*(name|newName|newTag|digest)\s*:\s*[\"']?([^\s\"'#]+)", re.MULTILINE)
_KUSTOMIZATION = ("kustomization.yaml", "kustomization.yml")
_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_MOST_FILES, _MOST_BYTES, _MOST_IMAGES = 40, 1 << 18, 20


def images(tool: str, words: list[str], stdin: str) -> list[str]:
    """The images, in their order, each once."""
    texts = [_COMMENT.sub("", text) for file in _files(tool, words) for text in _read(file, stdin)]
    found = [os.path.expandvars(image) for text in texts for image in (*_IMAGE.findall(text), *_kustomized(text))]
    return list(dict.fromkeys(found))[:_MOST_IMAGES]


def _files(tool: str, words: list[str]) -> Iterator[str]:
    options = _GIVEN.get("docker" if tool == "podman" else tool, ())
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in options:
            given = value if equals else next(rest, "")
            yield from given.split(",")
    if tool in ("docker", "podman") and "compose" in words and not {"-f", "--file"} & set(words):
        yield from (name for name in _COMPOSE if Path(name).is_file())


def _read(name: str, stdin: str) -> Iterator[str]:
    if name == "-":
        yield stdin
        return
    path = Path(name)
    overlay = [path / one for one in _KUSTOMIZATION if (path / one).is_file()]
    files = overlay or sorted(path.rglob("*.y*ml")) if path.is_dir() else [path]
    for file in files[:_MOST_FILES]:
        try:
            with file.open(encoding="utf-8", errors="replace") as stream:
                yield stream.read(_MOST_BYTES)
        except OSError:
            continue


def _kustomized(text: str) -> Iterator[str]:
    """https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/"""
    _, begins, rest = text.partition("images:\n")
    image: dict[str, str] = {}
    for name, value in _CHANGED.findall(rest) if begins else ():
        if name == "name" and image:
            yield _named(image)
            image = {}
        image[name] = value
    if image:
        yield _named(image)


def _named(image: dict[str, str]) -> str:
    name = image.get("newName") or image.get("name", "")
    return (
        name
        + (f":{image['newTag']}" if "newTag" in image else "")
        + (f"@{image['digest']}" if "digest" in image else "")
    )
