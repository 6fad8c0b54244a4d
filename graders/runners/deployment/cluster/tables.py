"""What `kubectl get` prints: objects as rows.

https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from graders.runners.deployment.cluster.store import Object

_Cells = Callable[[Object, Object, Object], list[Any]]  # of an object, its spec and its status
_COLUMNS: Mapping[str, tuple[tuple[str, ...], _Cells]] = {
    "Deployment": (
        ("Ready", "Up-to-date", "Available"),
        lambda _, spec, status: [
            f"{status.get('readyReplicas', 0)}/{spec['replicas']}", status.get("updatedReplicas", 0),
            status.get("availableReplicas", 0),
        ],
    ),
    "ReplicaSet": (
        ("Desired", "Current", "Ready"),
        lambda _, spec, status: [spec["replicas"], status.get("replicas", 0), status.get("readyReplicas", 0)],
    ),
    "Pod": (
        ("Ready", "Status", "Restarts"),
        lambda one, spec, status: [_ready(spec, status), _pod_status(one, status), _restarts(status)],
    ),
    "Service": (
        ("Type", "Cluster-IP", "External-IP", "Port(s)"),
        lambda _, spec, status: [
            spec.get("type", "ClusterIP"), spec.get("clusterIP", "10.96.0.10"), "<none>",
            ",".join(f"{one['port']}/{one.get('protocol', 'TCP')}" for one in spec.get("ports") or ()),
        ],
    ),
}  # fmt: skip


def table(answer: Object) -> Object:
    """An object, or a list of objects, as rows that begin with the name and end with the age."""
    items = answer.get("items", [answer])
    kind = answer.get("kind", "").removesuffix("List")
    columns, cells = _COLUMNS.get(kind, ((), lambda *_: []))
    names = [("Name", "string"), *((one, "string") for one in columns), ("Age", "string")]
    return {
        "kind": "Table", "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": answer.get("metadata", {}).get("resourceVersion", "")},
        "columnDefinitions": [
            {"name": name, "type": kind, "format": "name" if name == "Name" else "", "description": "", "priority": 0}
            for name, kind in names
        ],
        "rows": [
            {
                "cells": [one["metadata"]["name"], *cells(one, one.get("spec", {}), one.get("status") or {}), _age(one)],
                "object": {
                    "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": one["metadata"],
                },
            }
            for one in items
        ],
    }  # fmt: skip


def _ready(spec: Object, status: Object) -> str:
    ready = sum(one["ready"] for one in status.get("containerStatuses", []))
    return f"{ready}/{len(spec['containers'])}"


def _pod_status(one: Object, status: Object) -> str:
    waiting = [
        state["state"]["waiting"]["reason"]
        for state in status.get("containerStatuses", [])
        if "waiting" in state["state"]
    ]
    return (
        "Terminating"
        if "deletionTimestamp" in one["metadata"]
        else str((waiting or [status.get("phase", "Pending")])[0])
    )


def _restarts(status: Object) -> int:
    return sum(one["restartCount"] for one in status.get("containerStatuses", []))


def _age(one: Object) -> str:
    began = datetime.fromisoformat(one["metadata"]["creationTimestamp"])
    return f"{int((datetime.now(UTC) - began).total_seconds())}s"
