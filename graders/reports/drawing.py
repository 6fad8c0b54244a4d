"""What all drawings share: fonts with their widths, light and dark, the page, tags, and text that is safe in XML.

A drawing is SVG that stands for itself in an `<img>`: no script, nothing from outside, its own background.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

from rich.cells import cell_len

from graders.reports.palette import DARK, LIGHT
from graders.reports.safe_text import one_line

LOOK_HERE = "look here"
CELL = 6.8  # px; a little more than one character of 11 px monospace in the common fonts
LETTER = 7.0  # px; about the same for 13 px of the system's own font
_TAG_HEIGHT = 18


def xml(text: str) -> str:
    """`text` on one line, safe between tags and in attributes."""
    return escape(one_line(text, 2000))


def cells(text: str) -> float:
    """How wide `text` is in 11 px monospace, in px."""
    return cell_len(text) * CELL


def tag_width(text: str) -> float:
    """How wide `tag` draws this text, in px."""
    return cells(text) + 12


def tag(text: str, style: str, x: float, y: float = 0) -> str:
    """A word in a pill, its left end at `x` and its middle at `y`; `style` names its classes."""
    width = tag_width(text)
    return (
        f'<rect class="tag {style}" x="{x:.1f}" y="{y - _TAG_HEIGHT / 2:g}" width="{width:.1f}" '
        f'height="{_TAG_HEIGHT}" rx="{_TAG_HEIGHT / 2:g}"/>'
        f'<text class="tag {style}" x="{x + width / 2:.1f}" y="{y + 4:g}">{xml(text)}</text>'
    )


def style(rules: str, colours: Callable[[dict[str, str]], str]) -> str:
    """A drawing's style sheet: `rules`, and `colours` of each palette for light and dark readers."""
    light, dark = _colours(LIGHT) + colours(LIGHT), _colours(DARK) + colours(DARK)
    return f"{_RULES}{rules}{light}@media (prefers-color-scheme:dark){{{dark}}}"


def page(title: str, words: str, sheet: str, size: tuple[float, float], parts: Iterable[str]) -> str:
    """The whole drawing, `size` px wide and high, named by `title` and described by `words`."""
    width, height = (f"{side:.0f}" for side in size)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ns-graph" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" aria-label="{xml(words)}">'
        f"<title>{xml(title)}</title><desc>{xml(words)}</desc><style>{sheet}</style>"
        f'<rect class="page" width="{width}" height="{height}" rx="6"/>{"".join(parts)}</svg>'
    )


def _colours(colours: dict[str, str]) -> str:
    return (
        f".ns-graph .page{{fill:{colours['page']}}}.ns-graph .muted{{fill:{colours['muted']}}}"
        f".ns-graph .words{{fill:{colours['text']}}}"
        f".ns-graph .mark{{fill:{colours['failed']}}}.ns-graph text.mark{{fill:{colours['page']}}}"
    )


_RULES = (
    ".ns-graph text,.ns-graph tspan{font:11px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}"
    ".ns-graph .words{font:13px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif}"
    ".ns-graph text.tag{text-anchor:middle}.ns-graph text.mark{font-weight:bold}"
    ".ns-graph .edge{fill:none;stroke-width:2}"
)
