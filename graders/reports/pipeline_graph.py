"""Pipelines as a drawing (SVG) and in words: jobs from left to right, each after those that it needs."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from graders.picture import JobNode, Pipelines, State
from graders.reports.arrows import arrow_colours, heads, lines
from graders.reports.drawing import LOOK_HERE, cells, page, style, tag, tag_width, xml
from graders.reports.layered_layout import Box, Spot, arrange
from graders.reports.palette import JOB_TONES
from graders.reports.pipeline_words import (
    ShownRun,
    as_text,
    is_marked,
    name,
    needs_of,
    outline,
    shown_runs,
    summary,
    tally,
)
from graders.reports.safe_text import cut, one_line
from graders.reports.wording import JOB_LOOKS

__all__ = ["as_text", "outline", "summary", "svg"]

_EDGE = 16
_HEADING, _BETWEEN = 32, 22  # px above a run's jobs, and between runs
_TEXT = 38  # px from a box's left side to its words
_ENLARGED = 12 / 11  # a job's name is set in 12 px
_NARROWEST = 132
_WIDE_LETTER = 9.5  # px; more than most letters of 13 px take in bold


def svg(pipelines: Pipelines, marks: frozenset[str]) -> str:
    """A drawing of `pipelines`, the jobs in `marks` tagged “look here”; at most 60 jobs are drawn.

    The outcome is well-formed XML without script or outside resources, has its own background, and follows the
    reader's light or dark setting. `as_text` says the same in words.
    """
    y, width = float(_EDGE), 240.0
    parts: list[str] = []
    for run in shown_runs(pipelines, marks):
        drawn = _run(run, marks)
        parts.append(f'<g transform="translate({_EDGE} {y:.1f})">{drawn.xml}</g>')
        y += drawn.height + _BETWEEN
        width = max(width, drawn.width + 2 * _EDGE)
    height = max(y - _BETWEEN, _EDGE) + _EDGE
    return page(pipelines.title, summary(pipelines, marks), _SHEET, (width, height), parts)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A part of the drawing, as XML at its own origin, with its size in px."""

    xml: str
    width: float
    height: float


def _run(run: ShownRun, marks: frozenset[str]) -> _Drawn:
    heading = _heading(run)
    needs = needs_of(run.jobs)
    layout = arrange([_box(job, needed) for job, needed in zip(run.jobs, needs, strict=True)])
    parts = [heading.xml, f'<g transform="translate(0 {heading.height:g})">']
    parts += lines(layout)
    parts += heads(layout)
    parts += [_job(job, spot, is_marked(job, marks)) for job, spot in zip(run.jobs, layout.spots, strict=True)]
    parts.append("</g>")
    width, height = max(heading.width, layout.width), heading.height + layout.height
    if run.others:
        words = cut(run.others, 110)
        height += 22 if run.jobs else 14
        parts.append(f'<text class="muted" y="{height - 4:.1f}">{xml(words)}</text>')
        width = max(width, cells(words))
    return _Drawn("".join(parts), width, height)


def _heading(run: ShownRun) -> _Drawn:
    if not run.title:
        return _Drawn("", 0, 0)
    words = tally(run.jobs) if run.jobs else "no jobs"
    # One run of text: how wide a bold title comes out is the reader's font's business.
    text = f'{xml(run.title)}<tspan class="muted" dx="10">{xml(words)}</tspan>'
    width = cell_len(run.title) * _WIDE_LETTER + 10 + cells(words)
    return _Drawn(f'<text class="words title" y="13">{text}</text>', width, _HEADING if run.jobs else 18)


@dataclass(frozen=True, slots=True)
class _Words:
    """The words in a job's box, cut to what fits."""

    name: str
    state: str
    environment: str
    note: str


def _words(job: JobNode) -> _Words:
    return _Words(
        cut(name(job), 28),
        JOB_LOOKS[job.state].word,
        one_line(job.environment, 20),
        one_line(job.note.replace("`", ""), 34),
    )


def _box(job: JobNode, needs: tuple[int, ...]) -> Box:
    words = _words(job)
    second = cells(words.state) + (8 + tag_width(words.environment) if words.environment else 0)
    width = _TEXT + max(cells(words.name) * _ENLARGED, second, cells(words.note)) + 14
    return Box(max(width, _NARROWEST), 68 if words.note else 52, needs)


def _job(job: JobNode, spot: Spot, marked: bool) -> str:
    words, tone = _words(job), JOB_TONES[job.state]
    dashed = " dashed" if job.state in _IDLE else ""
    parts = [
        f'<g transform="translate({spot.x:.1f} {spot.y:.1f})">',
        f'<rect class="job tone-{tone}{dashed}" width="{spot.width:.1f}" height="{spot.height:g}" rx="8"/>',
        f'<g class="icon tone-{tone}" transform="translate(20 26)">{_ICONS[job.state]}</g>',
        f'<text class="name" x="{_TEXT}" y="21">{xml(words.name)}</text>',
        f'<text class="state tone-{tone}" x="{_TEXT}" y="39">{xml(words.state)}</text>',
    ]
    if words.environment:
        parts.append(tag(words.environment, "environment", _TEXT + cells(words.state) + 8, 35))
    if words.note:
        parts.append(f'<text class="muted" x="{_TEXT}" y="58">{xml(words.note)}</text>')
    if marked:
        parts.append(tag(LOOK_HERE, "mark", spot.width - tag_width(LOOK_HERE) - 10, -3))
    return "".join([*parts, "</g>"])


# --- looks ---

_IDLE = frozenset({State.SKIPPED, State.CANCELLED, State.QUEUED, State.NOT_RUN})
_DISC, _RING = '<circle class="full" r="9"/>', '<circle class="ring" r="8"/>'
_ICONS = {
    State.SUCCESS: f'{_DISC}<path class="sign" d="M-4 .5l3 3 5.5-6.5"/>',
    State.FAILURE: '<path class="full" d="M-4 -9.5h8l5.5 5.5v8l-5.5 5.5h-8l-5.5-5.5v-8z"/>'
    '<path class="sign" d="M-3.5-3.5l7 7m0-7l-7 7"/>',
    State.SKIPPED: f'{_RING}<path class="line" d="M-5.5 5.5l11-11"/>',
    State.CANCELLED: f'{_RING}<path class="full" d="M-3-3h6v6h-6z"/>',
    State.RUNNING: f'{_RING}<path class="full" d="M-2.5-4.5l7 4.5-7 4.5z"/>',
    State.WAITING: f'{_RING}<path class="line" d="M-2.5-4v8m5-8v8"/>',
    State.QUEUED: f'{_RING}<path class="line" d="M0-4.5v5h3.5"/>',
    State.NOT_RUN: '<circle class="ring dashed" r="8"/>',
}


def _colours(colours: dict[str, str]) -> str:
    page, panel = colours["page"], colours["panel"]
    tones = "".join(
        f".ns-graph .job.tone-{tone}{{stroke:{colours[tone]}}}.ns-graph .state.tone-{tone}{{fill:{colours[tone]}}}"
        f".ns-graph .tone-{tone} .full{{fill:{colours[tone]}}}"
        f".ns-graph .tone-{tone} .ring,.ns-graph .tone-{tone} .line{{stroke:{colours[tone]}}}"
        for tone in sorted(set(JOB_TONES.values()))
    )
    return (
        f".ns-graph .job,.ns-graph .ring{{fill:{panel}}}.ns-graph .sign{{stroke:{page}}}"
        f"{arrow_colours(colours)}.ns-graph .name{{fill:{colours['text']}}}"
        f".ns-graph rect.environment{{fill:{page};stroke:{colours['text']}}}"
        f".ns-graph text.environment{{fill:{colours['text']}}}{tones}"
    )


_SHEET = style(
    ".ns-graph .name{font-size:12px}.ns-graph .title{font-weight:600}.ns-graph text.state{font-weight:600}"
    ".ns-graph .job{stroke-width:1.5}.ns-graph .dashed{stroke-dasharray:4 3}"
    ".ns-graph .ring,.ns-graph .line,.ns-graph .sign{stroke-width:2}.ns-graph .line,.ns-graph .sign{fill:none}",
    _colours,
)
