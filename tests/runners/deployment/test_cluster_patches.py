"""Patches as `kubectl` sends them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from graders.runners.deployment.cluster.fields import admitted
from graders.runners.deployment.cluster.patches import (
    JSON_PATCH,
    MERGE_PATCH,
    STRATEGIC_PATCH,
    leaves,
    patched,
    without,
)
from graders.runners.deployment.cluster.store import Refused

POD: dict[str, Any] = {
    "containers": [{"name": "a", "image": "one", "args": ["x"]}, {"name": "b", "image": "two"}],
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
}


@pytest.mark.parametrize(
    ("patch", "wanted"),
    [
        ({"containers": [{"name": "b", "image": "new"}]}, [("a", "one"), ("b", "new")]),
        ({"containers": [{"name": "a", "$patch": "delete"}]}, [("b", "two")]),
        ({"containers": [{"$patch": "replace"}, {"name": "c", "image": "three"}]}, [("c", "three")]),
        (
            {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}], "containers": [{"name": "a", "image": "x"}]},
            [("b", "two"), ("a", "x")],
        ),
    ],
)  # fmt: skip
def test_lists_are_merged_by_their_key(patch: dict[str, Any], wanted: list[tuple[str, str]]) -> None:
    before = copy.deepcopy(POD)
    result = patched(STRATEGIC_PATCH, POD, patch)

    assert [(one["name"], one["image"]) for one in result["containers"]] == wanted
    assert before == POD


def test_retained_keys_null_and_plain_lists() -> None:
    result = patched(STRATEGIC_PATCH, POD, {
        "strategy": {"$retainKeys": ["type"], "type": "Recreate"}, "containers": [{"name": "a", "args": ["y"], "image": None}],
    })  # fmt: skip

    assert result["strategy"] == {"type": "Recreate"}
    assert result["containers"][0] == {"name": "a", "args": ["y"]}


def test_merge_and_json_patches() -> None:
    assert patched(MERGE_PATCH, {"a": {"b": 1, "c": 2}, "l": [1, 2]}, {"a": {"b": None}, "l": [3]}) == {
        "a": {"c": 2},
        "l": [3],
    }
    assert patched(JSON_PATCH, {"a": 1}, [{"op": "replace", "path": "/a", "value": 2}]) == {"a": 2}
    for kind, patch in ((JSON_PATCH, [{"op": "remove", "path": "/z"}]), (MERGE_PATCH, []), ("text/plain", {})):
        with pytest.raises(ValueError):  # noqa: PT011 - the words are the server's
            patched(kind, {"a": 1}, patch)


def test_leaves_are_known_by_path_and_can_be_taken_out() -> None:
    paths = {path for path, _ in leaves(POD)}

    assert ("containers", ("name", "a"), "image") in paths
    assert without(POD, {("strategy", "rollingUpdate", "maxSurge")})["strategy"] == {"type": "RollingUpdate"}


def deployment(**spec: Any) -> dict[str, Any]:
    container = {"name": "a", "image": "b", "readinessProbe": {"httpGet": {"port": 8000}}}
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [container]}}
    return {
        "kind": "Deployment", "metadata": {"name": "a"},
        "spec": {"selector": {"matchLabels": {"app": "a"}}, "template": template, **spec},
    }  # fmt: skip


def test_what_a_deployment_leaves_out_is_filled_in() -> None:
    spec = admitted(deployment(), None, True)["spec"]

    assert (spec["replicas"], spec["progressDeadlineSeconds"]) == (1, 600)
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": "25%"}
    assert spec["template"]["spec"]["containers"][0]["readinessProbe"]["failureThreshold"] == 3
    assert "replica" not in admitted(deployment(replica=2), None, False)["spec"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"replica": 2}, 'unknown field "spec.replica"'),
        ({"selector": {"matchLabels": {"app": "b"}}}, "does not match"),
        ({"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}}, "may not be 0"),
        ({"strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}}, "may not be specified"),
        ({"strategy": {"type": "BlueGreen"}}, "Unsupported value"),
        ({"template": {"metadata": {"labels": {"app": "a"}}, "spec": {}}}, "containers: Required value"),
        ({"template": "none"}, "cannot be handled"),
    ],
)
def test_what_an_api_server_refuses_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        admitted(deployment(**wrong), None, True)
