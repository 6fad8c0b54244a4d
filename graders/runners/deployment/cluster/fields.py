"""What may stand in a Deployment or a Service, and what is meant where it does not.

https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graders.runners.deployment.cluster.store import Object, Refused, selected

_ANY: Any = None  # fields that nothing here depends on
_PROBE_DEFAULTS = {"periodSeconds": 10, "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 3}
_PROBE = {
    **dict.fromkeys(_PROBE_DEFAULTS, _ANY), "initialDelaySeconds": _ANY, "terminationGracePeriodSeconds": _ANY, "grpc": _ANY,
    "exec": {"command": _ANY}, "tcpSocket": {"port": _ANY, "host": _ANY},
    "httpGet": dict.fromkeys(("path", "port", "host", "scheme", "httpHeaders"), _ANY),
}  # fmt: skip
_HOOK = {key: _PROBE[key] for key in ("exec", "tcpSocket", "httpGet")} | {"sleep": {"seconds": _ANY}}
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_CONTAINER = {
    **dict.fromkeys(
        "name image command args workingDir env envFrom resources resizePolicy restartPolicy volumeMounts volumeDevices"
        " terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty".split(),
        _ANY,
    ),
    "ports": [dict.fromkeys(("name", "containerPort", "hostPort", "hostIP", "protocol"), _ANY)],
    **dict.fromkeys(PROBES, _PROBE),
    "lifecycle": {"preStop": _HOOK, "postStart": _HOOK, "stopSignal": _ANY},
}  # fmt: skip
_POD = {
    **dict.fromkeys(
        "volumes restartPolicy terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName"
        " serviceAccount automountServiceAccountToken nodeName hostNetwork hostPID hostIPC shareProcessNamespace"
        " securityContext imagePullSecrets hostname subdomain affinity schedulerName tolerations hostAliases"
        " priorityClassName priority dnsConfig readinessGates runtimeClassName enableServiceLinks preemptionPolicy overhead"
        " topologySpreadConstraints setHostnameAsFQDN os hostUsers schedulingGates resourceClaims resources".split(),
        _ANY,
    ),
    "containers": [_CONTAINER], "initContainers": [_CONTAINER], "ephemeralContainers": _ANY,
}  # fmt: skip
_META = dict.fromkeys(
    "name generateName namespace labels annotations finalizers ownerReferences managedFields uid resourceVersion generation"
    " creationTimestamp deletionTimestamp deletionGracePeriodSeconds selfLink".split(),
    _ANY,
)
_ALL = {"apiVersion": _ANY, "kind": _ANY, "metadata": _META, "status": _ANY}
_KNOWN: dict[str, Any] = {
    "Deployment": _ALL | {
        "spec": {
            **dict.fromkeys(("replicas", "minReadySeconds", "revisionHistoryLimit", "paused", "progressDeadlineSeconds"), _ANY),
            "selector": {"matchLabels": _ANY, "matchExpressions": _ANY},
            "strategy": {"type": _ANY, "rollingUpdate": {"maxSurge": _ANY, "maxUnavailable": _ANY}},
            "template": {"metadata": _META, "spec": _POD},
        }
    },
    "Service": _ALL | {
        "spec": {
            **dict.fromkeys(
                "type clusterIP clusterIPs externalIPs externalName externalTrafficPolicy internalTrafficPolicy ipFamilies"
                " ipFamilyPolicy loadBalancerClass loadBalancerIP loadBalancerSourceRanges allocateLoadBalancerNodePorts"
                " healthCheckNodePort publishNotReadyAddresses selector sessionAffinity sessionAffinityConfig"
                " trafficDistribution".split(),
                _ANY,
            ),
            "ports": [dict.fromkeys(("name", "port", "protocol", "targetPort", "nodePort", "appProtocol"), _ANY)],
        }
    },
}  # fmt: skip


def admitted(new: Object, old: Object | None, strict: bool) -> Object:
    """The object with what it leaves out filled in. Raises Refused, with the API server's words, for one that is wrong."""
    known = _KNOWN.get(new.get("kind", ""))
    if known is None:
        return new
    unknown = [*_prune(new, known, "")]
    if unknown and strict:
        said = ", ".join(f'unknown field "{one}"' for one in unknown)
        raise Refused(400, "BadRequest", f"strict decoding error: {said}")
    try:
        _admit(new, old)
    except (TypeError, AttributeError, KeyError, ValueError) as trouble:
        kind, name = new["kind"], new["metadata"].get("name", "")
        raise Refused(400, "BadRequest", f'{kind} "{name}" cannot be handled: {trouble}') from trouble
    return new


def _prune(tree: Any, known: Any, path: str) -> Iterator[str]:
    """Take out what no field is called; the paths of that."""
    if known is _ANY:
        return
    if isinstance(known, list):
        for number, one in enumerate(tree if isinstance(tree, list) else ()):
            yield from _prune(one, known[0], f"{path}[{number}]")
    elif isinstance(tree, dict):
        for key in list(tree):
            if key not in known:
                del tree[key]
                yield f"{path}.{key}".lstrip(".")
            else:
                yield from _prune(tree[key], known[key], f"{path}.{key}".lstrip("."))


def _admit(new: Object, old: Object | None) -> None:
    if new["kind"] == "Service":
        for port in new["spec"].get("ports") or ():
            port.setdefault("protocol", "TCP")
            port.setdefault("targetPort", port["port"])
        return
    spec = new.get("spec") or {}
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {}).pop("creationTimestamp", None)  # `null` there, from `--dry-run`
    pod = template.get("spec") or {}
    selector = (spec.get("selector") or {}).get("matchLabels")
    _require(new, bool(pod.get("containers")), "spec.template.spec.containers: Required value")
    _require(new, bool(selector), "spec.selector: Required value")
    _require(new, selected(selector, template), "spec.template.metadata.labels: Invalid value: `selector` does not match"
             " template `labels`")  # fmt: skip
    _require(
        new,
        old is None or old["spec"]["selector"] == spec["selector"],
        "spec.selector: Invalid value: field is immutable",
    )
    for key, value in {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600}.items():
        if spec.get(key) is None:
            spec[key] = value
    strategy = spec.setdefault("strategy", {})
    kind = strategy.setdefault("type", "RollingUpdate")
    _require(new, kind in ("RollingUpdate", "Recreate"), f'spec.strategy.type: Unsupported value: "{kind}"')
    if kind == "RollingUpdate":
        rolling = strategy["rollingUpdate"] = strategy.get("rollingUpdate") or {}
        rolling.setdefault("maxSurge", "25%")
        rolling.setdefault("maxUnavailable", "25%")
        none = ("0", "0%")
        _require(new, str(rolling["maxSurge"]) not in none or str(rolling["maxUnavailable"]) not in none,
                 "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0")  # fmt: skip
    else:
        _require(new, not strategy.get("rollingUpdate"), "spec.strategy.rollingUpdate: Forbidden: may not be specified when"
                 " strategy `type` is 'Recreate'")  # fmt: skip
    if pod.get("terminationGracePeriodSeconds") is None:
        pod["terminationGracePeriodSeconds"] = 30
    pod.setdefault("restartPolicy", "Always")
    for container in pod["containers"]:
        _require(new, bool(container.get("name")), "spec.template.spec.containers[0].name: Required value")
        _require(new, bool(container.get("image")), "spec.template.spec.containers[0].image: Required value")
        for name in PROBES:
            if container.get(name) is not None:
                _admit_probe(new, container[name], f"spec.template.spec.containers[0].{name}")
        for port in container.get("ports") or ():
            port.setdefault("protocol", "TCP")


def _admit_probe(whole: Object, probe: dict[str, Any], path: str) -> None:
    for key, value in _PROBE_DEFAULTS.items():
        probe[key] = probe.get(key) or value
        _require(whole, isinstance(probe[key], int) and probe[key] > 0, f"{path}.{key}: Invalid value")
    asks = [key for key in ("exec", "httpGet", "tcpSocket", "grpc") if probe.get(key) is not None]
    _require(whole, bool(asks), f"{path}: Required value: must specify a handler type")
    _require(whole, len(asks) == 1, f"{path}: Forbidden: may not specify more than 1 handler type")
    if asks == ["httpGet"]:
        probe["httpGet"].setdefault("path", "/")
        probe["httpGet"].setdefault("scheme", "HTTP")
        _require(whole, "port" in probe["httpGet"], f"{path}.httpGet.port: Required value")


def _require(whole: Object, holds: bool, words: str) -> None:
    if not holds:
        raise Refused(422, "Invalid", f'{whole["kind"]}.apps "{whole["metadata"].get("name", "")}" is invalid: {words}')
