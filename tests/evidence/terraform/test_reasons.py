"""The reason of a replacement may stand in a sentence, as long as it says what the plan says."""

from __future__ import annotations

import pytest

from graders.evidence.terraform.comparison import wrong_replacements
from graders.evidence.terraform.plan import read_plan
from graders.evidence.terraform.review import read_review

_PLAN = """{
  "format_version": "1.2", "terraform_version": "1.11.4",
  "resource_changes": [{
    "address": "nimbus_service.a", "mode": "managed", "type": "nimbus_service", "name": "a",
    "action_reason": "REASON",
    "change": {
      "actions": ["delete", "create"], "before": {"port": 1}, "after": {"port": 2}, "after_unknown": {}, "replace_paths": PATHS
    }
  }]
}"""


def _mistakes(reason: str, said: str) -> list[str]:
    paths = '[["port"]]' if reason == "replace_because_cannot_update" else "[]"
    plan = read_plan(_PLAN.replace("REASON", reason).replace("PATHS", paths).encode())
    text = f"changes:\n  nimbus_service.a: {{action: replace, order: destroy first, because: {said}}}\n"
    return [one.mistake for one in wrong_replacements(plan, read_review(text.encode(), "review.yaml"))]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("replace_because_tainted", "it is tainted"), ("replace_because_tainted", "[Tainted]"),
        ("replace_by_request", "it was requested by hand"), ("replace_by_request", "-replace"),
        ("replace_because_cannot_update", "port"),
    ],
)  # fmt: skip
def test_what_says_the_same_is_right(reason: str, said: str) -> None:
    assert _mistakes(reason, said) == []


@pytest.mark.parametrize(
    ("reason", "said", "mistake"),
    [
        ("replace_because_tainted", "it is not tainted", "a sentence for a reason"),
        ("replace_because_tainted", '"it isn\'t tainted"', "a sentence for a reason"),
        ("replace_because_tainted", "[tainted, port]", "another reason"),
        ("replace_because_tainted", "it was requested", "a sentence for a reason"),
        ("replace_by_request", "tainted", "another reason"),
        ("replace_because_cannot_update", "it is tainted", "a sentence for a reason"),
        ("replace_because_cannot_update", "[]", "no reason"),
    ],
)  # fmt: skip
def test_another_reason_is_wrong(reason: str, said: str, mistake: str) -> None:
    assert _mistakes(reason, said) == [mistake]
