"""Images that are damaged or made to harm end in a sentence, soon, and leave nothing behind."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.evidence.image.problem import ImageProblem, ImageTooLarge
from graders.evidence.image.read import read_image, read_layout
from tests.evidence.image.saved_images import digest_of, in_folder, layout, saved, special, tar

GOOD = saved({"a": b"1" * 2000, "b": b"2"})


def test_links_and_devices_are_only_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    image = read_image(
        [
            saved(
                {
                    "etc/passwd": special("etc/passwd", tarfile.SYMTYPE, "/etc/passwd"),
                    "hard": special("hard", tarfile.LNKTYPE, "../../../etc/shadow"),
                    "disk": special("disk", tarfile.BLKTYPE),
                    "pipe": special("pipe", tarfile.FIFOTYPE),
                }
            )
        ]
    )
    assert [entry.kind for entry in image.files.values()] == ["device", "symlink", "link", "pipe"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", [1, 511, 513, 1600, 2500, len(GOOD) // 2])
def test_a_stream_that_is_cut_off(cut: int) -> None:
    with pytest.raises(ImageProblem):
        read_image([GOOD[:cut]])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no image"),
        (b"x" * 5000, "no tar archive"),
        (b"\0" * 10_240, "no image"),
        (tar({"hello": b"world"}), "no image"),
        (tar({"manifest.json": b"[{"}), "can't be read"),
        (tar({"manifest.json": b"[" * 100_000}), "can't be read"),
        (tar({"manifest.json": b"[]"}), "holds no images"),
        (tar({"manifest.json": b'[{"Config": "x"}]'}), "configuration is not in it"),
        (tar({"manifest.json": b'[{"Config": "x"}]', "x": b"[1]"}), "can't be read"),
        (tar({"index.json": b'{"manifests": []}'}), "holds no images"),
        (GOOD.replace(b"1" * 2000, b"1" * 1999 + b"3"), "not those that its configuration names"),
        (GOOD.replace(b"step 0", b"step 1"), "changed or damaged"),
        (tar({"x": b"\x28\xb5\x2f\xfd rest", "manifest.json": b'[{"Config":"c","Layers":["x"]}]', "c": b"{}"}), "zstd"),
    ],
)
def test_what_is_no_sound_image(data: bytes, says: str) -> None:
    with pytest.raises(ImageProblem, match=says):
        read_image([data])


def pax(records: bytes) -> bytes:
    """A layer whose one file has a pax header of these records."""
    info = tarfile.TarInfo("header")
    info.type, info.size = tarfile.XHDTYPE, len(records)
    return info.tobuf() + records + b"\0" * (-len(records) % 512) + tar({"a": b"1"})


@pytest.mark.parametrize(
    "layer",
    [
        pax(b"1" * 40_000),
        pax(b"20 path=short\n"),
        pax(b"0 path=x\n"),
        pax(b"12 size=-100\n"),
        pax(b"30 size=99999999999999999999999\n"),
        pax(b"9" * 70_000),
        tar({"x": special("x", b"Z")}),
        tar({"a/" * 300 + "b": b"1"}),
        tar({"n" * 5_000: b"1"}),
    ],
    ids=["digits", "too long", "nothing", "negative", "huge number", "huge header", "unknown kind", "deep", "long"],
)
def test_headers_made_to_harm(layer: bytes) -> None:
    with pytest.raises(ImageProblem):
        read_image([saved(layer)])


def test_a_size_of_a_header_that_nothing_follows_takes_no_memory() -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 8 << 30
    tracemalloc.start()
    try:
        with pytest.raises(ImageTooLarge, match="64 KiB"):
            read_image([saved(info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 1024)])
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_a_layer_that_unpacks_to_far_more_than_it_is(tmp_path: Path) -> None:
    files = layout({"a": b"1"})
    bomb = gzip.compress(b"\0" * (100 << 20))
    with pytest.raises(ImageTooLarge, match="far more"):
        read_layout(in_folder({**files, f"blobs/sha256/{digest_of(bomb)}": bomb}, tmp_path))


def test_what_is_larger_than_is_looked_at() -> None:
    with pytest.raises(ImageTooLarge, match="more than is looked at"):
        read_image([saved({"a": b"1" * 100_000})], most_bytes=50_000)


def test_too_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graders.evidence.image.read.MOST_FILES", 10)
    with pytest.raises(ImageTooLarge, match="more than is looked at"):
        read_image([saved({f"f{number}": b"" for number in range(11)})])


def test_an_archive_in_it_that_unpacks_to_far_more_is_named() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * (130 << 20))
    image = read_image([saved({"app/bomb.zip": bomb.getvalue()})], {"k": "canary-0123456789abcdef"})
    assert image.unsearched == ("app/bomb.zip",)


def test_a_layout_whose_parts_are_links_elsewhere(tmp_path: Path) -> None:
    files = layout({"a": b"1"})
    folder = in_folder({path: data for path, data in files.items() if path != "index.json"}, tmp_path / "layout")
    (tmp_path / "elsewhere").write_bytes(files["index.json"])
    (folder / "index.json").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(folder / "manifest.json")
    with pytest.raises(ImageProblem, match="no image"):
        read_layout(folder)


def test_a_configuration_of_odd_shapes_is_read_as_far_as_it_goes() -> None:
    odd = {"Env": "x", "Labels": [1], "Cmd": {"a": 1}, "User": 7, "Healthcheck": {"Test": ["CMD"], "Interval": "x"}}
    image = read_image([saved({"a": b""}, config=odd, history=[])], {"k": "canary-0123456789abcdef"})
    assert image.config.env == {}
    assert image.config.user == ""
    assert image.config.health is not None
    assert image.config.health.interval == 0.0


def large_image(megabytes: int) -> Iterator[bytes]:
    """A saved image with one file of that size, made as it is read."""
    info = tarfile.TarInfo("big")
    info.size = megabytes << 20
    outer = tarfile.TarInfo("x/layer.tar")
    outer.size = 512 + info.size + 1024
    yield outer.tobuf()
    yield info.tobuf()
    for number in range(megabytes):
        yield bytes([number % 256]) * (1 << 20)
    yield b"\0" * 1024
    yield tar({"manifest.json": json.dumps([{"Config": "c", "Layers": ["x/layer.tar"]}]).encode(), "c": b"{}"})


def test_memory_does_not_grow_with_the_image() -> None:
    def peak(megabytes: int) -> int:
        tracemalloc.start()
        try:
            with pytest.raises(ImageProblem, match="not those that its configuration names"):
                read_image(large_image(megabytes), {"k": "canary-0123456789abcdef"})
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    small, large = peak(40), peak(160)
    assert large < small + (1 << 20)
    assert large < 24 << 20
