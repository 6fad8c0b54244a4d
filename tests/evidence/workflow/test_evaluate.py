"""What expressions are worth, by the rules and examples of GitHub's page.

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.evidence.workflow.evaluate import PartlyKnown, Status, Unknown, as_text, equal, evaluate, truthy
from graders.evidence.workflow.expression import ExpressionProblem, parse

FRUITS = [{"name": "apple", "quantity": 1}, {"name": "orange", "quantity": 2}, {"name": "pear", "quantity": 1}]
VEGETABLES = {"scallions": {"parts": ["roots", "stalks"]}, "beets": {"parts": ["roots", "leaves"]}}
CONTEXTS = {
    "github": PartlyKnown(
        ref="refs/heads/main", event_name="push", event={"fruits": FRUITS, "vegetables": VEGETABLES, "labels": []}
    ),
    "needs": {"a": {"result": "success", "outputs": {"v": "2"}}, "b": {"result": "skipped", "outputs": {}}},
    "matrix": {"os": "Linux", "version": 3.0},
}


def value(text: str) -> object:
    return evaluate(parse(text), CONTEXTS)


@pytest.mark.parametrize(
    "text",
    [
        "null == 0",
        "null == ''",
        "null == false",
        "true == 1",
        "false == 0",
        "'' == 0",
        "' 1 ' == 1",
        "'0x10' == 16",
        "'1e1' == 10",
        "'ABC' == 'abc'",
        "'ı' != 'I'",
        "'ß' != 'ss'",
        "NaN != NaN",
        "'x' != 0",
        "true != 'true'",
        "1 == '1.0'",
        "'b' > 'A'",
        "'a' < 'B'",
        "2 > '1'",
        "true > false",
        "!(true > 'x')",
        "!(NaN < 1)",
        "!(NaN >= NaN)",
        "'a' <= 'A'",
        "null >= 0",
        "github.event == github.event",
        "github.event.fruits != github.event.vegetables",
        "!''",
        "!0",
        "!-0",
        "!null",
        "!NaN",
        "!!'false'",
        "!!'0'",
        "!!github.event.labels",
        "GITHUB.REF == 'refs/heads/main'",
        "github.Event_Name == 'PUSH'",
        "github['ref'] == github.ref",
        "github.event.fruits[1].name == 'orange'",
        "github.event.fruits['1'].name == 'orange'",
        "github.event.fruits[1.9].name == 'orange'",
        "github.event.fruits[9] == null",
        "github.event.fruits[-1] == null",
        "github.event.nothing.at.all == null",
        "needs.c.result == null",
        "matrix.os.x == null",
        "matrix.version == '3'",
        "contains('Hello world', 'LLO')",
        "contains(github.event.fruits.*.name, 'Pear')",
        "!contains('a', 'b')",
        'contains(fromJSON(\'["push", "pull_request"]\'), github.event_name)',
        "contains(fromJSON('[1, 2]'), '2')",
        "contains(123, 2)",
        "!contains(github.event, 'x')",
        "contains(needs.*.result, 'skipped')",
        "startsWith('Hello world', 'he')",
        "endsWith('Hello world', 'LD')",
        "!startsWith('x', 'xy')",
        "format('Hello {0} {1} {2}', 'Mona', 'the', 'Octocat') == 'Hello Mona the Octocat'",
        "format('{{Hello {0}!}}', 'Mona') == '{Hello Mona!}'",
        "format('{0}{0}', 1) == '11'",
        "format('x') == 'x'",
        "join(github.event.fruits.*.name, ', ') == 'apple, orange, pear'",
        "join(fromJSON('[1,true,null]')) == '1,true,'",
        "join('a', '-') == 'a'",
        "toJSON(fromJSON('{\"a\":[1,2.5]}')) == format('{{\n  \"a\": [\n    1,\n    2.5\n  ]\n}}')",
        "fromJSON('3') == 3",
        "fromJSON('true')",
        "fromJSON('{\"A\": 1}').a == 1",
        "fromJSON(toJSON('x')) == 'x'",
        "github.event.vegetables.*.parts[0] != null",
        "join(github.event.vegetables.*.parts.*, '') == 'rootsstalksrootsleaves'",
        "join(github.event.fruits.*.nothing) == ''",
        "case(false, 1, true, 2, 3) == 2",
        "case(false, 1, 3) == 3",
        "always()",
        "'' || 'x'",
        "true && 'x'",
    ],
)
def test_it_holds(text: str) -> None:
    assert truthy(value(text)) is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'' || 0", 0.0),
        ("'a' && 'b'", "b"),
        ("null && 'b'", None),
        ("'a' || 'b'", "a"),
        ("github.event_name == 'push' && 'yes' || 'no'", "yes"),
    ],
)
def test_and_and_or_give_a_term(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("github.sha", Unknown()),
        ("github.sha == 'x'", Unknown()),
        ("secrets.KEY", Unknown()),
        ("!secrets.KEY", Unknown()),
        ("hashFiles('x')", Unknown()),
        ("success()", Unknown()),
        ("format('{0}', github.sha)", Unknown()),
        ("github.sha && false", Unknown(truthy=False)),
        ("github.sha || true", Unknown(truthy=True)),
        ("!(github.sha && false)", True),
        ("false && github.sha", False),
        ("true || github.sha", True),
        ("github.sha && github.ref", Unknown()),
        ("contains(fromJSON('[\"a\"]'), github.sha)", Unknown()),
        ("case(github.sha == 'x', 1, 2)", Unknown()),
        ("case(true, 1, github.sha)", 1.0),
        ("github.*.name", Unknown()),
    ],
)
def test_what_only_a_run_can_tell_is_unknown_and_no_more(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize("name", ["success", "failure", "cancelled"])
def test_status_functions(name: str) -> None:
    truths = {status.value: evaluate(parse(f"{name}()"), {}, status) for status in Status}
    assert truths == {"success": name == "success", "failure": name == "failure", "cancelled": name == "cancelled"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fromJSON('{')", "no JSON"),
        ("format('{1}', 'a')", "more values"),
        ("format('{x}')", "brace"),
        ("format('a }')", "brace"),
    ],
)
def test_where_github_would_stop_with_an_error(text: str, said: str) -> None:
    with pytest.raises(ExpressionProblem, match=said):
        value(text)


def test_a_text_that_would_fill_memory_is_refused() -> None:
    doubled = "'xxxxxxxxxx'"
    for _ in range(6):
        doubled = f"format('{{0}}{{0}}{{0}}{{0}}{{0}}{{0}}{{0}}{{0}}{{0}}{{0}}', {doubled})"
    with pytest.raises(ExpressionProblem, match="1 MiB"):
        value(doubled)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (3.10, "3.1"),
        (3.0, "3"),
        (-0.0, "0"),
        (1e20, "1E+20"),
        (0.1 + 0.2, "0.3"),
        (math.inf, "Infinity"),
        (math.nan, "NaN"),
        (10, "10"),
    ],
)
def test_numbers_as_text(number: float, text: str) -> None:
    assert as_text(number) == text


_simple = st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=6)


@given(_simple, _simple)
def test_equality_is_symmetric(left: object, right: object) -> None:
    assert equal(left, right) is equal(right, left)


@given(_simple)
def test_a_value_equals_itself(one: object) -> None:
    assert equal(one, one) is True
