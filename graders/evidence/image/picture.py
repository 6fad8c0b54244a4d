"""An image's layers as a picture: the base as one bar, then each layer with the instruction that made it."""

from __future__ import annotations

import re

from graders.evidence.image.model import Image
from graders.picture import ImageLayers, LayerBar

_CLASSIC = re.compile(r"^/bin/sh -c #\(nop\)\s+")
_ARGUMENTS = re.compile(r"^\|\d+ .*?(?=/bin/(?:ba|da|a)?sh -\w*c )", re.DOTALL)
_SHELL = re.compile(r"^/bin/(?:ba|da|a)?sh -\w*c ")
_CONTENT = re.compile(r"\b(dir|file|multi):[0-9a-f]{64} in ")


def layers_of(image: Image, title: str, base: str = "") -> ImageLayers:
    """The picture of `image`; `base` is the name of the base image, whose layers are one bar."""
    changes = image.files.changes
    below = [number for number, layer in enumerate(image.layers) if layer.in_base]
    bars = []
    if below:
        size = sum(image.layers[number].size for number in below)
        files = sum(len(changes[number].added) - len(changes[number].deleted) for number in below)
        bars.append(LayerBar("base", f"FROM {base}".strip(), size, files, of_base=True))
    bars += [
        LayerBar(
            layer.digest, instruction(layer.created_by), layer.size,
            len(change.added), len(change.changed), len(change.deleted),
        )
        for layer, change in zip(image.layers, changes, strict=True)
        if not layer.in_base
    ]  # fmt: skip
    return ImageLayers(title, tuple(bars))


def instruction(created_by: str) -> str:
    """What a history's line says, as it stood in the Dockerfile, as far as the builder kept it: no values of arguments.

    The classic builder writes `/bin/sh -c #(nop) COPY dir:… in /app`, BuildKit `COPY . /app # buildkit`.
    """
    text = created_by.removesuffix(" # buildkit").strip()
    text = _CLASSIC.sub("", text)
    head, run = ("RUN ", text.removeprefix("RUN ")) if text.startswith("RUN ") else ("", text)
    plain = _ARGUMENTS.sub("", run)
    if _SHELL.match(plain):
        return f"RUN {_SHELL.sub('', plain)}"
    return _CONTENT.sub(r"… in ", f"{head}{plain}")
