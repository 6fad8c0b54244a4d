"""One layer as it streams by: its files, what it deletes, and the secrets and texts in it.

https://github.com/opencontainers/image-spec/blob/main/layer.md
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from graders.evidence.image.forward import AT_ONCE, Forward, cut_off
from graders.evidence.image.model import Entry
from graders.evidence.image.problem import ImageProblem, ImageTooLarge
from graders.evidence.image.search import LARGEST_ARCHIVE, Search, is_archive
from graders.evidence.image.tar_members import Member, members

_MOST_RATIO, _FREE = 200, 64 << 20
_LONGEST_PATH, _DEEPEST = 4096, 200
_LARGEST_TEXT, _MOST_TEXT = 256 << 10, 8 << 20
_MOST_ARCHIVES = 64 << 20  # held until the whole layer is known
_INSTALLED = re.compile(
    r"(^|/)(site-packages|dist-packages|node_modules|__pycache__)/|^(usr/(?!src/|local/(?!lib/|share/|include/))|lib|bin|sbin"
    r"|var/(lib|cache|log)/|boot|proc|sys|dev|etc/(ssl|ca-certificates|alternatives|apt|dpkg|pam\.d|terminfo)/)"
)


@dataclass
class Left:
    """What may still be read of the image."""

    bytes: int
    files: int

    def take(self, *, bytes: int = 0, files: int = 0) -> None:
        """Raises ImageTooLarge where that is more than is left."""
        self.bytes -= bytes
        self.files -= files
        if self.bytes < 0 or self.files < 0:
            raise ImageTooLarge("The image holds more than is looked at.", "Make it smaller: what in it is not needed?")


@dataclass
class Scanned:
    """What was in a layer. `texts` may be a person's work, `found` are (path, secret, form)."""

    digest: str = ""
    size: int = 0
    entries: list[Entry] = field(default_factory=list)
    removes: list[str] = field(default_factory=list)
    empties: list[str] = field(default_factory=list)
    found: set[tuple[str, str, str]] = field(default_factory=set)
    texts: dict[str, bytes] = field(default_factory=dict)
    unsearched: list[str] = field(default_factory=list)


def scan(pieces: Iterable[bytes], search: Search, left: Left, known: frozenset[str], *, packed: bool) -> Scanned:
    """Read one layer's tar (`packed` by gzip) to its end. `known` are the digests of layers whose content is not searched.

    Raises ImageProblem for what is damaged or made to harm.
    """
    scanned, digest = Scanned(), hashlib.sha256()
    stream = Forward(_hashed(_unpacked(pieces) if packed else pieces, digest, left))
    archives: list[tuple[str, bytes]] = []
    room = _MOST_TEXT
    held = _MOST_ARCHIVES
    for member in members(stream):
        left.take(files=1)
        entry = _entry(member)
        if entry is None or _deletes(entry.path, scanned):
            continue
        scanned.entries.append(entry)
        scanned.size += entry.size
        for secret, form in search.text(member.name) | (search.text(member.target) if member.target else frozenset()):
            scanned.found.add((entry.path, secret, form))
        if entry.kind != "file" or not entry.size:
            continue
        if entry.size <= LARGEST_ARCHIVE:
            content = stream.exactly(entry.size)
            if is_archive(content[:512]):
                if entry.size <= held and search.secrets:
                    archives.append((entry.path, content))
                    held -= entry.size
                elif search.secrets:
                    scanned.unsearched.append(entry.path)
            elif entry.size <= min(_LARGEST_TEXT, room) and _is_somebodys_text(entry.path, content):
                scanned.texts[entry.path] = content
                room -= entry.size
            contents: Iterable[bytes] = [content]
        else:
            contents = stream.take(entry.size)
        scanned.found |= {(entry.path, secret, form) for secret, form in search.pieces(contents)}
    stream.rest()
    scanned.digest = f"sha256:{digest.hexdigest()}"
    if scanned.digest in known:
        scanned.found, scanned.texts, scanned.unsearched = set(), {}, []
    else:
        for path, content in archives:
            found, whole = search.packed(content)
            scanned.found |= {(path, secret, form) for secret, form in found}
            scanned.unsearched += [] if whole else [path]
    return scanned


def _entry(member: Member) -> Entry | None:
    """The entry, its path made relative to the root of the image, however it was written; None for the root itself."""
    path = posixpath.normpath(f"/{member.name}").strip("/")
    if len(path) > _LONGEST_PATH or path.count("/") > _DEEPEST:
        raise ImageTooLarge("The image holds a path that is too long.", "Make it anew.")
    if not path:
        return None
    return Entry(path, member.kind, member.size, member.mode, member.user, member.group, member.target)


def _deletes(path: str, scanned: Scanned) -> bool:
    """Whether this is no file but the mark of a deletion. https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts"""
    folder, _, name = path.rpartition("/")
    if not name.startswith(".wh."):
        return False
    if name == ".wh..wh..opq":
        scanned.empties.append(folder)
    elif not name.startswith(".wh..wh."):
        scanned.removes.append(f"{folder}/{name[4:]}" if folder else name[4:])
    return True


def _is_somebodys_text(path: str, content: bytes) -> bool:
    """A text that a person may have written, rather than one that came with a package."""
    return b"\0" not in content[:8_000] and not _INSTALLED.search(path)


def _hashed(pieces: Iterable[bytes], digest: hashlib._Hash, left: Left) -> Iterator[bytes]:
    for piece in pieces:
        left.take(bytes=len(piece))
        digest.update(piece)
        yield piece


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """gzip's content; several gzip files one after another are one."""
    unpacker = zlib.decompressobj(31)
    taken = given = 0
    try:
        for piece in pieces:
            taken += len(piece)
            while piece:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(31)
                content = unpacker.decompress(piece, AT_ONCE)
                piece = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
                given += len(content)
                if given > taken * _MOST_RATIO + _FREE:
                    raise ImageTooLarge("A layer of the image unpacks to far more than it is.", "Make it anew.")
                if content:
                    yield content
    except zlib.error:
        raise ImageProblem("A layer of the image is damaged: it can't be unpacked.", "Make it anew.") from None
    if not unpacker.eof:
        raise cut_off()
