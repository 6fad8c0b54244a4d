"""Text with `${{ … }}` in it, and `if:` conditions.

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

from dataclasses import dataclass

from graders.evidence.workflow.expression import (
    STATUS_FUNCTIONS,
    Call,
    Expression,
    ExpressionProblem,
    Literal,
    Logical,
    calls,
    parse,
)

OPEN, CLOSE = "${{", "}}"


@dataclass(frozen=True, slots=True)
class Piece:
    """One `${{ … }}`: its tree, and the part of the text that it takes (`start` is the dollar sign's place)."""

    expression: Expression
    start: int
    end: int
    inner_start: int


def pieces(text: str) -> tuple[Piece, ...]:
    """Every `${{ … }}` in `text`. Raises ExpressionProblem, whose position counts from the start of `text`."""
    found: list[Piece] = []
    start = text.find(OPEN)
    while start >= 0:
        inner = start + len(OPEN)
        end = _close(text, inner)
        if end < 0:
            raise ExpressionProblem(start, "The `${{` that begins here is never closed.", "Add `}}`.")
        try:
            found.append(Piece(parse(text[inner:end]), start, end + len(CLOSE), inner))
        except ExpressionProblem as trouble:
            raise ExpressionProblem(inner + trouble.position, trouble.what, trouble.next) from None
        start = text.find(OPEN, end)
    return tuple(found)


def whole(text: str) -> Expression | None:
    """The expression that `text` consists of, or None where there is other text or none. Raises ExpressionProblem."""
    found = pieces(text)
    if len(found) == 1 and not (text[: found[0].start] + text[found[0].end :]).strip():
        return found[0].expression
    return None


@dataclass(frozen=True, slots=True)
class Condition:
    """An `if:`.

    `always_true_text` is set where text stands around `${{ … }}`: the outcome is then text that is not empty, which
    counts as true whatever the expression says. Without a status function, GitHub adds `success() &&` before it.
    """

    expression: Expression
    always_true_text: bool = False

    @property
    def names_status(self) -> bool:
        """Whether it calls success(), failure(), always() or cancelled(), and so replaces the silent `success()`."""
        return calls(self.expression, STATUS_FUNCTIONS)

    @property
    def effective(self) -> Expression:
        """What GitHub evaluates."""
        wanted: Expression = Literal(True) if self.always_true_text else self.expression
        return wanted if self.names_status else Logical("&&", (Call("success", ()), wanted))


def condition(text: str) -> Condition:
    """The condition that an `if:` with the value `text` stands for. Raises ExpressionProblem."""
    if OPEN not in text:
        return Condition(parse(text))
    found = pieces(text)
    around = len(found) > 1 or bool(text[: found[0].start] + text[found[0].end :])
    if not around:
        return Condition(found[0].expression)
    terms = tuple(piece.expression for piece in found)
    return Condition(terms[0] if len(terms) == 1 else Logical("&&", terms), always_true_text=True)


def _close(text: str, start: int) -> int:
    """Where the `}}` stands that closes the expression which begins at `start`: the first that is in no text."""
    quoted = False
    for position in range(start, len(text)):
        if text[position] == "'":
            quoted = not quoted
        elif not quoted and text.startswith(CLOSE, position):
            return position
    return -1
