"""What building an image gave, in a page: the steps, its layers as a picture, and what the step that failed had to say."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from graders.picture import ImageLayers
from graders.reports import card, layer_chart
from graders.reports.safe_text import one_line

_NO_MARKS: frozenset[str] = frozenset()
_LINES, _LONGEST = 40, 200


@dataclass(frozen=True, slots=True)
class ImageCard:
    """A build that shows itself: `headline` is a sentence, `lines` the steps or the end of what was printed.

    `layers` is None where there is no image.
    """

    headline: str
    lines: tuple[str, ...] = ()
    layers: ImageLayers | None = None

    def __repr__(self) -> str:
        table = layer_chart.table(self.layers, _NO_MARKS) if self.layers else ()
        rows = ["  ".join(cell.ljust(width) for cell, width in zip(row, (5, 8, 30, 0), strict=True)) for row in table]
        return "\n".join([self.headline, *self._shown(), *(row.rstrip() for row in rows)])

    def _repr_html_(self) -> str:
        lines = escape("\n".join(self._shown()))
        inner = f"<pre>{lines}</pre>" if lines else ""
        return card.framed(self.headline, f"{inner}{card.figure(self.layers, _NO_MARKS)}")

    def _shown(self) -> list[str]:
        return [one_line(line, _LONGEST) for line in self.lines[-_LINES:]]
