"""How a drill looks: HTML that needs no script, and the same as plain text. Everything in it is escaped."""

from __future__ import annotations

import re
import textwrap
from base64 import b64encode
from functools import cache
from html import escape
from pathlib import Path

from graders.drills.question import Feedback, Figure, Listing, Outcome, Question
from graders.reports import commit_graph
from graders.reports.palette import DARK, LIGHT
from graders.reports.safe_text import one_line

_WIDTH = 100
_LONGEST = 2000
_NO_MARKS: frozenset[str] = frozenset()
_WORDS = {Outcome.RIGHT: "✓ Right.", Outcome.WRONG: "✗ Not yet.", Outcome.UNCLEAR: "? Not an answer yet."}
_TONES = {Outcome.RIGHT: "passed", Outcome.WRONG: "failed", Outcome.UNCLEAR: "cannot-check"}


def question_text(title: str, question: Question, folder: Path, call: str) -> str:
    """The question for a terminal."""
    parts = [f"Drill: {title}", *(_wrapped(part) for part in _paragraphs(question, folder))]
    parts += [_figure_text(figure) for figure in (*question.figures, *question.options)]
    return "\n\n".join([*parts, f"Answer like this: {call}"])


def question_html(title: str, question: Question, folder: Path, call: str) -> str:
    """The question for a notebook."""
    paragraphs = "".join(f"<p>{_rich(part)}</p>" for part in _paragraphs(question, folder))
    rows = "".join(
        f'<div class="ns-figures">{"".join(map(_figure_html, row))}</div>'
        for row in (question.figures, question.options)
        if row
    )
    ask = f"<p>Answer like this: <code>{_plain(call)}</code></p>"
    return _card("lane-1", f"Drill: {title}", f"{paragraphs}{rows}{ask}")


def feedback_text(feedback: Feedback, note: str, revealed: str) -> str:
    """What was said about an answer, for a terminal."""
    head = f"The answer is: {revealed}" if revealed else _WORDS[feedback.outcome]
    return "\n".join([head, *(_wrapped(part) for part in (feedback.text, feedback.next, note) if part)])


def feedback_html(feedback: Feedback, note: str, revealed: str) -> str:
    """What was said about an answer, for a notebook; a screen reader says it when it appears."""
    body = f"<pre>{escape(revealed)}</pre>" if revealed else ""
    body += "".join(f"<p>{_rich(part)}</p>" for part in (feedback.text, feedback.next, note) if part)
    if revealed:
        return _card("lane-1", "The answer is", body, 'role="status"')
    return _card(_TONES[feedback.outcome], _WORDS[feedback.outcome], body, 'role="status"')


def trouble_text(found: str, next: str) -> str:
    """Why there is nothing to ask, for a terminal."""
    return "\n".join(_wrapped(part) for part in (found, next) if part)


def trouble_html(found: str, next: str) -> str:
    """The same for a notebook."""
    body = "".join(f"<p>{_rich(part)}</p>" for part in (found, next) if part)
    return _card("error", "This did not work", body, 'role="status"')


def _paragraphs(question: Question, folder: Path) -> list[str]:
    text = question.text.replace("{folder}", str(folder))
    return [one_line(part, _LONGEST) for part in text.split("\n\n") if part.strip()]


def _wrapped(text: str) -> str:
    return textwrap.fill(one_line(text, _LONGEST), _WIDTH, break_long_words=False, break_on_hyphens=False)


def _plain(text: str) -> str:
    return escape(one_line(text, _LONGEST))


def _rich(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", _plain(text))


def _figure_text(figure: Figure) -> str:
    if isinstance(figure, Listing):
        return f"{figure.title}:\n{textwrap.indent(figure.text.rstrip(), '    ')}"
    return commit_graph.as_text(figure, _NO_MARKS).rstrip()


def _figure_html(figure: Figure) -> str:
    if isinstance(figure, Listing):
        body = f"<pre>{escape(figure.text)}</pre>"
    else:
        drawing = b64encode(commit_graph.svg(figure, _NO_MARKS).encode()).decode()
        words = commit_graph.as_text(figure, _NO_MARKS)
        # An image, as in the result's card: JupyterLab takes inline SVG out of a notebook that it doesn't trust.
        body = (
            f'<img src="data:image/svg+xml;base64,{drawing}" alt="{_plain(words)}">'
            f"<details><summary>{_plain(figure.title)} in words</summary><pre>{escape(words)}</pre></details>"
        )
    return f"<figure><figcaption>{_plain(figure.title)}</figcaption>{body}</figure>"


def _card(tone: str, head: str, body: str, attributes: str = "") -> str:
    return (
        f'{_style()}<section class="ns-drill ns-tone-{tone}" aria-label="{_plain(head)}" {attributes}>'
        f'<p class="ns-drill-head">{_plain(head)}</p>{body}</section>'
    )


@cache
def _style() -> str:
    tones = "".join(
        f".ns-tone-{tone}{{--ns-tone:var(--ns-{tone})}}"
        for tone in ("passed", "failed", "cannot-check", "error", "lane-1")
    )
    # JupyterLab's theme is its own choice, not the system's; other pages are light.
    dark = f'[data-jp-theme-light="false"] .ns-drill{{color-scheme:dark;{_variables(DARK)}}}'
    return f"<style>.ns-drill{{{_variables(LIGHT)}}}{dark}{tones}{_RULES}</style>"


def _variables(colours: dict[str, str]) -> str:
    return "".join(f"--ns-{name}:{colour};" for name, colour in colours.items())


_RULES = (
    ".ns-drill{max-width:860px;margin:8px 0;padding:2px 16px;border:1px solid var(--ns-line);"
    "border-left:5px solid var(--ns-tone);border-radius:8px;background:var(--ns-page);color:var(--ns-text);"
    "font:14px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;text-align:left}"
    ".ns-drill p{margin:8px 0;color:inherit}.ns-drill .ns-drill-head{font-weight:600;color:var(--ns-tone)}"
    ".ns-drill .ns-figures{display:flex;flex-wrap:wrap;gap:4px 20px}.ns-drill figure{margin:4px 0;max-width:100%}"
    ".ns-drill figcaption,.ns-drill summary{font-size:13px;color:var(--ns-muted)}.ns-drill figcaption{font-weight:600}"
    ".ns-drill img{max-width:100%;margin:0}"
    ".ns-drill code{padding:1px 4px;border-radius:4px;background:var(--ns-panel);color:inherit}"
    ".ns-drill pre{margin:4px 0;padding:8px 10px;border-radius:6px;background:var(--ns-panel);color:inherit;"
    "overflow-x:auto;font:12.5px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}"
)
