"""Bytes that come by once, in pieces of any size, taken in the sizes that a reader wants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graders.evidence.image.problem import ImageProblem

AT_ONCE = 1 << 20


class Forward:
    """Reads on from where it is; `position` counts what was taken. Holds one piece at a time."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece, self._at = b"", 0
        self.position = 0

    def exactly(self, count: int) -> bytes:
        """The next `count` bytes; raises ImageProblem where there are fewer. Only for counts that we know to be small."""
        found = self.upto(count)
        if len(found) < count:
            raise cut_off()
        return found

    def upto(self, count: int) -> bytes:
        """The next `count` bytes, or what is left."""
        start, end = self._at, self._at + count
        if end <= len(self._piece):
            self._at = end
            self.position += count
            return self._piece[start:end]
        return b"".join(self._some(count))

    def take(self, count: int) -> Iterator[bytes]:
        """The next `count` bytes in pieces of at most 1 MiB; raises ImageProblem where there are fewer."""
        left = count
        while left:
            size = min(left, AT_ONCE)
            yield self.exactly(size)
            left -= size

    def skip(self, count: int) -> None:
        """Pass over `count` bytes; raises ImageProblem where there are fewer."""
        until = self.position + count
        for _ in self._some(count):
            pass
        if self.position < until:
            raise cut_off()

    def rest(self) -> None:
        """Pass over all that is left."""
        while self.upto(AT_ONCE):
            pass

    def _some(self, count: int) -> Iterator[bytes]:
        while count:
            if self._at >= len(self._piece):
                self._piece, self._at = next(self._pieces, b""), 0
                if not self._piece:
                    return
            part = self._piece[self._at : self._at + count]
            self._at += len(part)
            self.position += len(part)
            count -= len(part)
            yield part


def cut_off() -> ImageProblem:
    """The stream ended in the middle."""
    return ImageProblem("The image ends in the middle of a file.", "Make it anew: was the disk full?")
