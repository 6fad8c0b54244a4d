"""Where boxes that need one another go: in columns from left to right, each to the right of all that it needs.

The method of Sugiyama, Tagawa and Toda, in four small passes: columns by longest path, order within a column by the mean
of the neighbours, heights that keep neighbours level, lines. https://doi.org/10.1109/TSMC.1981.4308636
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from statistics import fmean

GAP, COLUMN_GAP = 18.0, 46.0
_LANE = 12.0  # the height kept free for a line that passes through a column
_SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A box's size in px, and the places in the list of those that it needs."""

    width: float
    height: float
    needs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a box stands: its left upper corner and its size in px."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of the lines that start at the box `source`: level through a column, or a bend between two of them."""

    source: int
    x: float
    y: float
    to_x: float
    to_y: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Spots in the order of the boxes, the lines between them, and the size of the whole in px."""

    spots: tuple[Spot, ...]
    lines: tuple[Line, ...]
    width: float
    height: float


_Stop = tuple[int, int]  # a box and a column: the box's own column, or a later one that the line from it passes through
_Joins = Mapping[_Stop, Sequence[_Stop]]
_Columns = Sequence[Sequence[_Stop]]


def layers(needs: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The column of each: 0 where it needs nothing, else one more than the furthest of those that it needs.

    A need that closes a circle counts as none.
    """
    before = {one: list(needed) for one, needed in enumerate(needs)}
    while True:
        try:
            order = tuple(TopologicalSorter(before).static_order())
        except CycleError as circle:
            needed, one, *_ = circle.args[1]
            before[one].remove(needed)
            continue
        columns: dict[int, int] = {}
        for one in order:
            columns[one] = max((columns[other] + 1 for other in before[one]), default=0)
        return tuple(columns[one] for one in range(len(needs)))


def arrange(boxes: Sequence[Box]) -> Layout:
    """Lay `boxes` out: the same boxes, the same layout. A need that closes a circle gets no line."""
    column_of = layers([box.needs for box in boxes])
    before = _joins(boxes, column_of)
    after: dict[_Stop, list[_Stop]] = {stop: [] for stop in before}
    for stop, others in before.items():
        for other in others:
            after[other].append(stop)

    def room(stop: _Stop) -> float:
        return boxes[stop[0]].height if stop[1] == column_of[stop[0]] else _LANE

    columns = _with_few_crossings(_by_column(before), before, after)
    middles = _levelled(columns, before, after, room)
    top = min((middle - room(stop) / 2 for stop, middle in middles.items()), default=0.0)
    bottom = max((middle + room(stop) / 2 for stop, middle in middles.items()), default=0.0)
    middles = {stop: middle - top for stop, middle in middles.items()}
    widths = [max(boxes[box].width for box, at in column if at == column_of[box]) for column in columns]
    lefts = [sum(widths[:column]) + column * COLUMN_GAP for column in range(len(columns))]
    spots = tuple(
        Spot(lefts[column], middles[box, column] - boxes[box].height / 2, widths[column], boxes[box].height)
        for box, column in enumerate(column_of)
    )
    lines: list[Line] = []
    for (box, column), others in before.items():
        left, middle = lefts[column], middles[box, column]
        for other in others:
            right = lefts[column - 1] + widths[column - 1]
            lines.append(Line(other[0], right, middles[other], left, middle))
        if column != column_of[box]:
            lines.append(Line(box, left, middle, left + widths[column], middle))
    return Layout(spots, tuple(lines), lefts[-1] + widths[-1] if columns else 0.0, bottom - top)


def _joins(boxes: Sequence[Box], column_of: Sequence[int]) -> dict[_Stop, list[_Stop]]:
    """Each stop with those in the column before it that a line comes from; a box's lines are one until they part."""
    before: dict[_Stop, list[_Stop]] = {}
    for one, box in enumerate(boxes):
        column = column_of[one]
        needed = [other for other in dict.fromkeys(box.needs) if column_of[other] < column]
        before[one, column] = [(other, column - 1) for other in needed]
        for other in needed:
            for between in range(column_of[other] + 1, column):
                before[other, between] = [(other, between - 1)]
    return before


def _by_column(stops: Mapping[_Stop, object]) -> list[list[_Stop]]:
    columns: list[list[_Stop]] = [[] for _ in range(max((column for _, column in stops), default=-1) + 1)]
    for stop in stops:
        columns[stop[1]].append(stop)
    return columns


def _with_few_crossings(columns: _Columns, before: _Joins, after: _Joins) -> _Columns:
    """The best of some sweeps to the right and back; the order that came in stays where it is as good."""
    best, fewest = columns, _crossings(columns, before)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        joins = before if forward else after
        sorted_columns: list[Sequence[_Stop]] = []
        places: dict[_Stop, float] = {}
        for column in columns if forward else reversed(columns):
            wish = {stop: _mean(joins[stop], places, place) for place, stop in enumerate(column)}
            sorted_columns.append(sorted(column, key=wish.__getitem__))
            places |= {stop: place for place, stop in enumerate(sorted_columns[-1])}
        columns = sorted_columns if forward else sorted_columns[::-1]
        if (count := _crossings(columns, before)) < fewest:
            best, fewest = columns, count
    return best


def _mean(stops: Sequence[_Stop], places: Mapping[_Stop, float], otherwise: float) -> float:
    return fmean(places[stop] for stop in stops) if stops else otherwise


def _crossings(columns: _Columns, before: _Joins) -> int:
    place = {stop: number for column in columns for number, stop in enumerate(column)}
    count = 0
    for column in columns:
        ends: list[int] = []
        for stop in column:
            starts = sorted(place[other] for other in before[stop])
            count += sum(len(ends) - bisect_right(ends, start) for start in starts)
            for start in starts:
                insort(ends, start)
    return count


def _levelled(columns: _Columns, before: _Joins, after: _Joins, room: Callable[[_Stop], float]) -> dict[_Stop, float]:
    """The height of each stop's middle: level with what it comes from, then with what it leads to."""
    middles: dict[_Stop, float] = {}
    for column in columns:
        middles |= _near([_mean(before[stop], middles, 0.0) for stop in column], column, room)
    for column in reversed(columns):
        middles |= _near([_mean(after[stop], middles, middles[stop]) for stop in column], column, room)
    return middles


def _near(wishes: Sequence[float], column: Sequence[_Stop], room: Callable[[_Stop], float]) -> dict[_Stop, float]:
    """Middles as near to `wishes` as the order and the gaps allow (least squares, by pooling adjacent violators)."""
    offsets = [0.0]
    for above, below in pairwise(column):
        offsets.append(offsets[-1] + (room(above) + room(below)) / 2 + GAP)
    pools: list[list[float]] = []
    for wish, offset in zip(wishes, offsets, strict=True):
        pools.append([wish - offset])
        while len(pools) > 1 and fmean(pools[-2]) > fmean(pools[-1]):
            last = pools.pop()
            pools[-1] += last
    bases = [fmean(pool) for pool in pools for _ in pool]
    return {stop: base + offset for stop, base, offset in zip(column, bases, offsets, strict=True)}
