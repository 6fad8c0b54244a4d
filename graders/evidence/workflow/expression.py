"""The expression language of GitHub Actions: text to a tree with positions.

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeAlias

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

MOST_LENGTH = 21_000
MOST_DEPTH = 50
CONTEXTS = frozenset(
    ("github", "env", "vars", "job", "jobs", "steps", "runner", "secrets", "strategy", "matrix", "needs", "inputs")
)  # https://docs.github.com/en/actions/reference/workflows-and-actions/contexts
_ANY = 255
_NAMES = (
    "contains, startsWith, endsWith, format, join, toJSON, fromJSON, hashFiles, case, success, failure, always and "
    "cancelled"
)
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

    value: bool | float | str | None
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
?or: and | and ("||" and)+ -> disjunction
?and: equality | equality ("&&" equality)+ -> conjunction
?equality: comparison | equality EQUALS comparison -> compare
?comparison: unary | comparison ORDER unary -> compare
?unary: BANG unary -> not_ | postfix | literal
?postfix: CONTEXT -> context
    | NAME "(" (or ("," or)*)? ")" -> call
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
        raise ExpressionProblem(
            0, f"The expression is longer than {MOST_LENGTH:,} characters.", "Move work to a script."
        )
    if not text.strip():
        raise ExpressionProblem(0, "The expression is empty.", "Write a value between `${{` and `}}`.")
    try:
        built: Any = _parser().parse(text)
    except VisitError as trouble:
        if isinstance(trouble.orig_exc, ExpressionProblem):
            raise trouble.orig_exc from None
        raise
    except UnexpectedInput as trouble:
        raise _explained(trouble, text) from None
    node: Expression = built[0]
    return node


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
    """`needs.build.outputs.image` as its parts; the context in lower case, the rest as written (case does not matter).

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
        case Index(of=of, index=Literal(value=str(name))) if _is_property(name):
            return f"{_operand(of)}.{name}"
        case Index(of=of, index=index) if index is not None:
            return f"{_operand(of)}[{written(index)}]"
        case Call(name=name, arguments=arguments):
            return f"{name}({', '.join(map(written, arguments))})"
        case Not(of=of):
            return f"!{_grouped(of, (Compare, Logical))}"
        case Compare(operator=operator, left=left, right=right):
            return f"{_grouped(left, (Compare, Logical))} {operator} {_grouped(right, (Compare, Logical))}"
        case Logical(operator=operator, terms=terms):
            return f" {operator} ".join(_grouped(term, (Logical,)) for term in terms)
        case Index(of=of):
            return f"{_operand(of)}.*"


def _grouped(node: Expression, kinds: tuple[type, ...]) -> str:
    return f"({written(node)})" if isinstance(node, kinds) else written(node)


def _operand(node: Expression) -> str:
    return written(node) if isinstance(node, (Context, Index, Call)) else f"({written(node)})"


def _is_property(name: str) -> bool:
    return (
        bool(name)
        and name.isascii()
        and not name[0].isdigit()
        and name[0] != "-"
        and name.replace("-", "_").isidentifier()
    )


def _literal(value: bool | float | str | None) -> str:
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


_Built: TypeAlias = tuple[Expression, int]  # a node and its height, which bounds every recursion over it


@v_args(inline=True)
class _Build(Transformer[Token, Any]):
    """Makes our nodes while lark reduces, so that nothing recurses over the text's nesting."""

    def literal(self, token: Token) -> _Built:
        return Literal(_value(token), token.start_pos or 0), 1

    def context(self, token: Token) -> _Built:
        if token.lower() not in CONTEXTS:
            raise ExpressionProblem(
                token.start_pos or 0, f"There is no context called `{token}`.",
                _did_you_mean(token, CONTEXTS)
                or f"Text stands in single quotes; contexts are {', '.join(sorted(CONTEXTS))}.",
            )  # fmt: skip
        return Context(str(token), token.start_pos or 0), 1

    def call(self, token: Token, *arguments: _Built) -> _Built:
        position = token.start_pos or 0
        fewest, most = ARGUMENTS.get(token.lower(), (0, -1))
        if most < 0:
            raise ExpressionProblem(
                position, f"There is no function called `{token}`.",
                _did_you_mean(token, ARGUMENTS) or f"The functions are {_NAMES}.",
            )  # fmt: skip
        if not fewest <= len(arguments) <= most:
            wanted = str(fewest) if fewest == most else f"at least {fewest}" if most == _ANY else f"{fewest} to {most}"
            raise ExpressionProblem(
                position,
                f"`{token}` takes {wanted} argument{'s' * (wanted != '1')} and gets {len(arguments)}.",
                "Count the commas.",
            )
        return _bounded(Call(str(token), tuple(node for node, _ in arguments), position), *arguments)

    def group(self, inner: _Built) -> _Built:
        return inner

    def property(self, of: _Built, name: Token) -> _Built:
        return _bounded(Index(of[0], Literal(str(name), name.start_pos or 0), of[0].position), of)

    def every(self, of: _Built) -> _Built:
        return _bounded(Index(of[0], None, of[0].position), of)

    def index(self, of: _Built, index: _Built) -> _Built:
        return _bounded(Index(of[0], index[0], of[0].position), of, index)

    def not_(self, token: Token, of: _Built) -> _Built:
        return _bounded(Not(of[0], token.start_pos or 0), of)

    def compare(self, left: _Built, operator: Token, right: _Built) -> _Built:
        return _bounded(Compare(str(operator), left[0], right[0], left[0].position), left, right)

    def conjunction(self, *terms: _Built) -> _Built:
        return _logical("&&", terms)

    def disjunction(self, *terms: _Built) -> _Built:
        return _logical("||", terms)


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name.lower(), sorted(known), n=1, cutoff=0.7)
    return f"Did you mean `{near[0]}`?" if near else ""


def _logical(operator: str, terms: tuple[_Built, ...]) -> _Built:
    return _bounded(Logical(operator, tuple(node for node, _ in terms), terms[0][0].position), *terms)


def _bounded(node: Expression, *parts: _Built) -> _Built:
    height = 1 + max((height for _, height in parts), default=0)
    if height > MOST_DEPTH:
        raise ExpressionProblem(node.position, f"The expression is nested more than {MOST_DEPTH} deep.", "Simplify it.")
    return node, height


def _value(token: Token) -> bool | float | str | None:
    text = str(token)
    if token.type == "TEXT":
        return text[1:-1].replace("''", "'")
    if text in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[text]
    return number(text)


def number(text: str) -> float:
    """A text as GitHub makes a number of it: empty is 0, and what is no number is NaN."""
    text = text.strip()
    lower = text.lower()
    if not text:
        return 0.0
    if text in ("Infinity", "+Infinity", "-Infinity"):
        return float("-inf") if text[0] == "-" else float("inf")
    try:
        if lower.lstrip("+-").startswith(("0x", "0o")):
            return float(int(text, 0)) if len(text) < 300 else float("inf")
        return float(text) if set(lower) <= set("0123456789+-.e") else float("nan")
    except ValueError:
        return float("nan")


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual", transformer=_Build())


def _explained(trouble: UnexpectedInput, text: str) -> ExpressionProblem:
    position = trouble.pos_in_stream or 0
    if isinstance(trouble, UnexpectedToken) and trouble.token.type == "$END":
        return ExpressionProblem(
            len(text.rstrip()), "The expression ends too early.", "Close its brackets and finish the last part."
        )
    found = trouble.char if isinstance(trouble, UnexpectedCharacters) else str(getattr(trouble, "token", ""))
    what, next = _WRONG.get(found[:1], ("", ""))
    if found == "'" and not what:
        what, next = "The quote that opens here is never closed.", "Add a `'`; a quote inside a text is written twice."
    return ExpressionProblem(
        position,
        what or f"`{found}` can't stand here in an expression.",
        next or "Between two values an operator is needed: `==`, `!=`, `&&`, `||`, `<` or `>`.",
    )


_WRONG = {
    '"': ("Expressions know no double quotes.", "Use single quotes: 'text'."),
    "=": ("A single `=` is no operator.", "Compare with `==`."),
    "&": ("A single `&` is no operator.", "Write `&&`."),
    "|": ("A single `|` is no operator.", "Write `||`; there are no pipes in expressions."),
    "+": ("Expressions can't add.", "Join texts with format('{0}{1}', a, b)."),
    "-": ("Expressions can't subtract.", "Do sums in a `run:` step."),
    "?": ("There is no `a ? b : c` in expressions.", "Write `case(a, b, c)`."),
    "$": (
        "`$` has no meaning inside an expression.",
        "Write `github.sha`, not `$github.sha` or `${{ … }}` inside another.",
    ),
}
