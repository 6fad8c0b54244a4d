"""The arrows between the boxes of a layout, as SVG."""

from __future__ import annotations

from collections.abc import Iterator

from graders.reports.layered_layout import Layout, Line


def lines(layout: Layout) -> Iterator[str]:
    """One path for all lines of a box, so that a box that many need gets no bundle of strokes."""
    of_source: dict[int, list[Line]] = {}
    for line in layout.lines:
        of_source.setdefault(line.source, []).append(line)
    for strokes in of_source.values():
        yield f'<path class="edge" d="{"".join(map(_stroke, strokes))}"/>'


def _stroke(line: Line) -> str:
    start = f"M{line.x:.1f} {line.y:.1f}"
    if abs(line.y - line.to_y) < 0.1:
        return f"{start}H{line.to_x:.1f}"
    half = (line.x + line.to_x) / 2
    return f"{start}C{half:.1f} {line.y:.1f} {half:.1f} {line.to_y:.1f} {line.to_x:.1f} {line.to_y:.1f}"


def heads(layout: Layout) -> Iterator[str]:
    """An arrow's head at each box that a line leads to."""
    ends = {(round(line.to_x, 1), round(line.to_y, 1)) for line in layout.lines}
    for spot in layout.spots:
        end = (round(spot.x, 1), round(spot.y + spot.height / 2, 1))
        if end in ends:
            yield f'<path class="head" d="M{end[0]} {end[1]}l-8 -4.5v9z"/>'


def arrow_colours(colours: dict[str, str]) -> str:
    """Rules for `lines` and `heads` in one palette."""
    return f".ns-graph .edge{{stroke:{colours['edge']}}}.ns-graph .head{{fill:{colours['edge']}}}"
