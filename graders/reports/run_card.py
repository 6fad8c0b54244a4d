"""What a workflow did, in a page: its jobs as a picture, and what the step that failed had to say."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from graders.picture import Pipelines
from graders.reports import card, pipeline_words
from graders.reports.safe_text import one_line

_NO_MARKS: frozenset[str] = frozenset()
_LINES, _LONGEST = 30, 200


@dataclass(frozen=True, slots=True)
class RunCard:
    """A run that shows itself: `headline` is a sentence, `log` the end of what the failing step printed (or empty).

    `called` are the commands that were played, each with its job.
    """

    headline: str
    pipelines: Pipelines
    log: tuple[str, ...] = ()
    called: tuple[str, ...] = ()

    def __repr__(self) -> str:
        parts = [self.headline, pipeline_words.as_text(self.pipelines, width=100).rstrip(), *self._log_lines()]
        return "\n".join(part for part in parts if part)

    def _repr_html_(self) -> str:
        log = escape("\n".join(self._log_lines()))
        inner = f"<pre>{log}</pre>" if log else ""
        return card.framed(self.headline, f"{card.figure(self.pipelines, _NO_MARKS)}{inner}")

    def _log_lines(self) -> list[str]:
        lines = [*self.called[:_LINES], *self.log[-_LINES:]]
        return [one_line(line, _LONGEST) for line in lines]
