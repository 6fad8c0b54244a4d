"""A commit graph as a drawing (SVG) and in words. Newest commit first, as in `git log --graph`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.cells import cell_len

from graders.picture import CommitGraph, Node
from graders.reports.drawing import LETTER, LOOK_HERE, cells, page, style, tag, tag_width, xml
from graders.reports.palette import LANE_COLOURS
from graders.reports.safe_text import cut, one_line

MOST_NODES = 40
_ROW, _LANE, _EDGE = 26, 20, 14
_MOST_LANES = 12


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is left of a graph when its oldest commits are counted rather than drawn; `nodes` stand newest first."""

    nodes: tuple[Node, ...]
    earlier: int
    earlier_marks: tuple[str, ...]

    @property
    def rows(self) -> dict[str, int]:
        return {node.id: row for row, node in enumerate(self.nodes)}


def svg(graph: CommitGraph, marks: frozenset[str]) -> str:
    """A drawing of `graph`, the commits in `marks` as diamonds that say “look here”; at most 40 commits are drawn.

    The outcome is well-formed XML without script or outside resources, has its own background, and follows the
    reader's light or dark setting. `as_text` says the same in words.
    """
    shown = _newest(graph, marks)
    rows = [_row(node, row, node.id in marks, _labels(graph, shown, node)) for row, node in enumerate(shown.nodes)]
    if shown.earlier:
        rows.append(_earlier_row(shown))
    left = _subject_column(shown)
    width = max([left + row.width for row in rows], default=240) + _EDGE
    height = len(rows) * _ROW + 2 * _EDGE
    parts = [
        *_edges(shown),
        *(_node_shape(node, row, node.id in marks) for row, node in enumerate(shown.nodes)),
        *([_earlier_shape(shown)] if shown.earlier else []),
        *(f'<g transform="translate({left} {_y(number)})">{row.xml}</g>' for number, row in enumerate(rows)),
    ]
    return page(graph.title, summary(graph, marks), _SHEET, (width, height), parts)


def summary(graph: CommitGraph, marks: frozenset[str]) -> str:
    """One breath about the graph: how many commits, on which branches, which are marked."""
    count = len(graph.nodes)
    lanes = [_lane_name(graph, lane) for lane in sorted({node.lane for node in graph.nodes})]
    marked = [_short(node.id) for node in reversed(graph.nodes) if node.id in marks]
    words = f"{count} {'commit' if count == 1 else 'commits'}, newest at the top"
    words += f", on {', '.join(lanes)}." if lanes else "."
    return f"{words} Marked “{LOOK_HERE}”: {', '.join(marked)}." if marked else words


def outline(graph: CommitGraph, marks: frozenset[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The graph in words: for each branch a heading and its commits, newest first."""
    shown = _newest(graph, marks)
    by_id = {node.id: node for node in graph.nodes}
    parts: list[tuple[str, tuple[str, ...]]] = []
    for lane in sorted({node.lane for node in shown.nodes}):
        commits = [node for node in shown.nodes if node.lane == lane]
        heading = _lane_name(graph, lane)
        origin = by_id.get(commits[-1].parents[0]) if commits[-1].parents else None
        if origin and origin.lane != lane:
            heading += f", starts at {_short(origin.id)} on {_lane_name(graph, origin.lane)}"
        older = [*(node.id for node in commits[1:]), None]
        items = [_in_words(node, below, node.id in marks) for node, below in zip(commits, older, strict=True)]
        parts.append((heading, tuple(items)))
    if shown.earlier:
        parts.append((_earlier_words(shown), ()))
    return tuple(parts)


def as_text(graph: CommitGraph, marks: frozenset[str]) -> str:
    """The text equivalent of `svg`, for terminals and screen readers."""
    lines = [f"{one_line(graph.title)}: {summary(graph, marks).replace(', newest at the top', ', newest first')}"]
    for heading, commits in outline(graph, marks):
        lines.append(f"{heading}:" if commits else heading)
        lines += [f"  - {commit}" for commit in commits]
    return "\n".join(lines) + "\n"


def _in_words(node: Node, below: str | None, marked: bool) -> str:
    remarks = [LOOK_HERE] if marked else []
    if below and node.parents and node.parents[0] != below:
        remarks.append(f"on top of {_short(node.parents[0])}")
    if len(node.parents) > 1:
        remarks.append(f"merges {', '.join(map(_short, node.parents[1:]))}")
    if node.labels:
        remarks.append("here: " + ", ".join(one_line(label, 80) for label in node.labels))
    words = f"{_short(node.id)} {one_line(node.text, 120)}".strip()
    return f"{words} ({'; '.join(remarks)})" if remarks else words


def _newest(graph: CommitGraph, marks: frozenset[str]) -> _Shown:
    nodes = tuple(reversed(graph.nodes))
    earlier = nodes[MOST_NODES:]
    return _Shown(nodes[:MOST_NODES], len(earlier), tuple(_short(node.id) for node in earlier if node.id in marks))


def _earlier_words(shown: _Shown) -> str:
    words = f"… {shown.earlier} earlier {'commit' if shown.earlier == 1 else 'commits'}"
    return f"{words}, {LOOK_HERE}: {', '.join(shown.earlier_marks)}" if shown.earlier_marks else words


def _lane_name(graph: CommitGraph, lane: int) -> str:
    return one_line(graph.lanes[lane], 60) if 0 <= lane < len(graph.lanes) else f"branch {lane}"


def _labels(graph: CommitGraph, shown: _Shown, node: Node) -> list[tuple[str, str]]:
    """The tags of a commit, each with its style: refs, and the lane's name where no ref says it (a deleted branch)."""
    refs = [(one_line(label), "ref") for label in node.labels]
    is_tip = next(other for other in shown.nodes if other.lane == node.lane) is node
    name = _lane_name(graph, node.lane)
    named = any(name == label for other in shown.nodes for label in other.labels)
    return [(name, "lane"), *refs] if is_tip and not named else refs


# --- drawing ---


@dataclass(frozen=True, slots=True)
class _Row:
    """The words beside one commit, as XML at its own origin."""

    xml: str
    width: float


def _row(node: Node, number: int, marked: bool, labels: Iterable[tuple[str, str]]) -> _Row:
    lane = node.lane % LANE_COLOURS
    x, parts = 0.0, []
    for text, kind in [(_short(node.id), "id"), *([(LOOK_HERE, "mark")] if marked else []), *labels]:
        text = cut(text, 24)
        if kind == "id":
            parts.append(f'<text class="muted" y="4">{xml(text)}</text>')
            x += cells(text) + 8
            continue
        parts.append(tag(text, "mark" if kind == "mark" else f"{kind} lane-{lane}", x))
        x += tag_width(text) + 6
    subject = one_line(node.text, 46)
    parts.append(f'<text class="words" x="{x:.1f}" y="4">{xml(subject)}</text>')
    return _Row("".join(parts), x + cell_len(subject) * LETTER)


def _earlier_row(shown: _Shown) -> _Row:
    words = cut(_earlier_words(shown), 80)
    return _Row(f'<text class="muted" y="4">{xml(words)}</text>', cells(words))


def _node_shape(node: Node, row: int, marked: bool) -> str:
    x, y = _x(node.lane), _y(row)
    if marked:
        return f'<path class="mark" d="M{x} {y - 8}l8 8l-8 8l-8-8z"/>'
    merge = " merge" if len(node.parents) > 1 else ""
    return f'<circle class="lane-{node.lane % LANE_COLOURS}{merge}" cx="{x}" cy="{y}" r="{4.5 if merge else 5.5}"/>'


def _earlier_shape(shown: _Shown) -> str:
    y = _y(len(shown.nodes))
    if shown.earlier_marks:
        return f'<path class="mark" d="M{_x(0)} {y - 8}l8 8l-8 8l-8-8z"/>'
    return "".join(f'<circle class="lane-0" cx="{_x(0)}" cy="{y + shift}" r="1.8"/>' for shift in (-6, 0, 6))


def _edges(shown: _Shown) -> list[str]:
    rows, last = shown.rows, len(shown.nodes)
    taken = {(_x(node.lane), row) for row, node in enumerate(shown.nodes)}
    lines = []
    for row, node in enumerate(shown.nodes):
        for place, parent in enumerate(node.parents):
            if parent in rows:
                below, to_lane = rows[parent], shown.nodes[rows[parent]].lane
            elif shown.earlier:
                below, to_lane = last, 0
            else:
                continue
            # A branch is drawn in its own lane down to where it starts; a merge in the lane that it brings in.
            lane = node.lane if place == 0 else to_lane
            run = _x(lane)
            if any((run, between) in taken for between in range(row + 1, below)):
                run += _LANE // 2
            line = _line(_x(node.lane), _y(row), run, _x(to_lane), _y(below))
            lines.append(f'<path class="edge lane-{lane % LANE_COLOURS}" d="{line}"/>')
    return lines


def _line(x: int, y: int, run: int, to_x: int, to_y: int) -> str:
    """From a commit over to the column `run`, down it, and over to the parent; each bend is one row high."""
    if to_y - y <= _ROW:
        return f"M{x} {y}{_bend(x, y, to_x, to_y)}"
    down = y if x == run else y + _ROW
    up = to_y if run == to_x else to_y - _ROW
    return f"M{x} {y}{_bend(x, y, run, down)}V{up}{_bend(run, up, to_x, to_y)}"


def _bend(x: int, y: int, to_x: int, to_y: int) -> str:
    if x == to_x:
        return f"V{to_y}"
    half = (y + to_y) // 2
    return f"C{x} {half} {to_x} {half} {to_x} {to_y}"


def _subject_column(shown: _Shown) -> int:
    return _x(max((node.lane for node in shown.nodes), default=0)) + _LANE


def _x(lane: int) -> int:
    return _EDGE + 4 + min(max(lane, 0), _MOST_LANES) * _LANE


def _y(row: int) -> int:
    return _EDGE + _ROW // 2 + row * _ROW


def _short(commit: str) -> str:
    return one_line(commit, 120)[:7]


def _colours(colours: dict[str, str]) -> str:
    page = colours["page"]
    lanes = "".join(
        f".ns-graph circle.lane-{lane}{{fill:{colour};stroke:{colour}}}"
        f".ns-graph path.lane-{lane}{{stroke:{colour}}}"
        f".ns-graph rect.lane-{lane}{{stroke:{colour};fill:{page}}}.ns-graph text.lane-{lane}{{fill:{colour}}}"
        for lane, colour in ((lane, colours[f"lane-{lane}"]) for lane in range(LANE_COLOURS))
    )
    return f"{lanes}.ns-graph circle.merge{{fill:{page}}}"


_SHEET = style(".ns-graph .merge{stroke-width:2.5}.ns-graph rect.lane{stroke-dasharray:3 2}", _colours)
