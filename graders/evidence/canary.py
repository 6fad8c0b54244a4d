"""Look for secrets that we handed out: in texts, in files, and in the archives among them, as they are or encoded.

A secret is found plain, in base64 (at any of its three alignments, with line breaks or without), or URL-encoded. Masking in
logs covers the plain form alone. https://docs.github.com/en/actions/reference/security/secure-use#use-secrets-for-sensitive-information
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO
from urllib.parse import quote, quote_plus

_DEEPEST = 4  # archives in archives
_MOST_MEMBERS = 20_000
_MOST_BYTES = 1 << 30  # unpacked, in all
_MOST_AT_ONCE = 128 << 20  # of one member
_WHITE = bytes.maketrans(b"", b""), b"\r\n\t "
_BROKEN = (
    OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, RuntimeError,
    NotImplementedError,
)  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Sighting:
    """A secret that was seen: where (a member of an archive as `archive: member`), which one, and in which form.

    `form` is `as it is`, `in base64` or `URL-encoded`.
    """

    place: str
    secret: str
    form: str


@dataclass(frozen=True, slots=True)
class Search:
    """What a search saw, and the places that could not be searched, as they unpack to too much."""

    sightings: tuple[Sighting, ...]
    too_large: tuple[str, ...] = ()


def search(files: Mapping[str, bytes], secrets: Mapping[str, str]) -> Search:
    """Where the values of `secrets` (by name) stand in `files` (path to content): names, contents, and archives' members.

    tar, zip (a wheel too), gzip, bzip2 and xz are looked into, up to 4 deep, 128 MiB a file and
    1 GiB in all. Values should be long and random: a short one is found by chance.
    """
    wanted = {name: forms(value) for name, value in secrets.items() if value}
    budget = Budget()
    found: set[Sighting] = set()
    for path, content in sorted(files.items()):
        for place, data in budget.unpacked(path, content):
            found |= {
                Sighting(place, name, form) for name, known in wanted.items() for form in _forms_in(data, known)
            }  # fmt: skip
    return Search(tuple(sorted(_closest(found))), tuple(budget.too_large))


def _closest(found: set[Sighting]) -> Iterator[Sighting]:
    """Without an archive as a whole, where what is in it was seen in one of its members, too."""
    for one in found:
        inside = (other for other in found if (other.secret, other.form) == (one.secret, one.form))
        if not any(other.place.startswith(f"{one.place}: ") for other in inside):
            yield one


def forms(value: str) -> Mapping[str, tuple[bytes, ...]]:
    """The texts that give a secret away, by the name of the form."""
    plain = value.encode()
    quoted = {quote(value, safe=""), quote(value), quote_plus(value)} - {value}
    lower = {_lower_escapes(one) for one in quoted}
    return {
        "as it is": (plain,),
        "in base64": tuple(sorted(_in_base64(plain))),
        "URL-encoded": tuple(sorted(one.encode() for one in quoted | lower)),
    }


def _forms_in(data: bytes, known: Mapping[str, tuple[bytes, ...]]) -> Iterator[str]:
    dense = data.translate(*_WHITE)  # base64 and mail break lines
    for form, texts in known.items():
        if any(text in data or text in dense for text in texts):
            yield form


def _in_base64(plain: bytes) -> set[bytes]:
    """What base64 makes of it wherever it stands: the characters that depend on nothing around it."""
    found = set()
    for before in range(3):
        encoded = b64encode(b"\0" * before + plain)
        sure = encoded[-(-before * 8 // 6) : (before + len(plain)) * 8 // 6]
        found |= {sure, sure.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def _lower_escapes(quoted: str) -> str:
    """`%2F` as `%2f`, which means the same."""
    head, *rest = quoted.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])


class Budget:
    """What may still be unpacked; `too_large` are the places where it did not suffice."""

    def __init__(self) -> None:
        self.members, self.bytes = _MOST_MEMBERS, _MOST_BYTES
        self.too_large: list[str] = []

    def unpacked(self, place: str, data: bytes, depth: int = 0) -> Iterator[tuple[str, bytes]]:
        """The content at `place`, its name, and in turn those of every member where it is an archive."""
        yield place, place.encode("utf-8", "replace")
        yield place, data
        if depth >= _DEEPEST:
            if _opens(data):
                self.too_large.append(place)
            return
        try:
            for name, stream in _members(data):
                packed = not name and _opens(data) != "tar"
                most = min(self.bytes, _MOST_AT_ONCE * (2 if packed else 1))
                content = stream.read(most + 1)
                self.bytes, self.members = self.bytes - len(content), self.members - 1
                if len(content) > most or self.members < 0:
                    self.bytes = max(self.bytes, 0)
                    self.too_large.append(place)
                    return
                yield from self.unpacked(f"{place}: {name}" if name else place, content, depth + 1)
        except _BROKEN:
            return  # cut off or damaged: what could be read was


def _opens(data: bytes) -> str:
    """The kind of archive, or empty."""
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    for start, kind in ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz")):
        if data.startswith(start):
            return kind
    return "tar" if data[257:262] == b"ustar" else ""


def _members(data: bytes) -> Iterable[tuple[str, IO[bytes]]]:
    kind = _opens(data)
    if kind == "zip":
        return _in_zip(data)
    if kind == "tar":
        return _in_tar(data)
    plain = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}.get(kind)
    return [("", plain(io.BytesIO(data)))] if plain else []  # type: ignore[operator]


def _in_zip(data: bytes) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            with archive.open(member) as stream:
                yield member.filename, stream


def _in_tar(data: bytes) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            yield member.name, content or io.BytesIO(member.linkname.encode("utf-8", "replace"))
