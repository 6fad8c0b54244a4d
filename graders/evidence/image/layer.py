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


class _Together:
    """Searches many small contents at once: nearly always, nothing stands in any of them."""

    def __init__(self, search: Search, scanned: Scanned) -> None:
        self._search, self._scanned = search, scanned
        self._waiting: list[tuple[str, bytes]] = []
        self._size = 0

    def add(self, path: str, content: bytes) -> None:
        """Search this content with the next ones."""
        self._waiting.append((path, content))
        self._size += len(content)
        if self._size > AT_ONCE:
            self.now()

    def now(self) -> None:
        """Search what waits."""
        if self._search.has(b"\0".join([content for _, content in self._waiting])):
            for path, content in self._waiting:
                self._scanned.found |= {(path, *one) for one in self._search.content(content)}
        self._waiting, self._size = [], 0


def scan(pieces: Iterable[bytes], search: Search, left: Left, known: frozenset[str], *, packed: bool) -> Scanned:
    """Read one layer's tar (`packed` by gzip) to its end. `known` are the digests of layers whose content is not searched.

    Raises ImageProblem for what is damaged or made to harm.
    """
    scanned, digest = Scanned(), hashlib.sha256()
    stream = Forward(_hashed(_unpacked(pieces) if packed else pieces, digest, left))
    searched = _Together(search, scanned)
    archives: list[tuple[str, bytes]] = []
    room, held = _MOST_TEXT, _MOST_ARCHIVES
    for member in members(stream):
        left.take(files=1)
        entry = _entry(member)
        if entry is None or _deletes(entry.path, scanned):
            continue
        scanned.entries.append(entry)
        scanned.size += entry.size
        searched.add(entry.path, f"{member.name}\0{member.target}".encode("utf-8", "surrogateescape"))
        if entry.size > LARGEST_ARCHIVE:
            scanned.found |= {(entry.path, *one) for one in search.pieces(stream.take(entry.size))}
        elif entry.size:
            content = stream.exactly(entry.size)
            searched.add(entry.path, content)
            if is_archive(content[:512]):
                if entry.size <= held:
                    archives.append((entry.path, content))
                    held -= entry.size
                else:
                    scanned.unsearched.append(entry.path)
            elif entry.size <= min(_LARGEST_TEXT, room) and _is_somebodys_text(entry.path, content):
                scanned.texts[entry.path] = content
                room -= entry.size
    searched.now()
    stream.rest()
    scanned.digest = f"sha256:{digest.hexdigest()}"
    if scanned.digest in known:
        scanned.found, scanned.texts, scanned.unsearched = set(), {}, []
    elif search.secrets:
        for path, content in archives:
            found, whole = search.packed(content)
            scanned.found |= {(path, *one) for one in found}
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
