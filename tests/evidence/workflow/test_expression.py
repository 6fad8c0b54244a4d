"""Expressions: what parses, to what, and what is said of the rest.

Authority: https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.evidence.workflow.expression import (
    ARGUMENTS,
    CONTEXTS,
    MOST_DEPTH,
    Call,
    Compare,
    Context,
    Expression,
    ExpressionProblem,
    Index,
    Literal,
    Logical,
    Not,
    parse,
    path_of,
    references,
    walk,
    written,
)


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("!github.a == github.b", "(!github.a) == github.b"),
        ("1 == 2 < 3", "1 == (2 < 3)"),
        ("1 < 2 == true", "(1 < 2) == true"),
        ("1 == 2 == 3", "(1 == 2) == 3"),
        ("true || false && true", "true || (false && true)"),
        ("true && false || true", "(true && false) || true"),
        ("1 == 2 && 3 != 4", "(1 == 2) && (3 != 4)"),
        ("!!true", "!(!true)"),
        ("github['ref']", "github.ref"),
        ("github [ 'ref' ]", "github.ref"),
        ("github.event . commits [ * ] .message", "github.event.commits.*.message"),
        ("github.ref=='a'&&true", "github.ref == 'a' && true"),
        ("always ( )", "always()"),
        ("\n  github.ref\n", "github.ref"),
        ("((github)).ref", "github.ref"),
    ],
)
def test_precedence_and_spelling(text: str, same_as: str) -> None:
    assert written(parse(text)) == written(parse(same_as))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ("true", True),
        ("false", False),
        ("711", 711.0),
        ("-9.2", -9.2),
        ("0xff", 255.0),
        ("0o17", 15.0),
        ("-2.99e-2", -0.0299),
        (".5", 0.5),
        ("5.", 5.0),
        ("+1", 1.0),
        ("Infinity", float("inf")),
        ("-Infinity", float("-inf")),
        ("'It''s open source!'", "It's open source!"),
        ("''", ""),
        ("'${{ }}'", "${{ }}"),
        ("'true'", "true"),
    ],
)
def test_literals(text: str, value: object) -> None:
    node = parse(text)
    assert isinstance(node, Literal)
    assert node.value == value
    assert type(node.value) is type(value)


def test_not_a_number_is_a_number() -> None:
    node = parse("NaN")
    assert isinstance(node, Literal)
    assert node.value != node.value


@pytest.mark.parametrize("name", ["true", "null", "NaN", "if", "a-b", "_x", "Infinity"])
def test_after_a_dot_any_name_is_a_property(name: str) -> None:
    assert path_of(parse(f"github.{name}")) == ("github", name)


def test_names_that_begin_like_a_literal_are_names() -> None:
    with pytest.raises(ExpressionProblem, match="no context called `trueish`"):
        parse("trueish")


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("", 0, "empty"),
        ("   ", 0, "empty"),
        ('github.ref == "x"', 14, "double quotes"),
        ("github.ref = 'x'", 11, "single `=`"),
        ("true & true", 5, "single `&`"),
        ("true | true", 5, "single `|`"),
        ("1 + 2", 2, "can't add"),
        ("github.a ? 1 : 2", 9, "? b : c"),
        ("github.ref == 'x", 14, "never closed"),
        ("github.", 7, "too early"),
        ("(true", 5, "too early"),
        ("contains(github.ref, 'x'", 24, "too early"),
        ("true)", 4, "`)`"),
        ("github.ref github.sha", 11, "`github`"),
        ("main", 0, "no context called `main`"),
        ("githb.ref", 0, "no context"),
        ("length('a')", 0, "no function called `length`"),
        ("contains('a')", 0, "takes 2 arguments and gets 1"),
        ("true && always(1)", 8, "takes 0 arguments and gets 1"),
        ("format()", 0, "at least 1"),
        ("join(github, ',', ',')", 0, "1 to 2"),
        ("format('{0}',)", 13, "`)`"),
        ("'a'.b", 3, "`.`"),
        ("true.b", 4, "`.`"),
        ("github.1", 7, "`1`"),
        ("github..ref", 7, "`.`"),
        ("1abc", 0, "`1`"),
        ("1.2.3", 0, "`1`"),
        ("${{ github.ref }}", 0, "`$`"),
        ("github.ref != ", 13, "too early"),
    ],
)
def test_what_does_not_parse_is_explained(text: str, position: int, said: str) -> None:
    with pytest.raises(ExpressionProblem) as caught:
        parse(text)
    assert said in caught.value.what
    assert caught.value.position == position
    assert caught.value.next


@pytest.mark.parametrize(
    "text",
    [
        "!" * 20_000 + "true",
        "github" + ".a" * 5_000,
        "1 ==" * 3_000 + " 1",
        "contains(" * 2_000,
        "'" * 20_999,
        "x" * 30_000,
    ],
)
def test_a_monstrous_expression_is_refused(text: str) -> None:
    with pytest.raises(ExpressionProblem):
        parse(text)


def test_brackets_and_long_chains_do_not_count_as_depth() -> None:
    parse("(" * 5_000 + "1" + ")" * 5_000)
    parse(" && ".join(["true"] * 2_000))
    parse("github" + ".a" * (MOST_DEPTH - 1))


def test_references_are_the_longest_chains_and_those_inside_an_index() -> None:
    node = parse("format('{0}', needs.build.outputs.image) == env[matrix.name] && github.event.commits[0].id")
    assert [path for path, _ in references(node)] == [
        ("needs", "build", "outputs", "image"),
        ("env", "*"),
        ("matrix", "name"),
        ("github", "event", "commits", "*", "id"),
    ]


def test_positions_point_into_the_text() -> None:
    text = "true || contains(github.ref, 'x')"
    nodes = {type(node): node.position for node in walk(parse(text))}
    assert nodes[Call] == text.index("contains")
    assert nodes[Context] == text.index("github")


_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,6}", fullmatch=True)
_literals = st.builds(
    Literal,
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9).map(float)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"), max_size=8),
)
_chains = st.recursive(
    st.builds(Context, st.sampled_from(sorted(CONTEXTS))),
    lambda inner: st.builds(
        Index, inner, st.none() | st.builds(Literal, _names) | st.builds(Literal, st.text(max_size=4))
    ),
    max_leaves=5,
)


def _calls(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    def with_arguments(name: str) -> st.SearchStrategy[Expression]:
        fewest, most = ARGUMENTS[name]
        arguments = st.lists(inner, min_size=fewest, max_size=min(most, fewest + 2)).map(tuple)
        return st.builds(Call, st.just(name), arguments)

    return st.sampled_from(sorted(ARGUMENTS)).flatmap(with_arguments)


def _combined(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    terms = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return (
        st.builds(Not, inner)
        | st.builds(Compare, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), inner, inner)
        | st.builds(Logical, st.sampled_from(["&&", "||"]), terms)
        | st.builds(Index, _calls(inner), st.none() | inner)
        | _calls(inner)
    )


@given(st.recursive(_literals | _chains, _combined, max_leaves=12))
def test_what_is_written_parses_to_the_same_tree(node: Expression) -> None:
    assert _bare(parse(written(node))) == _bare(node)


def _bare(node: Expression) -> object:
    """The tree without positions; `true` is told from 1."""
    match node:
        case Literal(value=value):
            return value if isinstance(value, float) else repr(value)
        case Context(name=name):
            return "context", name
        case Index(of=of, index=index):
            return "index", _bare(of), None if index is None else _bare(index)
        case Call(name=name, arguments=arguments):
            return "call", name, tuple(map(_bare, arguments))
        case Not(of=of):
            return "not", _bare(of)
        case Compare(operator=operator, left=left, right=right):
            return operator, _bare(left), _bare(right)
        case Logical(operator=operator, terms=terms):
            return operator, tuple(map(_bare, terms))
