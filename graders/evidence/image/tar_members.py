"""The members of a tar as it streams by: POSIX ustar and pax, GNU's long names and large numbers.

`tarfile` is not made for this: a pax header of its own size takes it minutes, and an image has ten thousand members, each
of which costs it ten times as much. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from graders.evidence.image.forward import Forward
from graders.evidence.image.problem import ImageProblem, ImageTooLarge

MOST_HEADER = 64 << 10
_BLOCK = 512
_EMPTY = bytes(_BLOCK)
_KINDS = {
    b"0": "file", b"\0": "file", b"7": "file", b"1": "link", b"2": "symlink", b"3": "device", b"4": "device", b"5": "folder",
    b"6": "pipe",
}  # fmt: skip


class Member(NamedTuple):
    """One member: `kind` is file, folder, link (to another member), symlink, device or pipe; `target` where a link leads."""

    name: str
    kind: str
    size: int
    mode: int
    user: int
    group: int
    target: str


@dataclass
class _Header:
    """What pax and GNU headers say of the next member."""

    name: str = ""
    target: str = ""
    size: int = -1
    user: int = -1
    group: int = -1


def members(stream: Forward) -> Iterator[Member]:
    """Each member, with `stream` at its content, which the caller may take in whole, in part or not at all.

    Raises ImageProblem for what is no tar or is cut off, ImageTooLarge for a header of more than 64 KiB.
    """
    extra, defaults = _Header(), _Header()
    while True:
        block = stream.upto(_BLOCK)
        if not block or block == _EMPTY:
            return
        if len(block) < _BLOCK or not _is_sound(block):
            raise ImageProblem("A part of the image is no tar archive, or is damaged.", "Make it anew.")
        kind, size = block[156:157], _number(block[124:136])
        if kind in b"xgLK" and kind:
            payload = _payload(stream, size)
            if kind == b"g":
                _pax(payload, defaults)
            elif kind == b"x":
                _pax(payload, extra)
            elif kind == b"L":
                extra.name = _text(payload.split(b"\0", 1)[0])
            else:
                extra.target = _text(payload.split(b"\0", 1)[0])
            continue
        member = _member(block, kind, size, extra, defaults)
        extra = _Header()
        start = stream.position
        yield member
        until = start + member.size + -member.size % _BLOCK
        if stream.position > until:
            raise AssertionError("more was taken than the member holds")
        stream.skip(until - stream.position)


def _member(block: bytes, kind: bytes, size: int, extra: _Header, defaults: _Header) -> Member:
    name = extra.name or defaults.name
    if not name:
        name = _text(block[:100].split(b"\0", 1)[0])
        prefix = block[345:500].split(b"\0", 1)[0] if block[257:263] == b"ustar\0" else b""
        name = f"{_text(prefix)}/{name}" if prefix else name
    known = _KINDS.get(kind)
    if known is None:
        raise ImageProblem(f"The image holds a member of an unknown kind ({kind!r}).", "Make it anew.")
    given = max(extra.size, defaults.size)
    real = (given if given >= 0 else size) if known == "file" else 0
    if real < 0:
        raise ImageProblem("A file in the image has a negative size.", "Make it anew.")
    if known == "file" and kind != b"7" and name.endswith("/"):
        known = "folder"  # as tar was written before 1988
    target = (extra.target or defaults.target or _text(block[157:257].split(b"\0", 1)[0])) if "link" in known else ""
    user = extra.user if extra.user >= 0 else _number(block[108:116])
    group = extra.group if extra.group >= 0 else _number(block[116:124])
    return Member(name, known, real, _number(block[100:108]), user, group, target)


def _payload(stream: Forward, size: int) -> bytes:
    if not 0 <= size <= MOST_HEADER:
        raise ImageTooLarge("The image holds a file whose name or header is larger than 64 KiB.", "Make it anew.")
    payload = stream.exactly(size)
    stream.skip(-size % _BLOCK)
    return payload


def _pax(payload: bytes, into: _Header) -> None:
    """Records such as `27 path=a/long/name\\n`, their length in front."""
    at = 0
    while at < len(payload):
        space = payload.find(b" ", at, at + 8)
        digits = payload[at:space] if space > at else b""
        if not digits.isdigit() or int(digits) <= space - at or at + int(digits) > len(payload):
            raise ImageProblem("A header in the image is damaged.", "Make it anew.")
        key, _, value = payload[space + 1 : at + int(digits) - 1].partition(b"=")
        at += int(digits)
        if key == b"path":
            into.name = _text(value)
        elif key == b"linkpath":
            into.target = _text(value)
        elif key in (b"size", b"uid", b"gid"):
            if not value.isdigit() or len(value) > 20:
                raise ImageProblem("A header in the image is damaged.", "Make it anew.")
            setattr(into, {b"size": "size", b"uid": "user", b"gid": "group"}[key], int(value))


def _is_sound(block: bytes) -> bool:
    """The sum of the header's bytes, its own eight counted as spaces."""
    return sum(block) - sum(block[148:156]) + 8 * 32 == _number(block[148:156])


def _number(field: bytes) -> int:
    """Octal digits, or base 256 where the first bit is set; -1 for neither."""
    if field[0] in (0x80, 0xFF):
        return int.from_bytes(field[1:], "big", signed=field[0] == 0xFF)
    digits = field.strip(b" \0")
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        return -1


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
