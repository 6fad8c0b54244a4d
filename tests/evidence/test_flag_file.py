"""What a flag file decides: the same as the provider that a service uses, and never an exception."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openfeature import api
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
from openfeature.evaluation_context import EvaluationContext

from graders.evidence.flag_file import FlagFile, place

_SWITCH = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"}
FLAGS = {
    "plain": _SWITCH,
    "killed": {**_SWITCH, "state": "DISABLED", "defaultVariant": "on"},
    "text": {**_SWITCH, "variants": {"on": "true", "off": "false"}},
    "all": {**_SWITCH, "targeting": {"fractional": [["on", 100], ["off", 0]]}},  # versions differ in how they hash
    "none": {**_SWITCH, "targeting": {"fractional": [["on", 0], ["off", 100]]}},
    "staff": {**_SWITCH, "targeting": {"if": [{"ends_with": [{"var": "email"}, "@widgets.example"]}, "on", None]}},
    "no-such-variant": {**_SWITCH, "targeting": {"if": [True, "new", "off"]}},
    "no-such-operator": {**_SWITCH, "targeting": {"frobnicate": [1, 2]}},
}
FILE = json.dumps({"flags": FLAGS})


def test_it_decides_as_the_provider_of_a_service_does(tmp_path: Path) -> None:
    file = tmp_path / "flags.json"
    file.write_text(FILE)
    provider = FlagdProvider(resolver_type=ResolverType.FILE, offline_flag_source_path=str(file))
    api.set_provider_and_wait(provider, "flag-file-test")
    client = api.get_client("flag-file-test")
    ours = FlagFile(FILE)
    try:
        for flag in (*FLAGS, "missing"):
            for user in (None, "u1", "u2", "u3", "u4"):
                email = f"{user}@widgets.example" if user == "u1" else "a@home.example"
                theirs = client.get_boolean_details(flag, False, EvaluationContext(user, {"email": email}))
                found = ours.decide(flag, user, {"email": email})
                assert (found.value, found.variant, found.reason) == (
                    theirs.value,
                    theirs.variant or "",
                    str(theirs.reason),
                ), (flag, user)
    finally:
        provider.shutdown()


def test_an_error_says_what_is_wrong() -> None:
    file = FlagFile(FILE)

    assert file.decide("text", "u1").error == "Expected type bool but got str"
    assert "missing" in file.decide("missing", "u1").error
    assert file.decide("plain", "u1").error == ""
    assert file.decide("missing", "u1", default=True).value is True


def test_a_users_place_is_where_the_share_begins_to_hold_them() -> None:
    for user in ("u1", "u2", "u3"):
        at = place("price-v2", user)
        for share in (at, at + 1):
            arms = {"fractional": [["on", share], ["off", 100 - share]]}
            file = FlagFile(json.dumps({"flags": {"price-v2": {**_SWITCH, "targeting": arms}}}))
            assert file.decide("price-v2", user).value is (share > at)


def test_a_users_place_differs_from_flag_to_flag() -> None:
    assert [place("a", f"u{number}") for number in range(20)] != [place("b", f"u{number}") for number in range(20)]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "1", '{"flags": []}', '{"flags": {"a": 1}}', '{"flags": {"a": {}}}', "["]
)
def test_what_is_no_flag_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        FlagFile(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from(["fractional", "if", "var", "ends_with", "sem_ver", "cat", "%"]), inner,
                                      max_size=2)))  # fmt: skip
@settings(deadline=None)
def test_any_rule_gets_a_decision(rule: object) -> None:
    text = json.dumps({"flags": {"a": {**_SWITCH, "targeting": rule}}})
    try:
        decision = FlagFile(text).decide("a", "u1")
    except ValueError:
        return
    assert isinstance(decision.value, bool)
    assert decision.reason in ("STATIC", "DEFAULT", "TARGETING_MATCH", "ERROR")


def test_a_rule_that_is_nested_too_deep_is_an_error() -> None:
    deep = '{"!": ' * 400 + "1" + "}" * 400
    text = json.dumps({"flags": {"deep": {**_SWITCH, "targeting": "HERE"}}}).replace('"HERE"', deep)

    assert FlagFile(text).decide("deep", "u1").reason == "ERROR"
    with pytest.raises(ValueError, match="outline"):
        FlagFile(text.replace(deep, deep[:2400] * 100))
