"""What is in an image that was built for a trial: sizes, what nobody needs to run it, canaries, and what looks like a secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from graders.evidence.dockerfile.model import Dockerfile
from graders.evidence.image.model import Image
from graders.evidence.image.packages import python_packages
from graders.evidence.image.picture import instruction, layers_of
from graders.evidence.image.read import read_image
from graders.evidence.image.suspects import suspects
from graders.evidence.image.unwanted import unwanted
from graders.evidence.secret_scan import SearchTooLong
from graders.runners.engine.base_images import Base

if TYPE_CHECKING:
    from docker import DockerClient

_BAGGAGE = "usr/share/ninesteps/"  # the packages that a stand-in brings along


def look_inside(
    client: DockerClient, image: str, dockerfile: Dockerfile, bases: tuple[Base, ...], secrets: Mapping[str, str],
    known: Mapping[str, bytes],
) -> dict[str, Any]:  # fmt: skip
    """The facts about an image, as JSON has them. `known` are texts (path to content) that may be in it and are no secrets.

    `size` and `base_size` are in bytes, what a stand-in brings along left out; `base_size` is that of the image which the
    final stage begins with, or of the smallest that it copies from where it begins with nothing. `suspects` is None where the
    search for them took too long. Raises ImageProblem, and Problem where detect-secrets is missing.
    """
    name = dockerfile.foundations(dockerfile.final)[0].base
    base = next((one for one in bases if one.name == name or name.startswith(f"{one.name}@")), None)
    about = client.images.get(base.name).attrs if base else {}
    below = list((about.get("RootFS") or {}).get("Layers") or [])
    read = read_image(client.images.get(image).save(), secrets, below)
    environment = dict(pair.split("=", 1) for pair in (about.get("Config") or {}).get("Env") or [])
    labels = (about.get("Config") or {}).get("Labels") or {}
    baggage = sum(_baggage(layer.entries) for layer in read.layers)
    sizes = (
        [sum(layer.size for layer in read.layers if layer.in_base) - baggage] if base else [one.size for one in bases]
    )
    title = f"Your image{f' on a stand-in for {name} ({base.stand_in})' if base and base.stand_in else ''}"
    history = {f"history {number}": step for number, step in enumerate(read.history, start=1)}
    try:
        found: list[dict[str, Any]] | None = [
            {"place": one.place, "line": one.line, "kind": one.kind, "by": _by_place(read, one.place),
             "gone": _is_gone(read, one.place),
             "said": instruction(history[one.place].created_by) if one.place in history else ""}
            for one in suspects(_without(read, known), environment, labels)
        ]  # fmt: skip
    except SearchTooLong:
        found = None
    return {
        "size": read.size - baggage,
        "base_size": min(sizes, default=0),
        "largest": _largest(read),
        "unwanted": [
            {"kind": one.kind.value, "name": one.name, "path": one.path, "by": _by(read, one.layer),
             "layer": read.layers[one.layer].digest, "of_base": read.layers[one.layer].in_base}
            for one in unwanted(read.files)
        ],
        "canaries": [
            {"place": one.place, "path": one.path, "gone": one.gone, "by": _by(read, one.layer),
             "layer": read.layers[one.layer].digest if one.layer >= 0 else ""}
            for one in read.found
        ],
        "suspects": found,
        "python": python_packages(read.files),
        "stop_signal": read.config.stop_signal,
        "picture": asdict(layers_of(read, title, name)),
    }  # fmt: skip


def _baggage(entries: Any) -> int:
    return sum(entry.size for entry in entries if entry.path.startswith(_BAGGAGE))


def _by(image: Image, layer: int) -> str:
    return instruction(image.layers[layer].created_by)[:120] if layer >= 0 else ""


def _by_place(image: Image, place: str) -> str:
    head, _, _ = place.partition(":")
    number = head.removeprefix("layer ")
    return _by(image, int(number) - 1) if head != number and number.isdecimal() else ""


def _is_gone(image: Image, place: str) -> bool:
    head, _, path = place.partition(": ")
    number = head.removeprefix("layer ")
    return head != number and number.isdecimal() and image.files.layer_of(path) != int(number) - 1


def _largest(image: Image) -> dict[str, str]:
    own = max(image.own_layers, key=lambda layer: layer.size, default=None)
    return {"layer": own.digest, "by": instruction(own.created_by)[:120]} if own else {"layer": "", "by": ""}


def _without(image: Image, known: Mapping[str, bytes]) -> Image:
    """The image without texts that are the learner's starter's own, wherever they were copied to."""
    contents = set(known.values())
    kept = dict(_unlike(image.texts, contents))
    return Image(
        image.digest,
        image.platform,
        image.config,
        image.layers,
        image.history,
        image.tags,
        image.found,
        kept,
        image.unsearched,
    )


def _unlike(texts: Mapping[str, bytes], contents: set[bytes]) -> Iterator[tuple[str, bytes]]:
    return ((place, content) for place, content in texts.items() if content not in contents)
