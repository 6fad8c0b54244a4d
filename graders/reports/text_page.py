"""Lays text out for a terminal: in its width, with the characters that it has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from graders.reports.safe_text import encodable, one_line
from graders.reports.wording import Look

_KEEP_TOGETHER = 48  # `code` up to this long is not split over two lines
_CODE = re.compile(r"`[^`]+`")
_GLUE = "\ue000"  # stands for a blank inside `code` while lines are wrapped; one cell wide


class Page:
    """Text in one width and one encoding; where that lacks one of the looks' shapes, all have their plain stand-ins."""

    def __init__(self, console: Console, width: int, looks: Iterable[Look], encoding: str | None = None) -> None:
        self.console = console
        self.width = width
        self.encoding = encoding or console.encoding or "ascii"
        shapes = "".join(look.shape for look in looks)
        self.ascii = encodable(shapes, self.encoding) != shapes

    def text(self, text: str, style: str = "") -> Text:
        """`text` on one line, safe and printable."""
        return Text(encodable(one_line(text), self.encoding), style=style)

    def shape(self, look: Look) -> str:
        """The shape of a look, or its stand-in."""
        return look.ascii if self.ascii else look.shape

    def wrapped(self, lead: Text, body: Text, room: int) -> Iterator[Text]:
        """`body` in lines of at most `room` cells, the first after `lead`, the others below it."""
        body.plain = _CODE.sub(lambda code: _glued(code[0], min(room, _KEEP_TOGETHER)), body.plain)
        for line in body.wrap(self.console, room, tab_size=1):
            line.rstrip()
            line.plain = line.plain.replace(_GLUE, " ")
            yield Text.assemble(lead, line)
            lead = Text(" " * lead.cell_len)

    def both_ends(self, lead: Text, body: Text, end: Text) -> Iterator[Text]:
        """`body` as `wrapped` lays it out, with `end` at the right of its first line."""
        first, *others = self.wrapped(lead, body, self.width - lead.cell_len - end.cell_len - 2)
        yield Text.assemble(first, " " * (self.width - first.cell_len - end.cell_len), end)
        yield from others

    def first_line(self, lead: Text, body: Text, room: int) -> Iterator[Text]:
        """`body` on one line, cut with “…” where it has more than `room` cells; nothing where there is none."""
        if body:
            yield Text.assemble(lead, self.cut(body, room))

    def cut(self, body: Text, room: int) -> Text:
        """`body`, or its beginning with “…” where it has more than `room` cells."""
        more = encodable("…", self.encoding)
        if body.cell_len > room:
            body.truncate(room - len(more), overflow="crop")
            body.rstrip()
            body.append(more)
        return body


def _glued(code: str, longest: int) -> str:
    return code.replace(" ", _GLUE) if len(code) <= longest else code
