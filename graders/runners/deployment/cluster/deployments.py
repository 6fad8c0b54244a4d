"""What keeps Deployments: ReplicaSets for their revisions, rolled out step by step, and a status that says how far it is.

https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import time
from dataclasses import dataclass, field
from typing import Any

from graders.runners.deployment.cluster.store import Object, Refused, Store, now, owned_by, selected

REVISION = "deployment.kubernetes.io/revision"
_HASH = "pod-template-hash"
_NOT_COPIED = {"kubectl.kubernetes.io/last-applied-configuration", REVISION}


@dataclass
class _Progress:
    """How far a rollout was, and since when."""

    at: tuple[Any, ...] = ()
    since: float = field(default_factory=time.monotonic)


class Deployments:
    """Brings ReplicaSets and pods, one step at each call, to what the Deployments in a store ask for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ready_since: dict[str, float] = {}
        self._progress: dict[str, _Progress] = {}

    def step(self) -> None:
        """Look at everything once, and do what is due."""
        with self._store.changed:
            owners = {one["metadata"]["uid"] for one in self._store.all("deployments")}
            for one in self._store.all("replicasets"):
                of = [ref["uid"] for ref in one["metadata"].get("ownerReferences", []) if ref["kind"] == "Deployment"]
                if of and not owners & set(of):
                    self._remove(one)
            for one in self._store.all("deployments"):
                self._roll_out(one)
            for one in self._store.all("replicasets"):
                self._replicate(one)

    def _roll_out(self, deployment: Object) -> None:
        space, spec = deployment["metadata"]["namespace"], deployment["spec"]
        sets = sorted(self._store.all("replicasets", space, owned_by(deployment)), key=_revision)
        newest = next((one for one in sets if _plain(one["spec"]["template"]) == _plain(spec["template"])), None)
        if newest is None and not spec.get("paused"):
            newest = self._begin(deployment, sets)
        old = [one for one in sets if newest is None or one["metadata"]["uid"] != newest["metadata"]["uid"]]
        if newest is not None and not spec.get("paused"):
            newest = self._number(deployment, newest, old)
            if spec["strategy"]["type"] == "Recreate":
                self._recreate(spec, newest, old)
            else:
                self._roll(spec, newest, old)
            self._forget(spec, old)
        elif newest is not None and not any(one["spec"]["replicas"] for one in old):
            self._scale(newest, spec["replicas"])
        self._tell(deployment, newest, old)

    def _begin(self, deployment: Object, sets: list[Object]) -> Object:
        """A ReplicaSet for a template that is new."""
        meta, template = deployment["metadata"], copy.deepcopy(deployment["spec"]["template"])
        text = json.dumps(template, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:10]
        template["metadata"].setdefault("labels", {})[_HASH] = digest
        return self._store.create("replicasets", meta["namespace"], {
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {
                "name": f"{meta['name']}-{digest}", "labels": dict(template["metadata"]["labels"]),
                "annotations": {REVISION: "0"}, "ownerReferences": [_owner(deployment)],
            },
            "spec": {
                "replicas": 0, "template": template,
                "selector": {"matchLabels": {**deployment["spec"]["selector"]["matchLabels"], _HASH: digest}},
            },
        })  # fmt: skip

    def _number(self, deployment: Object, newest: Object, old: list[Object]) -> Object:
        """The newest revision has the highest number, also where it is one that was there before."""
        highest = max(map(_revision, old), default=0)
        number = _revision(newest) if _revision(newest) > highest else highest + 1
        given = deployment["metadata"].setdefault("annotations", {})
        newest["metadata"]["annotations"] |= {key: text for key, text in given.items() if key not in _NOT_COPIED}
        newest["metadata"]["annotations"][REVISION] = str(number)
        if given.get(REVISION) != str(number):
            given[REVISION] = str(number)
            deployment["metadata"] = self._update("deployments", deployment)["metadata"]
        return self._update("replicasets", newest)

    def _roll(self, spec: Object, newest: Object, old: list[Object]) -> None:
        wanted, rolling = spec["replicas"], spec["strategy"]["rollingUpdate"]
        surge = _share(rolling["maxSurge"], wanted, math.ceil)
        away = _share(rolling["maxUnavailable"], wanted, math.floor)
        away = 1 if surge == away == 0 else away
        total = sum(one["spec"]["replicas"] for one in (newest, *old))
        has = newest["spec"]["replicas"]
        if has > wanted:
            self._scale(newest, wanted)
        elif has < wanted and total < wanted + surge:
            self._scale(newest, has + min(wanted + surge - total, wanted - has))
        available = {one["metadata"]["uid"]: self._available(one, spec) for one in (newest, *old)}
        fewest = wanted - away
        missing = newest["spec"]["replicas"] - available[newest["metadata"]["uid"]]
        total = sum(one["spec"]["replicas"] for one in (newest, *old))
        most = total - fewest - missing
        for one in old:  # first those that do not work anyway
            useless = min(most, max(0, one["spec"]["replicas"] - available[one["metadata"]["uid"]]))
            if useless > 0:
                self._scale(one, one["spec"]["replicas"] - useless)
                most -= useless
        spare = min(most, sum(available.values()) - fewest)
        for one in old:
            fewer = min(spare, one["spec"]["replicas"])
            if fewer > 0:
                self._scale(one, one["spec"]["replicas"] - fewer)
                spare -= fewer

    def _recreate(self, spec: Object, newest: Object, old: list[Object]) -> None:
        for one in old:
            self._scale(one, 0)
        if not any(self._store.all("pods", one["metadata"]["namespace"], owned_by(one)) for one in old):
            self._scale(newest, spec["replicas"])

    def _forget(self, spec: Object, old: list[Object]) -> None:
        """Old revisions beyond the limit."""
        idle = [one for one in old if not one["spec"]["replicas"] and not self._pods(one)]
        for one in idle[: max(0, len(idle) - spec["revisionHistoryLimit"])]:
            self._store.remove("replicasets", one["metadata"]["namespace"], one["metadata"]["name"])

    def _tell(self, deployment: Object, newest: Object | None, old: list[Object]) -> None:
        """The status that `kubectl rollout status` reads."""
        spec, sets = deployment["spec"], [*([newest] if newest else []), *old]
        pods = [pod for one in sets for pod in self._pods(one)]
        updated = len(self._pods(newest)) if newest else 0
        ready = sum(is_ready(pod) for pod in pods)
        available = sum(self._available(one, spec) for one in sets)
        status = {
            "observedGeneration": deployment["metadata"]["generation"], "replicas": len(pods), "updatedReplicas": updated,
            "readyReplicas": ready, "availableReplicas": available,
            "unavailableReplicas": max(0, max(len(pods), spec["replicas"]) - available),
        }  # fmt: skip
        status = {key: value for key, value in status.items() if value or key == "observedGeneration"}
        uid, name = deployment["metadata"]["uid"], newest["metadata"]["name"] if newest else ""
        progress = self._progress.setdefault(uid, _Progress())
        at = (name, updated, ready, available, len(pods))
        if at != progress.at:
            self._progress[uid] = progress = _Progress(at)
        done = updated == spec["replicas"] == available == len(pods)
        fewest = spec["replicas"]
        if spec["strategy"]["type"] == "RollingUpdate":
            fewest -= _share(spec["strategy"]["rollingUpdate"]["maxUnavailable"], spec["replicas"], math.floor)
        before = {one["type"]: one for one in (deployment.get("status") or {}).get("conditions", [])}
        enough = available >= fewest
        conditions = [
            _condition(before, "Available", enough, "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
                       f"Deployment {'has' if enough else 'does not have'} minimum availability.")
        ]  # fmt: skip
        if done:
            reason, said = "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.'
        elif spec.get("paused"):
            reason, said = "DeploymentPaused", "Deployment is paused"
        elif (
            time.monotonic() - progress.since > spec["progressDeadlineSeconds"]
            and before.get("Progressing", {}).get("reason") != "NewReplicaSetAvailable"
        ):
            reason, said = "ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.'
        else:
            reason, said = "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.'
        conditions.append(_condition(before, "Progressing", reason != "ProgressDeadlineExceeded", reason, said))
        self._update("deployments", {**deployment, "status": {**status, "conditions": conditions}})

    def _replicate(self, one: Object) -> None:
        """As many pods as a ReplicaSet asks for."""
        space, pods, wanted = one["metadata"]["namespace"], self._pods(one), one["spec"]["replicas"]
        for _ in range(wanted - len(pods)):
            template = copy.deepcopy(one["spec"]["template"])
            name = f"{one['metadata']['name']}-{hashlib.sha256(str(self._store.version).encode()).hexdigest()[:5]}"
            self._store.create("pods", space, {
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {**template.get("metadata", {}), "name": name, "ownerReferences": [_owner(one)]},
                "spec": template["spec"], "status": {"phase": "Pending"},
            })  # fmt: skip
        pods.reverse()
        first_to_go = sorted(pods, key=is_ready)  # such as are not ready, then the newest
        for pod in first_to_go[: max(0, len(pods) - wanted)]:
            self._store.mark_deleted(
                "pods", space, pod["metadata"]["name"], pod["spec"]["terminationGracePeriodSeconds"]
            )
        pods = self._pods(one)
        status = {
            "replicas": len(pods), "fullyLabeledReplicas": len(pods), "readyReplicas": sum(map(is_ready, pods)),
            "availableReplicas": sum(map(is_ready, pods)), "observedGeneration": one["metadata"]["generation"],
        }  # fmt: skip
        self._update("replicasets", {**one, "status": status})

    def _pods(self, of: Object) -> list[Object]:
        """The pods of a ReplicaSet that are not about to go."""
        owned = owned_by(of)
        pods = self._store.all(
            "pods", of["metadata"]["namespace"], lambda pod: owned(pod) and "deletionTimestamp" not in pod["metadata"]
        )
        for pod in pods:
            if is_ready(pod):
                self._ready_since.setdefault(pod["metadata"]["uid"], time.monotonic())
            else:
                self._ready_since.pop(pod["metadata"]["uid"], None)
        return pods

    def _available(self, of: Object, spec: Object) -> int:
        since = time.monotonic() - (spec.get("minReadySeconds") or 0)
        return sum(self._ready_since.get(pod["metadata"]["uid"], math.inf) <= since for pod in self._pods(of))

    def _scale(self, one: Object, replicas: int) -> None:
        if one["spec"]["replicas"] != replicas:
            one["spec"]["replicas"] = replicas
            one["metadata"] = self._update("replicasets", one)["metadata"]

    def _update(self, resource: str, one: Object) -> Object:
        one["metadata"].pop("resourceVersion", None)
        return self._store.update(resource, one["metadata"]["namespace"], one)

    def _remove(self, one: Object) -> None:
        """A ReplicaSet without its Deployment goes, and its pods with it."""
        space = one["metadata"]["namespace"]
        for pod in self._pods(one):
            self._store.mark_deleted(
                "pods", space, pod["metadata"]["name"], pod["spec"]["terminationGracePeriodSeconds"]
            )
        self._store.remove("replicasets", space, one["metadata"]["name"])


def is_ready(pod: Object) -> bool:
    """Whether a pod may be sent requests."""
    conditions = pod["status"].get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def endpoints(store: Store, service: Object) -> list[Object]:
    """The pods that a Service leads to."""
    spec = service["spec"]
    return store.all(
        "pods", service["metadata"]["namespace"],
        lambda pod: selected(spec.get("selector"), pod) and "deletionTimestamp" not in pod["metadata"]
        and (is_ready(pod) or bool(spec.get("publishNotReadyAddresses"))),
    )  # fmt: skip


def scaled(deployment: Object) -> Object:
    """The `scale` of a Deployment or ReplicaSet. Raises Refused where it has none."""
    if "replicas" not in deployment.get("spec", {}):
        raise Refused(404, "NotFound", "the server could not find the requested resource")
    meta = deployment["metadata"]
    labels = deployment["spec"]["selector"].get("matchLabels", {})
    return {
        "apiVersion": "autoscaling/v1", "kind": "Scale",
        "metadata": {key: meta[key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")},
        "spec": {"replicas": deployment["spec"]["replicas"]},
        "status": {
            "replicas": (deployment.get("status") or {}).get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in labels.items()),
        },
    }  # fmt: skip


def _revision(one: Object) -> int:
    return int(one["metadata"].get("annotations", {}).get(REVISION, 0))


def _plain(template: Object) -> Object:
    """A template without the label that tells ReplicaSets apart, and without what is empty: `undo` adds such fields."""
    plain = copy.deepcopy(template)
    (plain.get("metadata", {}).get("labels") or {}).pop(_HASH, None)
    return dict(_filled(plain))


def _filled(tree: Any) -> Any:
    if isinstance(tree, dict):
        kept = {key: _filled(value) for key, value in tree.items()}
        return {key: value for key, value in kept.items() if value not in (None, {}, [])}
    return [_filled(one) for one in tree] if isinstance(tree, list) else tree


def _owner(one: Object) -> Object:
    return {
        "apiVersion": one["apiVersion"], "kind": one["kind"], "name": one["metadata"]["name"], "uid": one["metadata"]["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip


def _share(value: Any, of: int, rounded: Any) -> int:
    """A number, or per cent of one."""
    text = str(value)
    return int(rounded(int(text[:-1]) * of / 100)) if text.endswith("%") else int(text)


def _condition(before: dict[str, Object], kind: str, holds: bool, reason: str, said: str) -> Object:
    status = "True" if holds else "False"
    old = before.get(kind, {})
    if (old.get("status"), old.get("reason"), old.get("message")) == (status, reason, said):
        return old
    since = old.get("lastTransitionTime", now()) if old.get("status") == status else now()
    return {
        "type": kind, "status": status, "reason": reason, "message": said,
        "lastUpdateTime": now(), "lastTransitionTime": since,
    }  # fmt: skip
