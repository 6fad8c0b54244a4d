"""Plans are read as Terraform means them, and what is none is refused in a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graders.evidence.terraform.impact import drifted, goes_down, harmful, loses_data, verdict
from graders.evidence.terraform.plan import Change, PlanModel, read_plan
from graders.picture import Act
from graders.problems import Problem
from graders.runners.terraform.shipped import PLANS, plan_json, plan_model


def _plan(*changes: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"format_version": "1.2", "resource_changes": list(changes), **more}).encode()


def _one(actions: list[str], **more: Any) -> dict[str, Any]:
    change = {"actions": actions, "before": {"id": "x-1"}, "after": {}, **more.pop("change", {})}
    return {"address": "nimbus_bucket.a", "type": "nimbus_bucket", "name": "a", "change": change, **more}


def _act(actions: list[str], **more: Any) -> Act:
    return read_plan(_plan(_one(actions, **more))).changes[0].act


def test_the_two_orders_of_a_replacement_are_two_acts() -> None:
    assert _act(["delete", "create"]) is Act.REPLACE
    assert _act(["create", "delete"]) is Act.REPLACE_CREATE_FIRST


def test_a_no_op_can_be_a_move_or_an_import() -> None:
    assert _act(["no-op"]) is Act.NO_OP
    assert _act(["no-op"], previous_address="nimbus_bucket.b") is Act.MOVED
    assert _act(["no-op"], change={"importing": {"id": "x"}}) is Act.IMPORT


def test_forgotten_resources_are_told_by_resource_changes_though_planned_values_list_them() -> None:
    values = {"root_module": {"resources": [{"address": "nimbus_bucket.a"}]}}
    plan = read_plan(_plan(_one(["forget"]), planned_values=values))

    assert [one.act for one in plan.changes] == [Act.FORGET]
    assert not loses_data(plan)


def test_attributes_are_named_by_their_paths_and_nested_unknown_ones_count() -> None:
    change = {"after_unknown": {"id": True, "name": False, "tags": [{"a": True}]}, "replace_paths": [["tags", 0, "a"]],
              "after_sensitive": {"password": True, "tags": []}}  # fmt: skip
    one = read_plan(_plan(_one(["delete", "create"], change=change))).changes[0]

    assert one.unknown == ("id", "tags")
    assert one.replace_paths == ("tags.0.a",)
    assert one.sensitive == ("password",)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04plan", "not JSON"),
        (b'{"format_version": "1.2", "resource_ch', "ends in the middle"),
        (b"", "ends in the middle"),
        (b"{oops}", "no JSON"),
        (b"[]", "no `format_version`"),
        (b'{"format_version": "2.0"}', "has format 2.0"),
        (b'{"format_version": "0.1"}', "has format 0.1"),
        (b'{"format_version": "1.0", "values": {}}', "a state, not a plan"),
        (b'{"format_version": "1.2", "resource_changes": [{"address": "a"}]}', "damaged"),
        (b'{"format_version": "1.2", "resource_changes": [3]}', "damaged"),
        (_plan(_one(["explode"])), "damaged"),
        (b'{"a":' * 200_000, "nested too deep"),
    ],
)
def test_what_is_no_plan_is_refused_in_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(Problem, match=said):
        read_plan(data)


def test_a_plan_with_errors_says_so() -> None:
    assert read_plan(_plan(errored=True)).errored


def test_every_shipped_plan_holds_what_there_is_to_learn() -> None:
    acts = [{one.act for one in plan_model(number).changes} for number in range(PLANS)]
    always = {Act.CREATE, Act.UPDATE, Act.MOVED, Act.IMPORT, Act.READ, Act.NO_OP}

    assert all(always <= found for found in acts)
    assert {act for found in acts for act in found} == set(Act)
    assert all(drifted(plan_model(number)) for number in range(PLANS))
    assert {verdict(plan_model(number)) for number in range(PLANS)} == {"stop", "approve"}
    assert len({plan_json(number) for number in range(PLANS)}) == PLANS


def _fields(one: Change) -> tuple[Any, ...]:
    return one.address, one.act, one.before.get("id")


def test_a_service_goes_down_with_the_database_that_it_uses() -> None:
    for number in range(PLANS):
        plan: PlanModel = plan_model(number)
        away = {one.before["id"] for one in plan.changes if one.act in (Act.DELETE, Act.REPLACE)}
        for one in plan.changes:
            if one.type == "nimbus_service" and one.before.get("database_id") in away:
                assert one.address in goes_down(plan), _fields(one)
        assert set(loses_data(plan)) | set(goes_down(plan)) <= set(harmful(plan))
