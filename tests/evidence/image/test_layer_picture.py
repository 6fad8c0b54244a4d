"""Layers as a picture: the base in one, instructions as the Dockerfile had them."""

from __future__ import annotations

import pytest

from graders.evidence.image.picture import instruction, layers_of
from graders.evidence.image.read import read_image
from graders.picture import LayerBar
from tests.evidence.image.saved_images import saved, tar


def test_the_base_is_one_bar_and_others_say_what_they_changed() -> None:
    base = tar({"a": b"1", "b": b"22"})
    layers = (base, {".wh.a": b""}, {"b": b"333", "c": b"4"}, {".wh.c": b""})
    history = [
        {"created_by": text} for text in ("x", "RUN /bin/sh -c rm a # buildkit", "COPY . / # buildkit", "RUN rm c")
    ]
    plain = read_image([saved(*layers, history=history)])
    below = [layer.digest for layer in plain.layers[:2]]
    image = read_image([saved(*layers, history=history)], base=below)
    third, fourth = (layer.digest for layer in image.layers[2:])
    assert layers_of(image, "t", "python:3.12-slim").layers == (
        LayerBar("base", "FROM python:3.12-slim", 3, 1, of_base=True),
        LayerBar(third, "COPY . /", 4, 1, 1, 0),
        LayerBar(fourth, "RUN rm c", 0, 0, 0, 1),
    )
    assert [bar.text for bar in layers_of(plain, "t").layers] == ["x", "RUN rm a", "COPY . /", "RUN rm c"]


@pytest.mark.parametrize(
    ("created_by", "text"),
    [
        ("/bin/sh -c #(nop) COPY dir:" + "a1" * 32 + " in /app ", "COPY … in /app"),
        ("/bin/sh -c #(nop) WORKDIR /app", "WORKDIR /app"),
        ("/bin/sh -c pip install x", "RUN pip install x"),
        ("|1 TOKEN=s3cret word /bin/sh -c pip install x", "RUN pip install x"),
        ("RUN |1 TOKEN=s3cret /bin/sh -c pip install x # buildkit", "RUN pip install x"),
        ("|1 A=b /bin/bash -ec make", "RUN make"),
        ("COPY --chown=1 . /app # buildkit", "COPY --chown=1 . /app"),
        ("RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update"),
        ("", ""),
    ],
)
def test_a_line_of_the_history_as_the_dockerfile_had_it(created_by: str, text: str) -> None:
    assert instruction(created_by) == text
