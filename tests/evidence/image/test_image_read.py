"""An image is read in one pass, whatever shape it comes in, and what it holds is told layer by layer."""

from __future__ import annotations

import gzip
import io
import tarfile
from base64 import encodebytes
from pathlib import Path

import pytest

from graders.evidence.image.model import Config, Entry, Found, Health
from graders.evidence.image.read import read_image, read_layout
from tests.evidence.image.saved_images import in_folder, in_pieces, layout, saved, special, tar

SECRET = "canary-4f8a1b2c3d4e5f60718293a4b5c6d7e8"  # noqa: S105, it is made up
WORD = SECRET.encode()


def test_settings_and_history() -> None:
    config = {
        "User": "1000:1000", "Env": ["PATH=/bin", "A=b=c"], "Entrypoint": ["python"], "Cmd": ["-m", "widgets"],
        "WorkingDir": "/app", "Labels": {"commit": "abc"}, "ExposedPorts": {"8000/tcp": {}}, "StopSignal": "SIGINT",
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 2_500_000_000, "Retries": 3},
    }  # fmt: skip
    history = [
        {"created_by": "ADD rootfs"},
        {"created_by": "ENV A=b", "empty_layer": True},
        {"created_by": "COPY . .", "comment": "buildkit"},
    ]
    image = read_image(in_pieces(saved({"a": b"1"}, {"b": b"22"}, config=config, history=history)))
    assert image.config == Config(
        "1000:1000", {"PATH": "/bin", "A": "b=c"}, ("python",), ("-m", "widgets"), "/app", {"commit": "abc"}, ("8000/tcp",),
        (), "SIGINT", Health(("CMD", "true"), 2.5, 0.0, 0.0, 3),
    )  # fmt: skip
    assert [(step.created_by, step.layer, step.comment) for step in image.history] == [
        ("ADD rootfs", 0, ""),
        ("ENV A=b", None, ""),
        ("COPY . .", 1, "buildkit"),
    ]
    assert [(layer.created_by, layer.size) for layer in image.layers] == [("ADD rootfs", 1), ("COPY . .", 2)]
    assert (image.platform, image.tags, image.size) == ("linux/amd64", ("widgets:1",), 3)


def test_a_history_that_does_not_fit_is_joined_with_nothing() -> None:
    image = read_image([saved({"a": b""}, {"b": b""}, history=[{"created_by": "only one"}])])
    assert [step.layer for step in image.history] == [None]
    assert [layer.created_by for layer in image.layers] == ["", ""]


LAYERS = (
    {
        "etc/": None, "etc/a": b"a", "etc/b": b"bb", "opt/": None, "opt/old": b"old", "opt/deep/x": b"x", "tmp/y": b"y",
        "bin": special("bin", tarfile.SYMTYPE, "usr/bin"),
    },
    {"etc/.wh.a": b"", "etc/b": b"BBB", "opt/.wh..wh..opq": b"", "opt/new": b"n", ".wh.tmp": b"", "./srv/../srv/z": b"z"},
    {"opt": b"now a file", "etc/a": b"again", "hard": special("hard", tarfile.LNKTYPE, "etc/a")},
)  # fmt: skip


def test_layers_make_the_file_system_and_say_what_they_changed() -> None:
    image = read_image([saved(*LAYERS)])
    files = {path: (entry.kind, entry.size) for path, entry in image.files.items() if entry.kind != "folder"}
    assert files == {
        "bin": ("symlink", 0), "etc/a": ("file", 5), "etc/b": ("file", 3), "hard": ("link", 0), "opt": ("file", 10),
        "srv/z": ("file", 1),
    }  # fmt: skip
    assert [image.files.layer_of(path) for path in ("bin", "etc/a", "etc/b", "opt", "gone")] == [0, 2, 1, 2, -1]
    first, second, third = image.files.changes
    assert (sorted(first.added), first.changed, first.deleted) == (
        ["bin", "etc/a", "etc/b", "opt/deep/x", "opt/old", "tmp/y"],
        [],
        [],
    )
    assert (sorted(second.added), second.changed) == (["opt/new", "srv/z"], ["etc/b"])
    assert sorted(second.deleted) == ["etc/a", "opt/deep/x", "opt/old", "tmp/y"]
    assert (sorted(third.added), third.changed, third.deleted) == (["etc/a", "hard", "opt"], [], ["opt/new"])
    assert image.layers[1].removes == ("etc/a", "tmp")
    assert image.layers[1].empties == ("opt",)


def test_what_a_layer_hides_and_puts_anew_was_changed() -> None:
    image = read_image([saved({"a/x": b"1"}, {"a/.wh..wh..opq": b"", "a/x": b"2"})])
    assert image.files.changes[1].changed == ["a/x"]
    assert image.files.changes[1].deleted == []


def test_owner_mode_and_long_names() -> None:
    long = "d/" * 60 + "n" * 120
    info = tarfile.TarInfo(long)
    info.mode, info.uid, info.gid = 0o4755, 3_000_000, 7
    for format in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        image = read_image([saved(tar({"x": info}, format))])
        assert image.layers[0].entries == (Entry(long, "file", 0, 0o4755, 3_000_000, 7, ""),)


def test_names_that_lead_out_stay_inside() -> None:
    image = read_image([saved({"../../etc/shadow": b"x", "/abs": b"y", "a/../../b": b"z", "./": None})])
    assert sorted(image.files) == ["abs", "b", "etc/shadow"]


@pytest.mark.parametrize(
    "files",
    [
        {"app/.env": b"KEY=" + WORD},
        {"app/data.bin": b"\0" * 3_000_000 + WORD + b"\0" * 100},
        {"app/key": encodebytes(b"password: " + WORD + b"\n" * 60)},
        {"app/key.gz": gzip.compress(WORD)},
        {"app/backup.tar": tar({"x": WORD})},
        {f"app/{SECRET}": b""},
        {"app/link": special("app/link", tarfile.SYMTYPE, SECRET)},
    ],
    ids=["text", "large binary", "base64 in lines", "gzip", "tar", "name", "target of a link"],
)
def test_a_secret_in_a_layer_is_found_in_any_shape(files: dict[str, bytes]) -> None:
    image = read_image(in_pieces(saved({"x": b"nothing"}, files), 1 << 16), {"the key": SECRET})
    (path,) = files
    found = [(one.place, one.path, one.secret, one.layer, one.gone) for one in image.found]
    assert found == [("layer", path, "the key", 1, False)]
    assert read_image([saved({"x": b"nothing"})], {"the key": SECRET}).found == ()


def test_a_secret_over_the_border_of_two_pieces_is_found() -> None:
    for before in ((1 << 20) - 20, (1 << 20) - 1):
        content = b"\0" * before + WORD + b"\0" * (40 << 20)
        image = read_image(in_pieces(saved({"big": content}), 1 << 20), {"k": SECRET})
        assert [one.path for one in image.found] == ["big"]


def test_a_secret_that_a_later_layer_deletes_is_still_there() -> None:
    image = read_image([saved({"app/.env": WORD}, {"app/.wh..env": b""})], {"k": SECRET})
    assert image.found == (Found("layer", "app/.env", "k", "as it is", 0, gone=True),)
    image = read_image([saved({"app/.env": WORD}, {"app/.env": b"clean"})], {"k": SECRET})
    assert image.found == (Found("layer", "app/.env", "k", "as it is", 0, gone=True),)


def test_a_secret_in_the_settings_is_found() -> None:
    config = {"Env": [f"KEY={SECRET}"], "Labels": {"key": SECRET}, "Cmd": ["run", "--key", SECRET]}
    history = [{"created_by": f"|1 TOKEN={SECRET} /bin/sh -c true"}]
    image = read_image([saved({"a": b""}, config=config, history=history)], {"k": SECRET})
    assert [(one.place, one.path) for one in image.found] == [
        ("config", ""), ("env", "KEY"), ("history", "0"), ("label", "key"),
    ]  # fmt: skip


def test_the_base_is_left_out() -> None:
    base = tar({"etc/key": WORD, "app/config.py": b"text"})
    plain = read_image([saved(base, {"app/b.py": b"x"})], {"k": SECRET})
    image = read_image([saved(base, {"app/b.py": b"x"})], {"k": SECRET}, [plain.layers[0].digest])
    assert [one.path for one in plain.found] == ["etc/key"]
    assert image.found == ()
    assert [layer.in_base for layer in image.layers] == [True, False]
    assert list(image.texts) == ["layer 2: app/b.py"]
    assert (image.own_size, plain.own_size) == (1, 44)


def test_an_oci_layout_as_a_folder_and_as_a_tar(tmp_path: Path) -> None:
    files = layout({"a": b"1"}, {"app/.env": WORD}, config={"User": "7"})
    for image in (
        read_layout(in_folder(files, tmp_path), {"k": SECRET}),
        read_image(in_pieces(tar(files)), {"k": SECRET}),
    ):
        assert image.config.user == "7"
        assert [one.path for one in image.found] == ["app/.env"]
        assert sorted(image.files) == ["a", "app/.env"]


def test_a_layer_that_is_there_twice() -> None:
    image = read_image([saved({"a": b"1"}, {"b": b"1"}, {"a": b"1"})])
    assert [len(layer.entries) for layer in image.layers] == [1, 1, 1]
    assert image.layers[0].digest == image.layers[2].digest


def test_one_of_several_images_is_chosen_by_its_tag() -> None:
    with tarfile.open(fileobj=io.BytesIO(saved({"a": b""}, tags=["one:1"]))) as archive:
        parts = {one.name: archive.extractfile(one).read() for one in archive if one.isfile()}  # type: ignore[union-attr]
    with tarfile.open(fileobj=io.BytesIO(saved({"b": b""}, {"c": b""}, tags=["two:1"]))) as archive:
        others = {one.name: archive.extractfile(one).read() for one in archive if one.isfile()}  # type: ignore[union-attr]
    renamed = {name.replace("0" * 60, "f" * 60): data for name, data in others.items()}
    manifest = parts["manifest.json"][:-1] + b"," + others["manifest.json"].replace(b"0" * 60, b"f" * 60)[1:]
    both = tar({**parts, **renamed, "manifest.json": manifest})
    assert list(read_image([both], tag="one:1").files) == ["a"]
    assert list(read_image([both], tag="two:1").files) == ["b", "c"]
