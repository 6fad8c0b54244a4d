"""The report in a terminal: one screen, readable without colour, safe whatever a submission calls its branches."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from graders.criterion import Kind
from graders.reports import wording
from graders.reports.text_page import Page
from graders.result import Judged, Result

WIDTH = 100
_NARROWEST = 40
_LEAD = 16  # the column of verdicts and labels
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
    looks = [*wording.LOOKS.values(), wording.WAITING]
    for line in _report(Page(console, width, looks), result):
        line.rstrip()
        console.print(line, soft_wrap=True, highlight=False)


def _report(page: Page, result: Result) -> Iterator[Text]:
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


def _heading(page: Page, judged: Judged, number: int, waits_for: int | None) -> Iterator[Text]:
    look = wording.look(judged.verdict)
    waiting = look is wording.WAITING
    lead = Text(f"{page.shape(look)} {look.word}".ljust(_LEAD), _COLOURS[look.word])
    points = page.text(wording.points(judged), "dim" if waiting else "")
    title = page.text(f"{number}. {judged.criterion.title}", "dim" if waiting else "bold")
    if waiting:
        title.append(f" (after {waits_for})" if waits_for else "")
    yield from page.both_ends(lead, title, points)


def _details(page: Page, judged: Judged) -> Iterator[Text]:
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


def _closing(page: Page, result: Result) -> Iterator[Text]:
    now = wording.what_now(result)
    style = "bold green" if result.first_open is None else "bold"
    sentence = f"{wording.score(result)}. {now.sentence}"
    yield from page.wrapped(Text(), page.text(sentence, style), page.width)
    longest = max(len(command) for command, _ in now.commands)
    for command, purpose in now.commands:
        lead = Text.assemble("  ", (command.ljust(longest), "cyan"), "   ")
        yield from page.wrapped(lead, page.text(purpose, "dim"), max(page.width - lead.cell_len, 12))
