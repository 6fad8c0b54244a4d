"""A review is understood in many words, and what is none is named with its line."""

from __future__ import annotations

import pytest

from graders.evidence.terraform.review import CREATE_FIRST, DESTROY_FIRST, ReviewProblem, read_review
from graders.problems import Problem


def _action(said: str) -> tuple[str, str]:
    one = read_review(f"changes:\n  a.b: {said}\n".encode(), "review.yaml").changes["a.b"]
    return one.action, one.order


@pytest.mark.parametrize(
    ("said", "action", "order"),
    [
        ("destroy", "delete", ""), ("Recreate", "replace", ""), ("update in-place", "update", ""), ("rename", "moved", ""),
        ("no change", "no-op", ""), ("no_op", "no-op", ""), ("remove from state", "forget", ""),
        ("[delete, create]", "replace", DESTROY_FIRST), ("[create, delete]", "replace", CREATE_FIRST),
        ("[no-op]", "no-op", ""), ('"-/+"', "replace", DESTROY_FIRST), ('"+/-"', "replace", CREATE_FIRST),
        ('"replace, create first"', "replace", CREATE_FIRST), ('"replace, destroy first"', "replace", DESTROY_FIRST),
        ("{action: replace, order: create before destroy}", "replace", CREATE_FIRST),
        ("{action: replace, order: delete-then-create}", "replace", DESTROY_FIRST), ('"+"', "create", ""), ('"~"', "update", ""),
    ],
)  # fmt: skip
def test_other_words_are_understood(said: str, action: str, order: str) -> None:
    assert _action(said) == (action, order)


def test_addresses_may_hold_either_kind_of_quotes_and_none_is_none() -> None:
    review = read_review(
        b"changes: {}\nloses_data: none\ngoes_down: []\ndrift: [\"a.b['x y']\"]\nverdict: OK\n", "review.yaml"
    )

    assert (review.loses_data, review.goes_down, review.drift) == (frozenset(), frozenset(), {'a.b["x y"]'})
    assert (review.verdict, review.because) == ("approve", frozenset())


def test_changes_may_be_a_list() -> None:
    review = read_review(
        b"changes:\n  - address: a.b\n    action: create\n  - {address: c.d, action: read}\n", "review.yaml"
    )

    assert {one.address: one.action for one in review.changes.values()} == {"a.b": "create", "c.d": "read"}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("changes:\n  a.b: reboot\n", 2, "which is none"),
        ("changes:\n  a.b: {action: replace, order: later}\n", 2, "no order"),
        ("changes: {}\nverdict: perhaps\n", 2, "verdict"),
        ("changes: {}\nblast: []\n", 2, "no field"),
        ("changes:\n  a.b: {act: create}\n", 2, "there is not"),
        ("changes:\n  a.b: {order: create first}\n", 2, "no `action`"),
        ("changes:\n  - action: create\n", 2, "no `address`"),
        ("verdict: stop\n", 1, "no `changes`"),
        ("[]\n", 1, "no fields"),
    ],
)
def test_what_is_not_understood_is_named_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(ReviewProblem, match=said) as caught:
        read_review(text.encode(), "review.yaml")

    assert caught.value.line == line


@pytest.mark.parametrize("text", ["changes: {a.b: create, a.b: read}", "changes: [", "a: &x [*x]", "\tchanges: {}", ""])
def test_yaml_mistakes_are_problems(text: str) -> None:
    with pytest.raises(Problem):
        read_review(text.encode(), "review.yaml")
