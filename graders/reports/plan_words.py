"""What a plan changes, in words: one sentence, a table, and what of a large plan is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from graders.picture import Act, PlannedChange, PlannedChanges
from graders.reports.drawing import LOOK_HERE
from graders.reports.layered_layout import layers
from graders.reports.safe_text import one_line

MOST_CHANGES = 40
_ADDRESS, _WORDS = 200, 200  # characters
_NAMED = 12
SYMBOLS = {
    Act.CREATE: "+",
    Act.UPDATE: "~",
    Act.REPLACE: "-/+",
    Act.REPLACE_CREATE_FIRST: "+/-",
    Act.DELETE: "-",
    Act.FORGET: ".",
    Act.MOVED: "→",
    Act.IMPORT: "⇐",
    Act.READ: "<=",
    Act.NO_OP: "=",
}
"""As Terraform prints them, where it has one: https://developer.hashicorp.com/terraform/cli/commands/plan"""
IDLE = frozenset({Act.FORGET, Act.MOVED, Act.IMPORT, Act.READ, Act.NO_OP})
"""What leaves the thing itself as it is."""


def shown(plan: PlannedChanges, marks: frozenset[str]) -> tuple[tuple[PlannedChange, ...], str]:
    """At most 40 changes in the plan's order, what is marked or takes something down before all others; and a count of
    the rest in words, empty where there is none."""
    if len(plan.changes) <= MOST_CHANGES:
        return plan.changes, ""
    weighty = sorted(range(len(plan.changes)), key=lambda place: not _weighty(plan.changes[place], marks))
    kept = sorted(weighty[:MOST_CHANGES])
    rest = [plan.changes[place] for place in weighty[MOST_CHANGES:]]
    return tuple(plan.changes[place] for place in kept), f"… {len(rest)} more: {tally(rest)}"


def tally(changes: Iterable[PlannedChange]) -> str:
    """For example `3 create, 1 delete`, in the order of `Act`."""
    counted = Counter(change.act for change in changes)
    return ", ".join(f"{counted[act]} {act}" for act in Act if counted[act])


def after_of(changes: Sequence[PlannedChange]) -> list[tuple[int, ...]]:
    """For each change the places of those that come before it; one that is not among `changes` is left out."""
    places: dict[str, int] = {}
    for place, change in enumerate(changes):
        places.setdefault(change.address, place)
    return [tuple(places[one] for one in dict.fromkeys(change.after) if one in places) for change in changes]


def address(change: PlannedChange) -> str:
    """The change's address as one safe line."""
    return one_line(change.address, _ADDRESS) or "(no address)"


def summary(plan: PlannedChanges, marks: frozenset[str]) -> str:
    """One breath: how many changes of which kind, what they take down, which are marked, and the notes."""
    count = len(plan.changes)
    words = f"{count} resource{'' if count == 1 else 's'}: {tally(plan.changes)}."
    down = [f"{address(one)} ({one_line(one.takes_down, _WORDS)})" for one in plan.changes if one.takes_down]
    words += f" Takes down: {_listed(down)}." if down else " Takes nothing down."
    marked = [address(one) for one in plan.changes if one.address in marks]
    words += f" Marked “{LOOK_HERE}”: {_listed(marked)}." if marked else ""
    return " ".join([words, *(one_line(note, _WORDS) for note in plan.notes)])


def table(plan: PlannedChanges, marks: frozenset[str]) -> tuple[tuple[str, ...], ...]:
    """A row of heads, then a row for each change that is drawn, each below those that come before it.

    The rows are numbered, and the last column names by number what a change waits for.
    """
    changes, others = shown(plan, marks)
    after = after_of(changes)
    order = layers(after)
    sequence = sorted(range(len(changes)), key=order.__getitem__)
    number = {place: row for row, place in enumerate(sequence, start=1)}
    rows = []
    for place in sequence:
        change = changes[place]
        name = address(change).replace("`", "'")
        rows.append(
            (
                str(number[place]),
                f"`{SYMBOLS[change.act]}` {change.act}",
                f"`{name}`" + (f" ({LOOK_HERE})" if change.address in marks else ""),
                one_line(change.takes_down, _WORDS) or "nothing",
                one_line(change.because, _WORDS) or "–",
                ", ".join(map(str, sorted(number[one] for one in after[place]))) or "–",
            )
        )
    heads = ("No.", "What", "Address", "Takes down", "Why", "Only after")
    return (heads, *rows, *([("…", "", "", others, "", "")] if others else []))


def _weighty(change: PlannedChange, marks: frozenset[str]) -> bool:
    return bool(change.takes_down) or change.address in marks


def _listed(words: Sequence[str]) -> str:
    more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return ", ".join(words[:_NAMED]) + more
