"""Which subject lines say what changed."""

from __future__ import annotations

import pytest

from graders.evidence.commit_message import vagueness

TELLING = [
    "Filter the widget list by price",
    "Add tests",
    "Add max_price_cents",
    "List widgets by min_stock",
    "feat: filter widgets by stock",
    "feat(api)!: filter widgets by stock",
    "fix: count an empty filter as none",
    "test: cover the price filter",
    "Fix off-by-one in the price filter",
    "Update the README for the new filter",
    'Revert "Filter the widget list"',
    "WIDGET-12: filter by price",
    "#12 filter by price",
    "✨ filter widgets by price",
    "Preisfilter ergänzen",
    "Filtre par prix",
    "価格で絞り込む",
    "Фильтр по цене",
    "添加价格过滤",
    "Rename list_widgets parameters",
    "docs: explain filters",
    "Support `?max_stock=`",
]
VAGUE = [
    "",
    "   ",
    "wip",
    "WIP",
    "fix",
    "Fix stuff",
    "fixes",
    "Update",
    "update code",
    "changes",
    "Some changes",
    "more changes",
    "final",
    "done!",
    "asdf",
    "...",
    "commit 1",
    "first commit",
    "second commit",
    "my work",
    "Update routes.py",
    "Update widgets/routes.py",
    "Change README.md",
    "fixup! Filter the list",
    "squash! Filter the list",
    "misc",
    "tmp",
    "test",
]


@pytest.mark.parametrize("subject", TELLING)
def test_this_says_what_changed(subject: str) -> None:
    assert vagueness(subject) == ""


@pytest.mark.parametrize("subject", VAGUE)
def test_this_does_not(subject: str) -> None:
    assert vagueness(subject)
