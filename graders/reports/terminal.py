"""The report in a terminal: one screen, readable without colour, safe whatever a submission calls its branches."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from graders.criterion import Kind
from graders.reports import wording
from graders.reports.safe_text import encodable, one_line
from graders.result import Judged, Result

WIDTH = 100
_NARROWEST = 40
_LEAD = 16  # the column of verdicts and labels
_KEEP_TOGETHER = 48  # `code` up to this long is not split over two lines
_CODE = re.compile(r"`[^`]+`")
_GLUE = "\ue000"  # stands for a blank inside `code` while lines are wrapped; one cell wide
_COLOURS = {
    "passed": "green",
    "failed": "bold red",
    "cannot check": "yellow",
    "grader error": "magenta",
    "waiting": "dim",
}


def render(result: Result, width: int | None = None, color: bool | None = None) -> str:
    """The report as text, 100 columns wide and without colour unless told otherwise: same result, same bytes."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=width or WIDTH,
        force_terminal=bool(color),
        color_system="standard" if color else None,
        legacy_windows=False,
        _environ={},
    )
    show(result, console)
    return out.getvalue()


def show(result: Result, console: Console) -> None:
    """Print the report on `console`, in its width, with the characters and colours that it has."""
    width = max(min(console.width, WIDTH), _NARROWEST)
    for line in _report(_Page(console, width), result):
        line.rstrip()
        console.print(line, soft_wrap=True, highlight=False)


class _Page:
    """Lays text out in one width and one encoding."""

    def __init__(self, console: Console, width: int) -> None:
        self.console = console
        self.width = width
        self.encoding = console.encoding or "ascii"
        shapes = "".join(look.shape for look in [*wording.LOOKS.values(), wording.WAITING])
        self.ascii = encodable(shapes, self.encoding) != shapes

    def text(self, text: str, style: str = "") -> Text:
        return Text(encodable(one_line(text), self.encoding), style=style)

    def shape(self, look: wording.Look) -> str:
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
        more = encodable("…", self.encoding)
        if body.cell_len > room:
            body.truncate(room - len(more), overflow="crop")
            body.rstrip()
            body.append(more)
        if body:
            yield Text.assemble(lead, body)


def _glued(code: str, longest: int) -> str:
    return code.replace(" ", _GLUE) if len(code) <= longest else code


def _report(page: _Page, result: Result) -> Iterator[Text]:
    score = page.text(wording.score(result), "bold")
    yield from page.both_ends(Text(), page.text(wording.heading(result), "bold"), score)
    yield Text(("-" if page.ascii else "─") * page.width, "dim")
    numbers = {judged.criterion.title: number for number, judged in enumerate(result.criteria, start=1)}
    after_details = False
    for number, judged in enumerate(result.criteria, start=1):
        if after_details:
            yield Text()
        yield from _heading(page, judged, number, numbers.get(wording.waits_for(judged.verdict)))
        details = list(_details(page, judged))
        yield from details
        after_details = len(details) > 1
    if result.notes:
        yield Text()
    for note in result.notes:
        yield from page.wrapped(Text("Note: ", style="dim"), page.text(note), page.width - 6)
    yield Text()
    yield from _closing(page, result)


def _heading(page: _Page, judged: Judged, number: int, waits_for: int | None) -> Iterator[Text]:
    look = wording.look(judged.verdict)
    waiting = look is wording.WAITING
    lead = Text(f"{page.shape(look)} {look.word}".ljust(_LEAD), _COLOURS[look.word])
    points = page.text(wording.points(judged), "dim" if waiting else "")
    title = page.text(f"{number}. {judged.criterion.title}", "dim" if waiting else "bold")
    if waiting:
        title.append(f" (after {waits_for})" if waits_for else "")
    yield from page.both_ends(lead, title, points)


def _details(page: _Page, judged: Judged) -> Iterator[Text]:
    verdict = judged.verdict
    if wording.waits(verdict):
        return
    if verdict.kind is Kind.PASSED:
        yield from page.first_line(Text(" " * _LEAD), page.text(verdict.found, "dim"), page.width - _LEAD)
        return
    for label, text in [
        ("found", verdict.found),
        ("where", verdict.where),
        ("expected", verdict.expected),
        ("why", judged.criterion.why),
        ("try next", verdict.next),
    ]:
        lead = Text(f"  {label}".ljust(_LEAD), style="dim")
        if text:
            body = page.text(text, "bold" if label == "try next" else "")
            yield from page.wrapped(lead, body, page.width - _LEAD)
    for number, command in enumerate(verdict.ran):
        # On one line however long, so that it can be copied.
        yield Text.assemble((("" if number else "  we ran").ljust(_LEAD), "dim"), page.text(f"$ {command}"))


def _closing(page: _Page, result: Result) -> Iterator[Text]:
    now = wording.what_now(result)
    style = "bold green" if result.first_open is None else "bold"
    sentence = f"{wording.score(result)}. {now.sentence}"
    yield from page.wrapped(Text(), page.text(sentence, style), page.width)
    longest = max(len(command) for command, _ in now.commands)
    for command, purpose in now.commands:
        lead = Text.assemble("  ", (command.ljust(longest), "cyan"), "   ")
        yield from page.wrapped(lead, page.text(purpose, "dim"), max(page.width - lead.cell_len, 12))
