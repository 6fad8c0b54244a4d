"""A secret is found wherever it was put: as it is, encoded, and in archives of every kind; nothing else is."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from urllib.parse import quote, quote_plus

import pytest

from graders.evidence.canary import Sighting, forms, search

SECRET = "s3cr/et+va=lue 7Kq"  # noqa: S105
SECRETS = {"DEPLOY_TOKEN": SECRET, "OTHER": "never-seen-anywhere-42"}


def found(content: bytes, name: str = "file") -> list[Sighting]:
    return list(search({name: content}, SECRETS).sightings)


def tar_of(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def zip_of(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_nothing_is_found_where_nothing_is() -> None:
    assert found(b"DEPLOY_TOKEN is set, and its value is not here") == []
    assert found(SECRET[:-1].encode()) == []


def test_as_it_is() -> None:
    assert found(b"token: " + SECRET.encode() + b"\n") == [Sighting("file", "DEPLOY_TOKEN", "as it is")]


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "user:"])
@pytest.mark.parametrize("after", ["", "x", "xy", "\n"])
def test_base64_at_every_alignment(before: str, after: str) -> None:
    encoded = base64.b64encode(f"{before}{SECRET}{after}".encode())

    assert found(b"Authorization: Basic " + encoded) == [Sighting("file", "DEPLOY_TOKEN", "in base64")]


def test_base64_with_line_breaks_and_for_addresses() -> None:
    long = base64.encodebytes(b"x" * 70 + SECRET.encode() + b"y" * 70)

    assert found(long) == [Sighting("file", "DEPLOY_TOKEN", "in base64")]
    assert found(base64.urlsafe_b64encode(SECRET.encode())) == [Sighting("file", "DEPLOY_TOKEN", "in base64")]


@pytest.mark.parametrize("text", [quote(SECRET, safe=""), quote(SECRET), quote_plus(SECRET), quote(SECRET).lower()])
def test_url_encoded(text: str) -> None:
    expected = [Sighting("file", "DEPLOY_TOKEN", "URL-encoded")]

    assert found(f"https://user:{text}@example.org".encode()) == (expected if "K" in text else [])


def test_escapes_in_lower_case() -> None:
    text = quote(SECRET, safe="").replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d")

    assert found(text.encode()) == [Sighting("file", "DEPLOY_TOKEN", "URL-encoded")]


def test_in_the_name_of_a_file() -> None:
    assert found(b"", name=f"build/{SECRET}.txt") == [Sighting(f"build/{SECRET}.txt", "DEPLOY_TOKEN", "as it is")]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed(pack: object) -> None:
    packed = pack(b"env: " + SECRET.encode())  # type: ignore[operator]

    assert found(packed) == [Sighting("file", "DEPLOY_TOKEN", "as it is")]


def test_archives_in_archives() -> None:
    wheel = zip_of(inner=tar_of(deep=gzip.compress(SECRET.encode())))

    assert found(wheel, "dist.whl") == [Sighting("dist.whl: inner: deep", "DEPLOY_TOKEN", "as it is")]


def test_the_member_is_named_and_not_the_whole_archive() -> None:
    assert found(tar_of(netrc=SECRET.encode()), "c.tar") == [Sighting("c.tar: netrc", "DEPLOY_TOKEN", "as it is")]


def test_what_is_too_deep_or_too_large_is_named_and_never_silent() -> None:
    deep = SECRET.encode()
    for _ in range(6):
        deep = gzip.compress(deep)
    bomb = gzip.compress(bytes(257 << 20), compresslevel=1)

    assert search({"deep.gz": deep}, SECRETS).too_large == ("deep.gz",)
    assert search({"bomb.gz": bomb}, SECRETS).too_large == ("bomb.gz",)


def test_a_damaged_archive_is_searched_as_far_as_it_goes() -> None:
    whole = tar_of(first=SECRET.encode(), second=bytes(20_000))

    assert found(whole[:1500], "cut.tar")
    assert found(zip_of(first=b"nothing")[:40], "cut.zip") == []


def test_the_forms_are_texts_by_name() -> None:
    assert set(forms(SECRET)) == {"as it is", "in base64", "URL-encoded"}
    assert forms("plainletters")["URL-encoded"] == ()
