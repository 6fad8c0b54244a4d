"""The layers of an image as a bar chart (SVG), in one sentence and as a table."""

from __future__ import annotations

from graders.picture import ImageLayers, LayerBar
from graders.reports.drawing import LOOK_HERE, cells, page, style, tag, tag_width, xml
from graders.reports.safe_text import cut, one_line
from graders.sizes import size_words

MOST_LAYERS = 40
_EDGE, _ROW = 16, 42
_TEXT = 48  # characters of an instruction
_BAR, _LEAST = 300, 2  # px of the largest bar, and of the smallest that is not empty
_BAR_HEIGHT = 14
_GAP = 16
_LONGEST = 2000  # characters of an instruction in the table


def svg(image: ImageLayers, marks: frozenset[str]) -> str:
    """A drawing of `image`, a bar for each layer, the base first, those in `marks` tagged “look here”; at most 40.

    The outcome is well-formed XML without script or outside resources, has its own background, and follows the
    reader's light or dark setting. `table` says the same in words.
    """
    shown, others = _shown(image)
    largest = max((layer.size for layer in shown), default=0)
    left = max((cells(_text(layer)) for layer in shown), default=0.0)
    left = max(left, *(cells(_what_changed(layer)) for layer in shown), 0.0) + _GAP
    parts = [_row(layer, number, left, largest, layer.id in marks) for number, layer in enumerate(shown)]
    height = 2 * _EDGE + _ROW * len(shown)
    if others:
        parts.append(f'<text class="muted" x="{_EDGE}" y="{height}">{xml(others)}</text>')
        height += 20
    width = 2 * _EDGE + left + _BAR + 10 + cells("999 MB") + 8 + tag_width(LOOK_HERE)
    return page(image.title, summary(image, marks), _SHEET, (width, height), parts)


def summary(image: ImageLayers, marks: frozenset[str]) -> str:
    """One breath about the layers: how many, how large, which is the largest, which are marked."""
    own = [layer for layer in image.layers if not layer.of_base]
    base = sum(layer.size for layer in image.layers if layer.of_base)
    size = sum(layer.size for layer in own)
    if base:
        words = f"{_count(len(own), 'layer')} with {size_words(size)} on a base of {size_words(base)}."
    else:
        words = f"{_count(len(own), 'layer')} with {size_words(size)}."
    largest = max(own, key=lambda layer: layer.size, default=None)
    if largest and largest.size and len(own) > 1:
        words += f" The largest: {_text(largest)}, {size_words(largest.size)}."
    marked = [_text(layer) for layer in image.layers if layer.id in marks]
    return f"{words} Marked “{LOOK_HERE}”: {', '.join(marked)}." if marked else words


def table(image: ImageLayers, marks: frozenset[str]) -> tuple[tuple[str, ...], ...]:
    """A row of heads, then a row for each layer that is drawn."""
    shown, others = _shown(image)
    rows = [
        (str(number), size_words(layer.size), _what_changed(layer), _full_text(layer, marks))
        for number, layer in enumerate(shown, start=1)
    ]
    heads = ("Layer", "Size", "Files", "Made by")
    return (heads, *rows, *([("…", "", "", others)] if others else []))


def _row(layer: LayerBar, number: int, left: float, largest: int, marked: bool) -> str:
    wide = max(_BAR * layer.size / largest, _LEAST) if layer.size and largest else 0
    y = _EDGE + number * _ROW
    tone = "mark" if marked else "base" if layer.of_base else "own"
    size = size_words(layer.size)
    parts = [
        f'<g class="layer" transform="translate({_EDGE} {y})">',
        f'<text class="name" y="14">{xml(_text(layer))}</text>',
        f'<text class="muted" y="30">{xml(_what_changed(layer))}</text>',
        f'<rect class="track" x="{left:.1f}" y="9" width="{_BAR}" height="{_BAR_HEIGHT}" rx="3"/>',
        f'<rect class="bar {tone}" x="{left:.1f}" y="9" width="{wide:.1f}" height="{_BAR_HEIGHT}" rx="{min(3, wide / 2):g}"/>',
        f'<text class="name" x="{left + _BAR + 10:.1f}" y="20">{xml(size)}</text>',
    ]
    if marked:
        parts.append(tag(LOOK_HERE, "mark", left + _BAR + 10 + cells(size) + 8, 16))
    return "".join([*parts, "</g>"])


def _shown(image: ImageLayers) -> tuple[list[LayerBar], str]:
    """The first layers, and words for those that are only counted."""
    shown, rest = list(image.layers[:MOST_LAYERS]), image.layers[MOST_LAYERS:]
    words = f"… {_count(len(rest), 'more layer')} with {size_words(sum(layer.size for layer in rest))}"
    return shown, words if rest else ""


def _text(layer: LayerBar) -> str:
    return cut(one_line(layer.text, _TEXT), _TEXT) or "(no instruction)"


def _full_text(layer: LayerBar, marks: frozenset[str]) -> str:
    words = one_line(layer.text, _LONGEST).replace("`", "'") or "(no instruction)"
    return f"`{words}` ({LOOK_HERE})" if layer.id in marks else f"`{words}`"


def _what_changed(layer: LayerBar) -> str:
    parts = [
        f"{count:,} {word}"
        for count, word in ((layer.added, "added"), (layer.changed, "changed"), (layer.deleted, "deleted"))
        if count
    ]
    return ", ".join(parts) if parts else "no file"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _colours(colours: dict[str, str]) -> str:
    return (
        f".ns-graph .name{{fill:{colours['text']}}}.ns-graph .track{{fill:{colours['panel']}}}"
        f".ns-graph .bar.base{{fill:{colours['edge']}}}.ns-graph .bar.own{{fill:{colours['lane-1']}}}"
    )


_SHEET = style("", _colours)
