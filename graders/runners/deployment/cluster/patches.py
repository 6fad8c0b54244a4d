"""Apply the patches that `kubectl` sends: JSON patches, merge patches, strategic merge patches, and server-side apply.

https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import jsonpatch

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
# Lists whose items are known by a field; all others are replaced whole.
# https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.32/
_KEYS: Mapping[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "imagePullSecrets": ("name",),
    "volumeMounts": ("mountPath",),
    "ports": ("containerPort", "port"),
    "ownerReferences": ("uid",),
    "conditions": ("type",),
    "topologySpreadConstraints": ("topologyKey",),
}


def patched(kind: str, current: Any, patch: Any) -> Any:
    """What `current` becomes by a patch of that media type; neither is changed.

    Raises ValueError for a media type or a patch that is none.
    """
    current, patch = copy.deepcopy(current), copy.deepcopy(patch)
    if kind == JSON_PATCH:
        try:
            return jsonpatch.apply_patch(current, patch)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError) as trouble:
            raise ValueError(str(trouble)) from trouble
    if not isinstance(patch, dict):
        raise ValueError("the patch is no object")
    if kind == MERGE_PATCH:
        return _merged(current, patch)
    if kind == STRATEGIC_PATCH:
        return _strategic(current, patch)
    raise ValueError(f"patches of the type {kind} are not known")


def _merged(current: Any, patch: Any) -> Any:
    """https://www.rfc-editor.org/rfc/rfc7386"""
    if not isinstance(patch, dict):
        return patch
    result = dict(current) if isinstance(current, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


def _strategic(current: Any, patch: dict[str, Any]) -> dict[str, Any]:
    """https://github.com/kubernetes/community/blob/main/contributors/devel/sig-api-machinery/strategic-merge-patch.md"""
    result = dict(current) if isinstance(current, dict) else {}
    if patch.get("$patch") == "replace":
        result = {}
    if "$retainKeys" in patch:
        result = {key: value for key, value in result.items() if key in patch["$retainKeys"]}
    for key, value in patch.items():
        word, _, field = key.partition("/")
        if word == "$deleteFromPrimitiveList":
            result[field] = [one for one in result.get(field, []) if one not in value]
        elif key.startswith("$"):
            continue
        elif value is None or (isinstance(value, dict) and value.get("$patch") == "delete"):
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = _strategic(result.get(key), value)
        elif isinstance(value, list) and (name := _key_of(key, value)):
            result[key] = _merged_list(result.get(key) or [], value, name, patch.get(f"$setElementOrder/{key}"))
        else:
            result[key] = value
    return result


def _key_of(field: str, items: list[Any]) -> str:
    """The field that tells a list's items apart, or nothing."""
    if not all(isinstance(one, dict) for one in items):
        return ""
    return next((key for key in _KEYS.get(field, ()) if all(key in one or "$patch" in one for one in items)), "")


def _merged_list(current: list[Any], patch: list[Any], key: str, order: list[Any] | None) -> list[Any]:
    if any(one.get("$patch") == "replace" for one in patch):
        current = []
    result = {one.get(key): one for one in current}
    for one in patch:
        if one.get("$patch") == "delete":
            result.pop(one.get(key), None)
        elif one.get("$patch") != "replace":
            result[one[key]] = _strategic(result.get(one[key]), one)
    places = {one.get(key): number for number, one in enumerate(order or ())}
    return sorted(result.values(), key=lambda one: places.get(one.get(key), len(places)))


def leaves(tree: Any, field: str = "", path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Path and value of everything in an object that is no object itself; items of lists go by their key, if any."""
    if isinstance(tree, dict) and tree:
        for key, value in tree.items():
            yield from leaves(value, key, (*path, key))
    elif isinstance(tree, list) and (key := _key_of(field, tree)):
        for one in tree:
            yield from leaves(one, "", (*path, (key, one[key])))
    else:
        yield path, tree


def without(tree: Any, paths: set[tuple[Any, ...]], path: tuple[Any, ...] = (), field: str = "") -> Any:
    """The object without the leaves at `paths`, and without what is left empty by that."""
    if isinstance(tree, dict) and tree:
        kept = {
            key: without(value, paths, (*path, key), key) for key, value in tree.items() if (*path, key) not in paths
        }
        return {key: value for key, value in kept.items() if value not in ({}, []) or tree[key] in ({}, [])}
    if isinstance(tree, list) and (key := _key_of(field, tree)):
        kept_items = [(one, without(one, paths, (*path, (key, one[key])))) for one in tree]
        return [left for one, left in kept_items if left]
    return tree
