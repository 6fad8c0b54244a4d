"""An image that a real engine built is read as the engine itself tells of it."""

from __future__ import annotations

import contextlib
import io
import tarfile
from collections.abc import Iterator

import pytest
from docker import DockerClient

from graders.evidence.image.file_system import Change
from graders.evidence.image.model import Image
from graders.evidence.image.read import read_image
from graders.runners.engine.connection import Engine
from graders.runners.engine.leftovers import Ours, ours_on
from tests.evidence.image.saved_images import tar
from tests.small_image import echo_image

WORD = "canary-4f8a1b2c3d4e5f60718293a4b5c6d7e8"
DOCKERFILE = """FROM {base}
ARG TOKEN
COPY app /app
RUN ["/python", "-BsS", "-c", "import os; os.remove('/app/.env'); open('/app/b', 'a').write('more')"]
ENV KEPT=yes
LABEL commit=abc
USER 1000
HEALTHCHECK --interval=2s --retries=4 CMD ["/python", "-c", "x"]
"""


@pytest.fixture(scope="module")
def ours(engine: Engine) -> Iterator[Ours]:
    with ours_on(engine) as made:
        yield made


@pytest.fixture(scope="module")
def tag(ours: Ours) -> str:
    files = {"app/.env": f"KEY={WORD}".encode(), "app/b": b"b", "app/deep/c": b"c"}
    context = tar({"Dockerfile": DOCKERFILE.format(base=echo_image(ours.client)).encode(), **files})
    tag = ours.tag("read")
    ours.client.images.build(
        fileobj=io.BytesIO(context), custom_context=True, tag=tag, buildargs={"TOKEN": WORD}, forcerm=True
    )
    return tag


@pytest.fixture(scope="module")
def image(ours: Ours, tag: str) -> Image:
    base = ours.client.images.get(echo_image(ours.client)).attrs["RootFS"]["Layers"]
    return read_image(ours.client.images.get(tag).save(), {"k": WORD}, base)


def test_settings_size_and_layers_are_the_engines(ours: Ours, tag: str, image: Image) -> None:
    told = ours.client.images.get(tag).attrs
    assert image.digest == told["Id"]
    assert [layer.digest for layer in image.layers] == told["RootFS"]["Layers"]
    assert image.size == told["Size"]
    assert image.config.user == told["Config"]["User"] == "1000"
    assert [f"{name}={value}" for name, value in image.config.env.items()] == told["Config"]["Env"]
    assert image.config.labels == told["Config"]["Labels"]
    assert image.config.health is not None
    assert (image.config.health.interval, image.config.health.retries) == (2.0, 4)
    told_history = [line["CreatedBy"] for line in reversed(ours.client.images.get(tag).history())]
    assert [step.created_by for step in image.history] == told_history


def test_the_final_files_are_the_containers(ours: Ours, tag: str, image: Image) -> None:
    with contained(ours.client, ours, tag) as exported:
        theirs = {one.name.strip("/"): one.size for one in exported if one.isreg()}
    made_by_engine = {".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/resolv.conf"}
    mine = {path: entry.size for path, entry in image.files.items() if entry.kind == "file"}
    assert {path: size for path, size in theirs.items() if path not in made_by_engine} == mine


def test_what_layers_changed_and_hold(image: Image) -> None:
    *_, copied, removed = image.files.changes
    assert sorted(copied.added) == ["app/.env", "app/b", "app/deep/c"]
    assert removed == Change([], ["app/b"], ["app/.env"])
    assert [layer.in_base for layer in image.layers] == [True, False, False]
    assert [(one.place, one.path, one.gone) for one in image.found if one.place == "layer"] == [
        ("layer", "app/.env", True)
    ]
    assert [one.place for one in image.found if one.place != "layer"] == ["history"]


@contextlib.contextmanager
def contained(client: DockerClient, ours: Ours, tag: str) -> Iterator[list[tarfile.TarInfo]]:
    container = client.containers.create(tag, labels=ours.labels)
    try:
        whole = io.BytesIO(b"".join(container.export()))
        with tarfile.open(fileobj=whole) as archive:
            yield archive.getmembers()
    finally:
        container.remove()
