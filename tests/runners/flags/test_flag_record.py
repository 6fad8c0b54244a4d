"""What is read from a record: who got what, and which lines of a log tell of a decision."""

from __future__ import annotations

import pytest

from graders.runners.flags.record import Answer, Decision, Observed, Step, read

ROW = ["ada", 200, '{"total_cents":90, "discount_percent": 10}']


@pytest.mark.parametrize(
    "line",
    [
        "flag=price-v2 user=ada-1 variant=on reason=SPLIT",
        "INFO:widgets:reason=SPLIT variant=on user=ada-1 flag=price-v2",
        '{"flag": "price-v2", "user": "ada-1", "variant": "on", "reason": "SPLIT", "ms": 1}',
        "{'flag': 'price-v2', 'user': 'ada-1', 'variant': 'on', 'reason': 'SPLIT'}",
        'time=12:00 flag="price-v2", user="ada-1", variant="on", reason="SPLIT"',
    ],
)
def test_a_decision_is_read_from_words_and_from_json(line: str) -> None:
    assert Step(log=f"something else\n{line}\n").decisions == [Decision("price-v2", "ada-1", "on", "SPLIT")]


@pytest.mark.parametrize("line", ["", "flag=price-v2 user=ada variant=on", "the reason= variant= flag= user="])
def test_a_line_that_lacks_one_is_no_decision(line: str) -> None:
    assert Step(log=line).decisions == []


@pytest.mark.parametrize(
    ("status", "body", "new"),
    [
        (200, '{"discount_percent":10}', True),
        (200, '{"discount_percent": 5}', True),
        (200, '{"discount_percent":0}', False),
        (200, '{"discount_percent":null}', False),
        (200, '{"total_cents":1}', False),
        (500, '{"discount_percent":10}', False),
    ],
)
def test_the_new_price_is_known_by_its_discount(status: int, body: str, new: bool) -> None:
    assert Answer("ada", status, body).new is new


def test_a_record_is_read_by_names() -> None:
    step = {"name": "25", "answers": [ROW, ["ben", 200, "{}"]], "log": ""}
    data = {"trouble": "", "starts": [{"name": "turned", "up": True, "exit_code": None, "said": "", "steps": [step]}]}

    observed = read(data)

    assert observed.step("turned", "25").new == {"ada"}
    assert observed.step("turned", "50") == Step()


def test_trouble_leaves_nothing() -> None:
    assert read({"trouble": "it was disturbed", "starts": []}) == Observed({}, "it was disturbed")


@pytest.mark.parametrize("data", [{}, {"trouble": "", "starts": [{"name": "x"}]}])
def test_what_is_no_record_is_refused(data: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        read(data)
