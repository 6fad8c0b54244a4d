"""One page of the course: MyST Markdown in, a notebook for nbgrader out.

An author writes plain Markdown and code cells, and two short tags:

    ```{code-cell} python
    :check: git
    from graders.notebook import check
    check("git")
    ```

makes a graded, locked cell worth what the step's criteria are worth, and

    ```{criteria} git
    ```

is replaced by the table of that step's criteria. Anything else that would not show in JupyterLab is refused.
"""

# These libraries carry no types of their own.
# mypy: disable-error-code="import-untyped,no-untyped-call"

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, count, pairwise
from typing import Any

from graders.pages.tables import criteria_table, points_of
from graders.problems import Problem
from graders.step import find

_DIRECTIVE = re.compile(r"^\{([\w:-]+)\}\s*(.*)$")
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")
_HINT_FOR_TAGS = "A code cell may have `:check: STEP` and `:tags: [raises-exception]`, and nothing else."
_STEP_IS_NAMED = "Write the step's name, such as `git`, after the tag."


def notebook(text: str, shown_as: str) -> Any:
    """The page's notebook, in nbformat 4.5, without outputs; the same text gives the same cells and ids.

    `shown_as` is how the page is called in messages and in the note at its top. Raises Problem, naming page and cell.
    """
    import jupytext  # 2 s to import, so only where a page really is built

    try:
        book = jupytext.reads(text, fmt="md:myst")
    except Exception as trouble:  # jupytext has no error class of its own for a broken page
        reason = (str(trouble).splitlines() or [type(trouble).__name__])[0]
        raise Problem(f"{shown_as} cannot be read as MyST: {reason}", "Compare with a page that builds.") from None
    if not book.cells:
        raise Problem(f"{shown_as} has no cells.", "Write at least a heading.")
    book.cells = [part for cell in book.cells for part in _split_at_headings(cell)]
    places = [
        f"{shown_as}, cell {number} ({_first_line(cell.source)[:50]!r})" for number, cell in enumerate(book.cells, 1)
    ]
    for cell, place in zip(book.cells, places, strict=True):
        (_expand_code if cell.cell_type == "code" else _expand_markdown)(cell, place)
    _set_ids(book.cells, places)
    _add_note(book.cells[0], shown_as)
    book.metadata.pop("jupytext", None)
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    book.metadata["language_info"] = {"name": "python"}
    book.nbformat, book.nbformat_minor = 4, 5
    return book


def _split_at_headings(cell: Any) -> list[Any]:
    """A text cell as one cell a section, so that JupyterLab can fold each, and a reader moves on by one."""
    from markdown_it import MarkdownIt
    from nbformat.v4 import new_markdown_cell

    if cell.cell_type != "markdown" or cell.metadata:
        return [cell]
    lines = cell.source.splitlines()
    starts = [
        token.map[0]
        for token in MarkdownIt().parse(cell.source)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]
    edges = sorted({0, *starts, len(lines)})
    parts = ("\n".join(lines[first:last]).strip("\n") for first, last in pairwise(edges))
    return [new_markdown_cell(part) for part in parts if part]


def _expand_code(cell: Any, place: str) -> None:
    is_check = "check" in cell.metadata
    step_name = cell.metadata.pop("check", None)
    tags = cell.metadata.get("tags", [])
    unknown = sorted(set(cell.metadata) - {"tags"}) + [tag for tag in tags if tag != "raises-exception"]
    if unknown:
        raise Problem(f"{place}: I don't know the tag {', '.join(map(repr, unknown))}.", _HINT_FOR_TAGS)
    cell.outputs, cell.execution_count = [], None
    if not is_check:
        return
    step = _step(step_name, place)
    if "from graders.notebook import" not in cell.source:
        raise Problem(
            f"{place}: a check cell must work on its own, and this one doesn't import `check`.",
            "Begin it with `from graders.notebook import check`.",
        )
    cell.metadata["nbgrader"] = {
        "grade_id": f"check-{step.name}",
        "grade": True,
        "points": points_of(step),
        "locked": True,
        "solution": False,
        "task": False,
        "schema_version": 3,
    }


def _expand_markdown(cell: Any, place: str) -> None:
    from markdown_it import MarkdownIt

    if cell.metadata:
        raise Problem(f"{place}: text cells have no tags, but this one has {sorted(cell.metadata)}.", _HINT_FOR_TAGS)
    lines = cell.source.splitlines()
    for token in reversed(MarkdownIt().parse(cell.source)):
        if token.type != "fence" or not token.map or not (directive := _DIRECTIVE.match(token.info.strip())):
            continue
        if directive[1] != "criteria":
            raise Problem(
                f"{place}: JupyterLab cannot show the directive {{{directive[1]}}}.",
                "Use plain Markdown; the only directive here is {criteria} STEP.",
            )
        table = criteria_table(_step(directive[2], place))
        first, last = token.map
        lines[first:last] = table.splitlines()
    cell.source = "\n".join(lines)


def _step(name: object, place: str) -> Any:
    name = "" if name is None else str(name)
    if not name.strip():
        raise Problem(f"{place}: the tag names no step.", _STEP_IS_NAMED)
    try:
        step = find(name)
    except Problem as unknown:
        raise Problem(f"{place}: {unknown.found}", unknown.next) from None
    if step.name != name.strip():
        raise Problem(f"{place}: the step is written {name!r} here.", f"Write its name: {step.name}.")
    return step


def _set_ids(cells: Sequence[Any], places: Sequence[str]) -> None:
    """A check's id is its grade_id; every other cell's comes from its first line, and a number where that is taken."""
    taken: set[str] = set()
    for cell, place in zip(cells, places, strict=True):
        if grade_id := cell.metadata.get("nbgrader", {}).get("grade_id"):
            if grade_id in taken:
                raise Problem(f"{place}: {grade_id} stands in this page twice.", "Keep one check cell for each step.")
            taken.add(grade_id)
            cell.id = grade_id
    for cell in cells:
        if "nbgrader" in cell.metadata:
            continue
        slug = _NOT_IN_SLUG.sub("-", _first_line(cell.source).lower()).strip("-")[:40].strip("-") or cell.cell_type
        names = chain([slug], (f"{slug}-{number}" for number in count(2)))
        cell.id = next(name for name in names if name not in taken)
        taken.add(cell.id)


def _first_line(source: str) -> str:
    return next((line.strip() for line in source.splitlines() if line.strip()), "")


def _add_note(first: Any, shown_as: str) -> None:
    note = f"Generated from {shown_as} by `make course`: change that page, not this notebook."
    first.source = f"<!-- {note} -->\n{first.source}" if first.cell_type == "markdown" else f"# {note}\n{first.source}"
