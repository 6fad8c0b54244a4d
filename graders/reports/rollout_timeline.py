"""What callers got while releases came and went, as a drawing (SVG) and in words."""

from __future__ import annotations

from collections.abc import Iterator

from graders.picture import Moment, Timeline
from graders.reports.drawing import cells, page, style, xml
from graders.reports.palette import LANE_COLOURS
from graders.reports.safe_text import cut, one_line

MOST_SPANS, MOST_MOMENTS, MOST_VERSIONS = 400, 20, 8
_EDGE, _LEFT = 16, 44  # px around it, and for the numbers at its left
_PLOT, _SECOND = 120, 64  # px: how high the bars get, how wide a second is
_ROW, _NAME = 20, 44  # px of a moment's line; characters of its text


def svg(timeline: Timeline) -> str:
    """A drawing of `timeline`: a bar for each span, stacked by version, failures hatched on top; moments as lines.

    The outcome is well-formed XML without script or outside resources, has its own background, and follows the
    reader's light or dark setting. `outline` says the same in words.
    """
    spans = len(timeline.served[:MOST_SPANS])
    seconds = spans * timeline.span
    most = max((sum(row) + bad for row, bad in zip(timeline.served, timeline.failed, strict=True)), default=1) or 1
    moments = timeline.moments[:MOST_MOMENTS]
    top = _EDGE + 24
    floor = top + _PLOT
    width = _LEFT + max(seconds * _SECOND, 300) + _EDGE
    texts = [cells(_words(one)) + _LEFT + one.began * _SECOND for one in moments]
    width = max([width, *(text + _EDGE + 12 for text in texts)])
    parts = [*_legend(timeline), *_axes(timeline, most, seconds, top, floor), *_bars(timeline, most, floor)]
    parts += _moments(moments, top, floor)
    height = floor + 30 + _ROW * len(moments) + _EDGE
    return page(timeline.title, summary(timeline), _SHEET, (width, height), parts)


def summary(timeline: Timeline) -> str:
    """One breath: how many requests, by which versions, how many failed, and the notes."""
    by_version = [sum(row[place] for row in timeline.served) for place in range(len(timeline.versions))]
    bad, total = sum(timeline.failed), sum(by_version) + sum(timeline.failed)
    named = ", ".join(
        f"{one_line(name, _NAME)} {count}" for name, count in zip(timeline.versions, by_version, strict=True) if count
    )
    words = f"{total} requests; answered well by {named or 'nobody'}; {bad or 'none'} failed."
    return " ".join([words, *(one_line(note, 200) for note in timeline.notes)])


def outline(timeline: Timeline) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The timeline in words: each moment with what callers got from its beginning to the next one's."""
    parts: list[tuple[str, tuple[str, ...]]] = []
    for number, one in enumerate(timeline.moments[:MOST_MOMENTS]):
        later = timeline.moments[number + 1 :]
        end = later[0].began if later else len(timeline.served) * timeline.span
        parts.append((f"{one.began:.1f} s: {_words(one)}", (_between(timeline, one.began, end),)))
    return tuple(parts)


def _between(timeline: Timeline, began: float, ended: float) -> str:
    first, last = int(began / timeline.span), max(int(began / timeline.span) + 1, int(ended / timeline.span))
    counts = [sum(row[place] for row in timeline.served[first:last]) for place in range(len(timeline.versions))]
    said = [f"{one_line(name, _NAME)} {count}" for name, count in zip(timeline.versions, counts, strict=True) if count]
    bad = sum(timeline.failed[first:last])
    return ", ".join([*said, f"{bad or 'none'} failed"])


def _words(one: Moment) -> str:
    outcome = f" ({one_line(one.outcome, _NAME)})" if one.outcome else ""
    return f"{cut(one_line(one.text, 200), _NAME)}{outcome}"


def _legend(timeline: Timeline) -> Iterator[str]:
    x = float(_LEFT)
    named = [(f"version v{place % LANE_COLOURS}", name) for place, name in enumerate(timeline.versions[:MOST_VERSIONS])]
    for look, name in [*named, ("failure", "failed")]:
        text = one_line(name, 28)
        yield f'<rect class="{look}" x="{x:.1f}" y="{_EDGE - 6}" width="11" height="11"/>'
        yield f'<text class="words" x="{x + 16:.1f}" y="{_EDGE + 4}">{xml(text)}</text>'
        x += 16 + cells(text) * 1.15 + 18


def _axes(timeline: Timeline, most: int, seconds: float, top: float, floor: float) -> Iterator[str]:
    right = _LEFT + seconds * _SECOND
    for share in (0, 0.5, 1):
        y = floor - share * _PLOT
        rate = share * most / timeline.span
        yield f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="muted end" x="{_LEFT - 6}" y="{y + 4:.1f}">{rate:.0f}/s</text>'
    for second in range(int(seconds) + 1):
        if seconds <= 15 or second % 5 == 0:
            yield f'<text class="muted middle" x="{_LEFT + second * _SECOND:.1f}" y="{floor + 16:.1f}">{second} s</text>'


def _bars(timeline: Timeline, most: int, floor: float) -> Iterator[str]:
    wide = timeline.span * _SECOND
    rows = list(zip(timeline.served, timeline.failed, strict=True))[:MOST_SPANS]
    for number, (row, bad) in enumerate(rows):
        x, y = _LEFT + number * wide, floor
        stacked = [(f"version v{place % LANE_COLOURS}", count) for place, count in enumerate(row)]
        for look, count in [*stacked, ("failure", bad)]:
            if count:
                high = count / most * _PLOT
                y -= high
                yield f'<rect class="{look}" x="{x:.1f}" y="{y:.1f}" width="{wide - 1:.1f}" height="{high:.1f}"/>'
                if look == "failure":
                    yield f'<text class="cross middle" x="{x + wide / 2:.1f}" y="{max(y + 11, y + high / 2 + 4):.1f}">×</text>'


def _moments(moments: tuple[Moment, ...], top: float, floor: float) -> Iterator[str]:
    for number, one in enumerate(moments):
        x, y = _LEFT + one.began * _SECOND, floor + 38 + number * _ROW
        taken = max(2.0, (one.ended - one.began) * _SECOND)
        yield f'<line class="moment" x1="{x:.1f}" y1="{top:.1f}" x2="{x:.1f}" y2="{y:.1f}"/>'
        yield f'<rect class="taken" x="{x:.1f}" y="{floor + 1:.1f}" width="{taken:.1f}" height="4"/>'
        yield f'<text class="label" x="{x + 5:.1f}" y="{y:.1f}">{xml(_words(one))}</text>'


def _colours(colours: dict[str, str]) -> str:
    return (
        "".join(f".ns-graph .v{lane}{{fill:{colours[f'lane-{lane}']}}}" for lane in range(LANE_COLOURS))
        + f".ns-graph .failure{{fill:{colours['page']};stroke:{colours['failed']};stroke-width:1.5}}"
        f".ns-graph .cross{{fill:{colours['failed']};font-weight:bold}}.ns-graph .grid{{stroke:{colours['line']}}}"
        f".ns-graph .moment{{stroke:{colours['edge']};stroke-dasharray:2 3}}.ns-graph .taken{{fill:{colours['edge']}}}"
        f".ns-graph .label{{fill:{colours['text']}}}"
    )


_SHEET = style(".ns-graph .middle{text-anchor:middle}.ns-graph .end{text-anchor:end}", _colours)
