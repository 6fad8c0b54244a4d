"""The card in a notebook: one HTML fragment without script, for JupyterLab and for nbgrader's feedback page.

JupyterLab shows the output of a notebook that the reader did not run through a sanitiser that takes out `<style>`,
`<svg>`, ids, roles and `aria-` attributes. So the words carry everything, and the drawing is an `<img>` with an `alt`.
https://jupyterlab.readthedocs.io/en/stable/user/notebook.html#trust
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from html import escape
from importlib.resources import files

from graders.criterion import Kind, Verdict
from graders.picture import Picture
from graders.reports import wording
from graders.reports.drawn_picture import DrawnPicture, draw
from graders.reports.palette import DARK, LIGHT
from graders.reports.safe_text import one_line
from graders.result import Judged, Result

_TICKS = re.compile(r"`([^`]+)`")
_AS_TEXT = "\N{VARIATION SELECTOR-15}"  # asks for the plain ✔ where a system would draw an emoji


def html(result: Result) -> str:
    """The card for a result: complete without its styles, open at the first criterion that has not passed."""
    criteria = "".join(_criterion(judged, is_open=judged is result.first_open) for judged in result.criteria)
    notes = "".join(f'<p class="ns-note">Note: {_rich(note)}</p>' for note in result.notes)
    label = f"{wording.heading(result)}: {wording.score(result)}"
    return (
        f"{_style()}"
        f'<section class="ns-card" aria-label="{_plain(label)}">'
        f'<div class="ns-head"><h3 class="ns-title">{_plain(wording.heading(result))}</h3>'
        f'<p class="ns-score">{_plain(wording.score(result))}</p></div>'
        f"{_bar(result)}"
        f'<p class="ns-tally">{_plain(wording.tally(result))}</p>'
        f'<ol class="ns-list" role="list" aria-label="Criteria">{criteria}</ol>'
        f"{_now(result)}"
        f"{notes}"
        f"{figure(result.picture, marked(result))}"
        "</section>"
    )


def problem_html(found: str, next: str) -> str:
    """The card for input that couldn't be judged at all: what is wrong, and what to do."""
    return (
        f"{_style()}"
        '<section class="ns-card ns-error" aria-label="This could not be judged">'
        '<h3 class="ns-title"><span class="ns-shape" aria-hidden="true">!</span> This could not be judged</h3>'
        f'<p class="ns-found">{_rich(found)}</p>{_next_step(next)}</section>'
    )


def framed(headline: str, inner: str) -> str:
    """A card of one sentence and what stands below it, which is HTML of ours."""
    return (
        f'{_style()}<section class="ns-card ns-run" aria-label="{_plain(headline)}">'
        f'<p class="ns-lead">{_rich(headline)}</p>{inner}</section>'
    )


def _bar(result: Result) -> str:
    parts = "".join(
        f'<span class="{_tone(judged.verdict)}" style="flex-grow:{judged.criterion.points:g}"></span>'
        for judged in result.criteria
    )
    return f'<div class="ns-bar" role="img" aria-label="{_plain(wording.score(result))}">{parts}</div>'


def _criterion(judged: Judged, *, is_open: bool) -> str:
    verdict, look = judged.verdict, wording.look(judged.verdict)
    waiting, passed = look is wording.WAITING, verdict.kind is Kind.PASSED
    brief = f"Waits for “{wording.waits_for(verdict)}”" if waiting else "" if passed else verdict.found
    line = (
        f'<span class="ns-shape" aria-hidden="true">{look.shape}{_AS_TEXT if look.shape in "✔✘" else ""}</span> '
        f'<span class="ns-word">{look.word}</span> '
        f'<strong class="ns-name">{_rich(judged.criterion.title)}</strong> '
        f'<span class="ns-points">{wording.points(judged)}</span>'
    )
    if brief:
        line += f'<br><span class="ns-found">{_rich(brief)}</span>'
    if waiting:
        body = f'<div class="ns-line">{line}</div>'
    else:
        opened = " open" if is_open else ""
        body = f'<details{opened}><summary class="ns-line">{line}</summary>{_details(judged)}</details>'
    return f'<li class="ns-item {_tone(verdict)}">{body}</li>'


def _details(judged: Judged) -> str:
    verdict = judged.verdict
    passed = verdict.kind is Kind.PASSED
    facts = [("Found", _rich(verdict.found))] if passed else []
    facts += [("Where", _rich(verdict.where)), ("Expected", _rich(verdict.expected))]
    facts += [("Why", _rich(judged.criterion.why))]
    facts += [("We ran", "<br>".join(f"<code>{_plain(command)}</code>" for command in verdict.ran))]
    rows = "".join(f"<dt>{label}</dt><dd>{text}</dd>" for label, text in facts if text)
    return f'<div class="ns-body">{_next_step(verdict.next)}<dl class="ns-facts">{rows}</dl></div>'


def _next_step(text: str) -> str:
    return f'<p class="ns-next"><strong>Try next:</strong> {_rich(text)}</p>' if text else ""


def _now(result: Result) -> str:
    now = wording.what_now(result)
    commands = " · ".join(f"<code>{_plain(command)}</code> {_plain(purpose)}" for command, purpose in now.commands)
    return f'<div class="ns-now"><p class="ns-lead">{_rich(now.sentence)}</p><p>{commands}</p></div>'


def figure(picture: Picture | None, marks: frozenset[str]) -> str:
    """A picture with its words, to stand in a frame; empty where there is nothing to draw."""
    drawn = draw(picture, marks)
    if drawn is None:
        return ""
    drawing = b64encode(drawn.svg.encode()).decode()
    caption = f"{drawn.title}: {drawn.summary}"
    shown = (
        f'<div class="ns-scroll" tabindex="0" role="group" aria-label="{drawn.kind.capitalize()}">'
        f'<img src="data:image/svg+xml;base64,{drawing}" alt="{_plain(caption)}"></div>'
    )
    if drawn.text_first:
        shown = (
            f'<div class="ns-words" tabindex="0" role="group" aria-label="{drawn.kind.capitalize()} in words">'
            f'{_in_words(drawn)}</div><p class="ns-note">The same, drawn:</p>{shown}'
        )
    else:
        shown += (
            f'<details class="ns-words"><summary>The same {drawn.kind} in words</summary>{_in_words(drawn)}</details>'
        )
    return f'<figure class="ns-figure"><figcaption class="ns-caption">{_plain(caption)}</figcaption>{shown}</figure>'


def _in_words(drawn: DrawnPicture) -> str:
    parts = []
    for heading, lines in drawn.outline:
        items = "".join(f"<li>{_rich(line)}</li>" for line in lines)
        parts.append(f"<p>{_plain(heading)}</p>" + (f"<ul>{items}</ul>" if items else ""))
    return "".join(parts) + (_table(*drawn.table) if drawn.table else "")


def _table(heads: tuple[str, ...], *rows: tuple[str, ...]) -> str:
    head = "".join(f'<th scope="col">{_plain(text)}</th>' for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{_rich(text)}</td>' for text in row)}</tr>" for row in rows)
    return f'<table class="ns-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def marked(result: Result) -> frozenset[str]:
    """The picture's nodes that some criterion complains about."""
    return frozenset(mark for judged in result.criteria for mark in judged.verdict.marks)


def _tone(verdict: Verdict) -> str:
    return "ns-waiting" if wording.waits(verdict) else f"ns-{verdict.kind.value.replace('_', '-')}"


def _plain(text: str) -> str:
    return escape(one_line(text, 2000))


def _rich(text: str) -> str:
    """Escaped text, with `code` for what stands between backticks."""
    return _TICKS.sub(r"<code>\1</code>", escape(one_line(text)))


@cache
def _style() -> str:
    rules = files("graders.reports").joinpath("card.css").read_text(encoding="utf-8")
    tones = "".join(
        f".ns-card .ns-{tone},.ns-card.ns-{tone}{{--ns-tone:var(--ns-{tone})}}"
        for tone in ("passed", "failed", "cannot-check", "error", "waiting")
    )
    # JupyterLab's theme is its own choice, not the system's; other pages are light.
    dark = f'[data-jp-theme-light="false"] .ns-card{{color-scheme:dark;{_variables(DARK)}}}'
    return f"<style>{rules}.ns-card{{{_variables(LIGHT)}}}{dark}{tones}</style>"


def _variables(colours: dict[str, str]) -> str:
    return "".join(f"--ns-{name}:{colour};" for name, colour in colours.items())
