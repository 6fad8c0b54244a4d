"""What a browser would make of a fragment: its tags with their attributes, and its text."""

from __future__ import annotations

from base64 import b64decode
from html.parser import HTMLParser
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

DATA = "data:image/svg+xml;base64,"


class Outline(HTMLParser):
    def __init__(self, fragment: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.values: dict[str, list[str]] = {}
        self.words: list[str] = []
        self.images: list[dict[str, str]] = []
        self._in_style = False
        self.feed(fragment)
        self.close()

    @property
    def text(self) -> str:
        """All text but the style's, white space collapsed."""
        return " ".join("".join(self.words).split())

    @property
    def drawing(self) -> Element:
        """The picture, parsed as XML."""
        return ElementTree.fromstring(b64decode(self.images[0]["src"].removeprefix(DATA)))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        for name, value in attrs:
            self.values.setdefault(name, []).append(value or "")
        self._in_style = tag == "style"
        if tag == "img":
            self.images.append({name: value or "" for name, value in attrs})
        if tag in ("br", "li", "dd", "dt", "p"):
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_comment(self, data: str) -> None:
        self.tags.append(("!--", ()))

    def unknown_decl(self, data: str) -> None:
        self.tags.append(("![", ()))

    def handle_data(self, data: str) -> None:
        if not self._in_style:
            self.words.append(data)
