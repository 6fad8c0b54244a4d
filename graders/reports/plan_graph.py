"""What a plan changes as a drawing (SVG): a box for each resource, to the right of all that comes before it."""

from __future__ import annotations

from dataclasses import dataclass

from graders.picture import Act, PlannedChange, PlannedChanges
from graders.reports.arrows import arrow_colours, heads, lines
from graders.reports.drawing import LOOK_HERE, cells, page, style, tag, tag_width, xml
from graders.reports.layered_layout import Box, Spot, arrange
from graders.reports.palette import ACT_TONES
from graders.reports.plan_words import IDLE, SYMBOLS, address, after_of, shown, summary, table
from graders.reports.safe_text import cut, one_line

__all__ = ["summary", "svg", "table"]

_EDGE, _TOP = 16, 22  # px around it; above the first box, where a tag may stand
_TEXT = 52  # px from a box's left side to its words
_ENLARGED = 12 / 11  # an address is set in 12 px
_NARROWEST, _LINE = 150, 19  # px
_DOWN = "takes down: "


def svg(plan: PlannedChanges, marks: frozenset[str]) -> str:
    """A drawing of `plan`, the addresses in `marks` tagged “look here”; at most 40 boxes.

    The outcome is well-formed XML without script or outside resources, has its own background, and follows the
    reader's light or dark setting. `table` says the same in words.
    """
    changes, others = shown(plan, marks)
    words = [_words(change) for change in changes]
    boxes = [_box(said, after) for said, after in zip(words, after_of(changes), strict=True)]
    layout = arrange(boxes)
    parts = [f'<g transform="translate({_EDGE} {_TOP})">', *lines(layout), *heads(layout)]
    for change, said, spot in zip(changes, words, layout.spots, strict=True):
        parts.append(_change(change.act, said, spot, change.address in marks))
    parts.append("</g>")
    width, height = layout.width + 2 * _EDGE, _TOP + layout.height + _EDGE
    if others:
        rest = cut(others, 110)
        parts.append(f'<text class="muted" x="{_EDGE}" y="{height + 4:.1f}">{xml(rest)}</text>')
        width, height = max(width, cells(rest) + 2 * _EDGE), height + 20
    return page(plan.title, summary(plan, marks), _SHEET, (width, height), parts)


@dataclass(frozen=True, slots=True)
class _Words:
    """The words in a change's box, cut to what fits; the last two may be empty."""

    address: str
    act: str
    because: str
    down: str


def _words(change: PlannedChange) -> _Words:
    down = one_line(change.takes_down.replace("`", ""), 34)
    return _Words(
        _short(address(change)),
        change.act.value,
        one_line(change.because.replace("`", ""), 40),
        f"{_DOWN}{down}" if down else "",
    )


def _short(text: str, most: int = 40) -> str:
    """An address tells itself apart by its end as well as by its beginning."""
    return text if len(text) <= most else f"{text[: most // 2 - 1]}…{text[-(most // 2) :]}"


def _box(words: _Words, after: tuple[int, ...]) -> Box:
    down = tag_width(words.down) if words.down else 0
    width = _TEXT + max(cells(words.address) * _ENLARGED, cells(words.act), cells(words.because), down) + 14
    more = bool(words.because) + bool(words.down)
    return Box(max(width, _NARROWEST), 50 + _LINE * more, after)


def _change(act: Act, words: _Words, spot: Spot, marked: bool) -> str:
    tone, idle = ACT_TONES[act], " dashed" if act in IDLE else ""
    parts = [
        f'<g class="change" transform="translate({spot.x:.1f} {spot.y:.1f})">',
        f'<rect class="box tone-{tone}{idle}" width="{spot.width:.1f}" height="{spot.height:g}" rx="8"/>',
        f'<text class="symbol tone-{tone}" x="{_TEXT / 2}" y="31">{xml(SYMBOLS[act])}</text>',
        f'<text class="name" x="{_TEXT}" y="21">{xml(words.address)}</text>',
        f'<text class="act tone-{tone}" x="{_TEXT}" y="38">{xml(words.act)}</text>',
    ]
    y = 38 + _LINE
    if words.because:
        parts.append(f'<text class="muted" x="{_TEXT}" y="{y}">{xml(words.because)}</text>')
        y += _LINE
    if words.down:
        parts.append(tag(words.down, "down", _TEXT, y - 4))
    if marked:
        parts.append(tag(LOOK_HERE, "mark", spot.width - tag_width(LOOK_HERE) - 10, -3))
    return "".join([*parts, "</g>"])


def _colours(colours: dict[str, str]) -> str:
    tones = "".join(
        f".ns-graph .box.tone-{tone}{{stroke:{colours[tone]}}}.ns-graph text.tone-{tone}{{fill:{colours[tone]}}}"
        for tone in sorted(set(ACT_TONES.values()))
    )
    return (
        f".ns-graph .box{{fill:{colours['panel']}}}.ns-graph .name{{fill:{colours['text']}}}{arrow_colours(colours)}"
        f".ns-graph rect.down{{fill:{colours['page']};stroke:{colours['failed']}}}"
        f".ns-graph text.down{{fill:{colours['failed']}}}{tones}"
    )


_SHEET = style(
    ".ns-graph .name{font-size:12px}.ns-graph text.act{font-weight:600}.ns-graph .box{stroke-width:1.5}"
    ".ns-graph .dashed{stroke-dasharray:4 3}"
    ".ns-graph .symbol{font-size:15px;font-weight:bold;text-anchor:middle}",
    _colours,
)
