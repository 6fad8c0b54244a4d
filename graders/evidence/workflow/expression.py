"""The expression language of GitHub Actions: text to a tree with positions.

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

MOST_LENGTH = 21_000
MOST_DEPTH = 50
CONTEXTS = frozenset(
    "github env vars job jobs steps runner secrets strategy matrix needs inputs".split()
)  # https://docs.github.com/en/actions/reference/workflows-and-actions/contexts
_ANY = 255
ARGUMENTS = {
    "contains": (2, 2), "startswith": (2, 2), "endswith": (2, 2), "format": (1, _ANY), "join": (1, 2),
    "tojson": (1, 1), "fromjson": (1, 1), "hashfiles": (1, _ANY), "case": (3, _ANY),
    "success": (0, _ANY), "failure": (0, _ANY), "always": (0, 0), "cancelled": (0, 0),
}  # fmt: skip
STATUS_FUNCTIONS = frozenset(("success", "failure", "always", "cancelled"))


class ExpressionProblem(Exception):
    """An expression that GitHub refuses. `position` counts characters from 0; `what` and `next` are sentences."""

    def __init__(self, position: int, what: str, next: str) -> None:
        super().__init__(what)
        self.position, self.what, self.next = position, what, next


@dataclass(frozen=True, slots=True)
class Literal:
    """null, a boolean, a number or a text."""

    value: None | bool | float | str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Context:
    """A named value: `github`, `needs`, …"""

    name: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Index:
    """`of.name` and `of['name']` (an `index` that is a Literal), `of[expression]`, or `of.*` (no `index`)."""

    of: Expression
    index: Expression | None
    position: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; `name` is as written, and case does not matter."""

    name: str
    arguments: tuple[Expression, ...]
    position: int = 0


@dataclass(frozen=True, slots=True)
class Not:
    """`!of`"""

    of: Expression
    position: int = 0


@dataclass(frozen=True, slots=True)
class Compare:
    """`left operator right`, where the operator is one of == != < <= > >=."""

    operator: str
    left: Expression
    right: Expression
    position: int = 0


@dataclass(frozen=True, slots=True)
class Logical:
    """Two or more `terms` joined by && or ||."""

    operator: str
    terms: tuple[Expression, ...]
    position: int = 0


Expression: TypeAlias = Literal | Context | Index | Call | Not | Compare | Logical

_GRAMMAR = r"""
?start: or
?or: and ("||" and)*
?and: equality ("&&" equality)*
?equality: comparison | equality EQUALS comparison -> compare
?comparison: unary | comparison ORDER unary -> compare
?unary: BANG unary -> not_ | postfix | literal
?postfix: CONTEXT -> context
    | NAME "(" [or ("," or)*] ")" -> call
    | "(" or ")" -> group
    | postfix "." PROPERTY -> property
    | postfix ("." "*" | "[" "*" "]") -> every
    | postfix "[" or "]" -> index
literal: KEYWORD | NUMBER | TEXT

EQUALS: "==" | "!="
ORDER: "<=" | ">=" | "<" | ">"
BANG.2: /!(?!=)/
KEYWORD.3: /(true|false|null|NaN|Infinity)(?![\w-])/
NAME.2: /[A-Za-z_][A-Za-z0-9_-]*(?=\s*\()/
CONTEXT.1: /[A-Za-z_][A-Za-z0-9_-]*/
PROPERTY: /[A-Za-z_][A-Za-z0-9_-]*/
NUMBER: /[-+]?(0x[0-9a-fA-F]+|0o[0-7]+|Infinity|([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?)(?![\w.])/
TEXT: /'([^']|'')*'/
%ignore /\s+/
"""


def parse(text: str) -> Expression:
    """The tree of `text`, which stands between `${{` and `}}` or is a bare `if:`. Raises ExpressionProblem."""
    if len(text) > MOST_LENGTH:
        raise ExpressionProblem(0, f"The expression is longer than {MOST_LENGTH:,} characters.", "Move work to a script.")
    if not text.strip():
        raise ExpressionProblem(0, "The expression is empty.", "Write a value between `${{` and `}}`.")
    try:
        parsed: Expression = _parser().parse(text)  # type: ignore[assignment]
    except VisitError as trouble:
        if isinstance(trouble.orig_exc, ExpressionProblem):
            raise trouble.orig_exc from None
        raise
    except UnexpectedInput as trouble:
        raise _explained(trouble, text) from None
    return parsed


def walk(node: Expression) -> Iterator[Expression]:
    """`node` and every node under it, outermost first."""
    yield node
    for child in children(node):
        yield from walk(child)


def children(node: Expression) -> tuple[Expression, ...]:
    """The nodes directly under `node`."""
    match node:
        case Index(of=of, index=index):
            return (of,) if index is None else (of, index)
        case Call(arguments=arguments):
            return arguments
        case Not(of=of):
            return (of,)
        case Compare(left=left, right=right):
            return left, right
        case Logical(terms=terms):
            return terms
    return ()


def path_of(node: Expression) -> tuple[str, ...] | None:
    """`needs.build.outputs.image` as its parts, lower case where case does not matter is left to the reader.

    `*` stands for a wildcard or a computed index. None where `node` is not a chain of properties of a context.
    """
    parts: list[str] = []
    while isinstance(node, Index):
        if isinstance(node.index, Literal) and isinstance(node.index.value, str):
            parts.append(node.index.value)
        else:
            parts.append("*")
        node = node.of
    return (node.name.lower(), *reversed(parts)) if isinstance(node, Context) else None


def references(node: Expression) -> Iterator[tuple[tuple[str, ...], Index | Context]]:
    """Every chain of properties in `node` with its node; the longest ones, and those inside computed indexes too."""
    if isinstance(node, (Index, Context)):
        path = path_of(node)
        if path is not None:
            yield path, node
            inner: Expression = node
            while isinstance(inner, Index):
                if inner.index is not None:
                    yield from references(inner.index)
                inner = inner.of
            return
    for child in children(node):
        yield from references(child)


def calls(node: Expression, names: frozenset[str]) -> bool:
    """Whether a function with one of `names` (lower case) is called anywhere in `node`."""
    return any(isinstance(one, Call) and one.name.lower() in names for one in walk(node))


def written(node: Expression) -> str:
    """The tree as text again; parsing it gives the same tree but for positions."""
    match node:
        case Literal(value=value):
            return _literal(value)
        case Context(name=name):
            return name
        case Index(of=of, index=None):
            return f"{_operand(of)}.*"
        case Index(of=of, index=Literal(value=str(name))) if _is_property(name):
            return f"{_operand(of)}.{name}"
        case Index(of=of, index=index):
            return f"{_operand(of)}[{written(index)}]"
        case Call(name=name, arguments=arguments):
            return f"{name}({', '.join(map(written, arguments))})"
        case Not(of=of):
            return f"!{_grouped(of, (Compare, Logical))}"
        case Compare(operator=operator, left=left, right=right):
            return f"{_grouped(left, (Compare, Logical))} {operator} {_grouped(right, (Compare, Logical))}"
        case Logical(operator=operator, terms=terms):
            return f" {operator} ".join(_grouped(term, (Logical,)) for term in terms)


def _grouped(node: Expression, kinds: tuple[type, ...]) -> str:
    return f"({written(node)})" if isinstance(node, kinds) else written(node)


def _operand(node: Expression) -> str:
    return written(node) if isinstance(node, (Context, Index, Call)) else f"({written(node)})"


def _is_property(name: str) -> bool:
    return bool(name) and name.isascii() and not name[0].isdigit() and name[0] != "-" and name.replace("-", "_").isidentifier()


def _literal(value: None | bool | float | str) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual", propagate_positions=False, transformer=_Build(), maybe_placeholders=False)


def _depth(node: Expression) -> int:
    """Depths of a new node's children are bounded already, so this recursion is too."""
    return 1 + max(map(_depth, children(node)), default=0)


@v_args(inline=True)
class _Build(Transformer[Token, Any]):
    """Makes our nodes while lark reduces, so that no recursion follows the text's nesting."""

    def __init__(self) -> None:
        super().__init__()
        self._depths: dict[int, int] = {}
