"""The images that a Dockerfile begins with: there already, or said why not; a stand-in only where nothing else is."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import closing

import pytest
from docker import DockerClient

from graders.runners.engine.base_images import Base, NoBase, provide
from graders.runners.engine.connection import Engine
from graders.runners.engine.stand_in import LABEL, Wanted, wanted


@pytest.fixture
def client(engine: Engine) -> Iterator[DockerClient]:
    with closing(engine.client(600)) as client:
        yield client


@pytest.mark.parametrize(
    ("reference", "is_for"),
    [
        ("python:3.12-slim", Wanted("python", "3.12", True)),
        ("python:3.12.1-slim-bookworm", Wanted("python", "3.12.1", True)),
        ("docker.io/library/python:3.13", Wanted("python", "3.13", False)),
        ("python", Wanted("python", "", False)),
        ("python:slim", Wanted("python", "", True)),
        (f"python:3.12-slim@sha256:{'0' * 64}", Wanted("python", "3.12", True)),
        ("node:22-slim", Wanted("node", "22", True)),
        ("node:lts", Wanted("node", "", False)),
        ("python:3.12-alpine", None),
        ("ghcr.io/someone/python:3.12", None),
        ("pypy:3", None),
    ],
)
def test_what_a_stand_in_can_stand_in_for(reference: str, is_for: Wanted | None) -> None:
    assert wanted(reference) == is_for


def test_what_is_there_is_taken_as_it_is(client: DockerClient) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("none"))
    client.api.import_image_from_data(archive.getvalue(), "python", "3.12-slim-bullseye")
    try:
        before = client.images.get("python:3.12-slim-bullseye").id
        (found,) = provide(client, ["python:3.12-slim-bullseye"])
        assert found == Base("python:3.12-slim-bullseye", 0)
        assert client.images.get("python:3.12-slim-bullseye").id == before  # a real one, for all that we know
    finally:
        client.images.remove("python:3.12-slim-bullseye")


def test_what_nobody_has_is_said(client: DockerClient) -> None:
    (found,) = provide(client, ["registry.invalid/team/base:1"])
    assert isinstance(found, NoBase)
    assert not found.missing
    assert "registry.invalid cannot be reached" in found.why


def test_scratch_needs_nothing(client: DockerClient) -> None:
    assert provide(client, ["scratch"]) == ()


def test_a_python_image_has_its_python_and_packages_without_a_network(client: DockerClient) -> None:
    (found,) = provide(client, ["python:3.12-slim"])
    if isinstance(found, NoBase):
        pytest.skip(f"builds on a base image: {found.why} {found.next}")
    if not found.stand_in:
        pytest.skip("stand-ins for base images: the real one is there")
    said = client.containers.run(
        found.name, ["sh", "-c", "python --version && pip download -q -d /tmp uvicorn fastapi && ls /tmp"], network_mode="none",
        remove=True,
    ).decode()  # fmt: skip
    assert said.startswith("Python 3.12.")
    assert "fastapi" in said
    labels = client.images.get(found.name).labels
    assert labels[LABEL] == found.stand_in
