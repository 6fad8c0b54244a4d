"""Look for secrets in content as it streams by: names, contents, and what is packed in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graders.evidence.canary import Budget, forms, search

LARGEST_ARCHIVE = 32 << 20
_PIECE = 16
Sightings = frozenset[tuple[str, str]]
"""Names of secrets, each with the form in which it stands."""
_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")


class Search:
    """Searches many contents for the same `secrets` (name to value), as `canary.search` does.

    What is told here is the secret's name and the form in which it stands.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self.secrets = {name: value for name, value in secrets.items() if value}
        texts = [text for value in self.secrets.values() for known in forms(value).values() for text in known]
        # A text that is broken by the end of a line, once, still has its first or its last letters in one piece.
        self._pieces = sorted({part for text in texts for part in (text[:_PIECE], text[-_PIECE:])})
        self._overlap = 2 * max(map(len, texts), default=0)
        self._budget = Budget()

    def has(self, data: bytes) -> bool:
        """Whether something may stand in `data`: nearly always right, and quick."""
        return any(piece in data for piece in self._pieces)

    def text(self, text: str) -> Sightings:
        """What stands in one short text."""
        return self.content(text.encode("utf-8", "surrogateescape"))

    def content(self, data: bytes) -> Sightings:
        """What stands in one content."""
        return frozenset(_in_plain(data, self.secrets)) if self.has(data) else frozenset()

    def pieces(self, pieces: Iterable[bytes]) -> Sightings:
        """What stands in a content that comes in pieces; takes them all."""
        found: Sightings = frozenset()
        tail = b""
        for piece in pieces:
            window = tail + piece
            found |= self.content(window)
            tail = window[-self._overlap :] if self._overlap else b""
        return found

    def packed(self, content: bytes) -> tuple[Sightings, bool]:
        """What stands in an archive's members, and whether all of them could be searched."""
        self._budget.too_large = []
        found: Sightings = frozenset()
        for _, data in self._budget.unpacked("", content):
            found |= self.content(data)
        return found, not self._budget.too_large


def is_archive(beginning: bytes) -> bool:
    """Whether a content that begins so is one that `Search.packed` looks into."""
    return beginning.startswith(_ARCHIVES) or beginning[257:262] == b"ustar"


def _in_plain(data: bytes, secrets: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    # Behind a letter, no content is taken for an archive.
    seen = search({"": b" " + data}, secrets)
    return ((one.secret, one.form) for one in seen.sightings)
