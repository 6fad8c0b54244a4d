"""What a plan changes, in a notebook: as a table and a drawing."""

from __future__ import annotations

from dataclasses import dataclass

from graders.picture import PlannedChanges
from graders.reports import card, plan_words
from graders.reports.safe_text import one_line

_NO_MARKS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PlanCard:
    """A plan that shows itself; `headline` is a sentence."""

    headline: str
    changes: PlannedChanges

    def __repr__(self) -> str:
        _, *rows = plan_words.table(self.changes, _NO_MARKS)
        lines = [" | ".join(cell.replace("`", "") for cell in row) for row in rows]
        return "\n".join([one_line(self.headline), plan_words.summary(self.changes, _NO_MARKS), *lines])

    def _repr_html_(self) -> str:
        return card.framed(self.headline, card.figure(self.changes, _NO_MARKS))
