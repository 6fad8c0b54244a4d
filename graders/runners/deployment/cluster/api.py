"""The HTTP API that `kubectl` talks to: discovery, objects, patches, watches, `scale`, logs and tables.

https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from graders.runners.deployment.cluster.deployments import scaled
from graders.runners.deployment.cluster.fields import admitted
from graders.runners.deployment.cluster.patches import STRATEGIC_PATCH, leaves, patched, without
from graders.runners.deployment.cluster.store import Object, Refused, Store
from graders.runners.deployment.cluster.tables import table

_MOST_BYTES = 1 << 20
_LONGEST_WATCH = 60.0
_APPLY = "application/apply-patch+yaml"
# Group and version to resources: kind, short names, whether they are in a namespace.
_RESOURCES: Mapping[str, Mapping[str, tuple[str, tuple[str, ...], bool]]] = {
    "v1": {
        "pods": ("Pod", ("po",), True), "services": ("Service", ("svc",), True),
        "configmaps": ("ConfigMap", ("cm",), True), "secrets": ("Secret", (), True),
        "serviceaccounts": ("ServiceAccount", ("sa",), True), "events": ("Event", ("ev",), True),
        "endpoints": ("Endpoints", ("ep",), True), "resourcequotas": ("ResourceQuota", ("quota",), True),
        "namespaces": ("Namespace", ("ns",), False), "nodes": ("Node", ("no",), False),
    },
    "apps/v1": {
        "deployments": ("Deployment", ("deploy",), True), "replicasets": ("ReplicaSet", ("rs",), True),
        "statefulsets": ("StatefulSet", ("sts",), True), "daemonsets": ("DaemonSet", ("ds",), True),
    },
    "policy/v1": {"poddisruptionbudgets": ("PodDisruptionBudget", ("pdb",), True)},
    "autoscaling/v2": {"horizontalpodautoscalers": ("HorizontalPodAutoscaler", ("hpa",), True)},
    "networking.k8s.io/v1": {
        "ingresses": ("Ingress", ("ing",), True), "networkpolicies": ("NetworkPolicy", ("netpol",), True),
    },
    "batch/v1": {"jobs": ("Job", (), True), "cronjobs": ("CronJob", ("cj",), True)},
}  # fmt: skip
_IN_JSON = "add `--dry-run=client -o json` and pipe that into `kubectl create -f -`"
_NOT_RUN = ("statefulsets", "daemonsets", "jobs", "cronjobs")
_PATH = re.compile(
    r"/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+/[^/]+))(?:/namespaces/(?P<space>[^/]+)(?=/))?"
    r"/(?P<resource>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[a-z]+))?"
)


class Api(ThreadingHTTPServer):
    """Serves a store. `beyond` collects what was asked for and is not here, in order."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, store: Store, log_of: Callable[[Object], bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.store, self.log_of = store, log_of
        self.beyond: dict[str, None] = {}
        self.owners: dict[str, dict[Any, str]] = {}  # of an object's uid: who set which leaf
        self.applied: dict[tuple[str, str], Object] = {}  # by uid and manager: what was applied on the server

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Api

    def log_message(self, *words: Any) -> None:
        """Nothing of each request."""

    def _answer(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        self.asked = {key: values[-1] for key, values in urllib.parse.parse_qs(url.query).items()}
        try:
            length = int(self.headers.get("Content-Length") or 0)
            if length > _MOST_BYTES:
                raise Refused(413, "RequestEntityTooLarge", "the request is too large")
            content = self.rfile.read(length)
            if content and "protobuf" in self.headers.get_content_type():
                self.server.beyond["something in protobuf"] = None
                raise Refused(415, "UnsupportedMediaType", f"this stand-in for a cluster reads no protobuf; {_IN_JSON}")
            body = json.loads(content) if content else None
            answer = self._about(url.path) if self.command == "GET" else None
            if answer is None:
                answer = self._objects(url.path, body)
            if answer is not None:
                self._say(200 if self.command != "POST" else 201, answer)
        except Refused as refused:
            self._say(refused.status, _failure(refused))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as trouble:
            self._say(400, _failure(Refused(400, "BadRequest", f"the request cannot be understood: {trouble}")))
        except OSError:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def _say(self, status: int, answer: Object | bytes) -> None:
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(answer, bytes) else "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _about(self, path: str) -> Object | bytes | None:
        """What the server says of itself."""
        groups = [group for group in _RESOURCES if "/" in group]
        match path.strip("/").split("/"):
            case ["api"]:
                return {"kind": "APIVersions", "versions": ["v1"]}
            case ["apis"]:
                versions = [
                    (group.split("/")[0], {"groupVersion": group, "version": group.split("/")[1]}) for group in groups
                ]
                every = [{"name": name, "versions": [one], "preferredVersion": one} for name, one in versions]
                return {"kind": "APIGroupList", "apiVersion": "v1", "groups": every}
            case ["version"]:
                return {"major": "1", "minor": "37", "gitVersion": "v1.37.0", "platform": "stand-in"}
            case ["healthz" | "livez" | "readyz"]:
                return b"ok"
            case ["api", "v1"] | ["apis", _, _]:
                group = path.strip("/").partition("/")[2]
                return _resource_list(group) if group in _RESOURCES else None
            case ["openapi", "v3"]:
                paths = {("api/v1" if group == "v1" else f"apis/{group}"): group for group in _RESOURCES}
                return {"paths": {one: {"serverRelativeURL": f"/openapi/v3/{one}?hash=1"} for one in paths}}
            case ["openapi", "v3", _, *version]:
                return _openapi("/".join(version))
        return None

    def _objects(self, path: str, body: Any) -> Object | bytes | None:
        match = _PATH.fullmatch(path)
        group = (match["core"] or match["group"]) if match else ""
        if not match or match["resource"] not in _RESOURCES.get(group, {}):
            if not path.startswith("/openapi/"):
                self.server.beyond[f"`{self.command} {path[:80]}`"] = None
            raise Refused(404, "NotFound", "the server could not find the requested resource")
        resource, name, sub = match["resource"], match["name"] or "", match["sub"] or ""
        self.place = resource, match["space"] or "", name
        self.kind, self.group = _RESOURCES[group][resource][0], group
        if sub == "scale":
            return self._scale(body)
        if sub == "log" and resource == "pods":
            return self.server.log_of(self.server.store.get(*self.place))
        if sub and not (sub == "status" and self.command == "GET"):
            self.server.beyond[f"`{resource}/{sub}`"] = None
            raise Refused(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
        match self.command:
            case "GET" if name:
                return self._shown(self.server.store.get(*self.place))
            case "GET" if self.asked.get("watch") in ("true", "1"):
                self._watch()
                return None
            case "GET":
                items = self.server.store.all(resource, self.place[1], self._fits)
                return self._shown({
                    "kind": f"{self.kind}List", "apiVersion": group, "items": items,
                    "metadata": {"resourceVersion": str(self.server.store.version)},
                })  # fmt: skip
            case "POST":
                return self._create(body)
            case "PUT":
                return self._change(lambda _: {**body, "metadata": {**body["metadata"], "name": name}})
            case "PATCH" if self.headers.get_content_type() == _APPLY:
                return self._apply(body)
            case "PATCH":
                return self._change(lambda old: patched(self.headers.get_content_type(), old, body))
        return self._delete(body or {})

    def _fits(self, one: Object) -> bool:
        """Whether an object is one of those that the selectors ask for."""
        labels = one["metadata"].get("labels") or {}
        return _matches(self.asked.get("labelSelector", ""), labels.get) and _matches(
            self.asked.get("fieldSelector", ""), lambda path: _field(one, path)
        )

    def _shown(self, answer: Object) -> Object:
        return table(answer) if "as=Table" in (self.headers.get("Accept") or "") else answer

    def _create(self, body: Object) -> Object:
        resource, space, _ = self.place
        meta = body.setdefault("metadata", {})
        body["kind"], body["apiVersion"] = self.kind, self.group
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = (
                meta["generateName"] + hashlib.sha256(str(self.server.store.version).encode()).hexdigest()[:5]
            )
        if not meta.get("name"):
            raise Refused(422, "Invalid", f'{self.kind} "" is invalid: metadata.name: Required value')
        if space:
            self.server.store.get("namespaces", "", space)
        if resource in _NOT_RUN:
            self.server.beyond[f"a {self.kind}"] = None
        for taken in ("uid", "resourceVersion", "creationTimestamp", "generation"):
            meta.pop(taken, None)
        if resource == "pods":
            body["status"] = {"phase": "Pending"}
            body["spec"].setdefault("terminationGracePeriodSeconds", 30)
        else:
            body.pop("status", None)
        new = admitted(body, None, self._strict)
        if self.asked.get("dryRun"):
            return new
        with self.server.store.changed:
            made = self.server.store.create(resource, space, new)
            self._own({}, made)
        return made

    @property
    def _strict(self) -> bool:
        return self.asked.get("fieldValidation") == "Strict"

    def _change(self, change: Callable[[Object], Object]) -> Object:
        resource, space, _ = self.place
        with self.server.store.changed:
            old = self.server.store.get(*self.place)
            new = change(old)
            if "status" in old:
                new["status"] = old["status"]
            else:
                new.pop("status", None)
            new = admitted(new, old, self._strict)
            if self.asked.get("dryRun"):
                return new
            kept = self.server.store.update(resource, space, new)
            self._own(old, kept)
            return kept

    def _own(self, old: Object, new: Object) -> None:
        """Note who set what, for server-side apply."""
        owners = self.server.owners.setdefault(new["metadata"]["uid"], {})
        before = dict(leaves({key: old.get(key) for key in ("spec", "data")}))
        for path, value in leaves({key: new.get(key) for key in ("spec", "data")}):
            if path not in before or before[path] != value:
                owners[path] = self.asked.get("fieldManager", "unknown")

    def _apply(self, body: Object) -> Object:
        """https://kubernetes.io/docs/reference/using-api/server-side-apply/"""
        manager = self.asked.get("fieldManager", "unknown")
        with self.server.store.changed:
            try:
                uid = self.server.store.get(*self.place)["metadata"]["uid"]
            except Refused:
                made = self._create(body)
                self.server.applied[made["metadata"].get("uid", ""), manager] = body
                return made
            owners = self.server.owners.get(uid, {})

            def change(old: Object) -> Object:
                now = dict(leaves(old))
                for path, value in leaves(body):
                    other = owners.get(path, manager)
                    if other != manager and path in now and now[path] != value and self.asked.get("force") != "true":
                        field = ".".join(str(part if isinstance(part, str) else part[1]) for part in path)
                        raise Refused(
                            409, "Conflict", f'Apply failed with 1 conflict: conflict with "{other}": .{field}'
                        )
                wanted = dict(leaves(body))
                before = {path for path, _ in leaves(self.server.applied.get((uid, manager), {}))}
                gone = {path for path in before - set(wanted) if owners.get(path, manager) == manager}
                return dict(patched(STRATEGIC_PATCH, without(old, gone), body))

            changed = self._change(change)
            if not self.asked.get("dryRun"):
                self.server.applied[uid, manager] = body
            return changed

    def _delete(self, options: Object) -> Object:
        resource, space, name = self.place
        if not name:
            for one in self.server.store.all(resource, space, self._fits):
                self._delete_one(resource, one["metadata"].get("namespace", ""), one["metadata"]["name"], options)
            return {"kind": "Status", "apiVersion": "v1", "status": "Success"}
        return self._delete_one(resource, space, name, options)

    def _delete_one(self, resource: str, space: str, name: str, options: Object) -> Object:
        store = self.server.store
        one = store.get(resource, space, name)
        if self.asked.get("dryRun") or options.get("dryRun"):
            return one
        if resource == "pods":
            seconds = options.get("gracePeriodSeconds", self.asked.get("gracePeriodSeconds"))
            grace = one["spec"].get("terminationGracePeriodSeconds", 30)
            return store.mark_deleted(resource, space, name, grace if seconds is None else int(seconds))
        uid = store.remove(resource, space, name)["metadata"]["uid"]
        return {
            "kind": "Status", "apiVersion": "v1", "status": "Success",
            "details": {"name": name, "kind": resource, "uid": uid},
        }  # fmt: skip

    def _scale(self, body: Any) -> Object:
        if self.command == "GET":
            return scaled(self.server.store.get(*self.place))

        def change(old: Object) -> Object:
            scale = scaled(old)
            new = body if self.command == "PUT" else patched(self.headers.get_content_type(), scale, body)
            old["spec"]["replicas"] = int(new["spec"]["replicas"])
            return old

        return scaled(self._change(change))

    def _watch(self) -> None:
        """Events, one JSON object a line, until the time is over or nobody listens."""
        resource, space, _ = self.place
        store = self.server.store
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        ends = time.monotonic() + min(_LONGEST_WATCH, float(self.asked.get("timeoutSeconds") or _LONGEST_WATCH))
        with store.changed:
            since = int(self.asked.get("resourceVersion") or 0)
            if since == 0 or self.asked.get("sendInitialEvents") == "true":
                since = store.version
                first = [("ADDED", one) for one in store.all(resource, space, self._fits)]
            else:
                first = []
        for event in first:
            self._send(*event)
        if self.asked.get("sendInitialEvents") == "true":
            done = {"resourceVersion": str(since), "annotations": {"k8s.io/initial-events-end": "true"}}
            self._send("BOOKMARK", {"kind": self.kind, "apiVersion": self.group, "metadata": done})
        while time.monotonic() < ends:
            with store.changed:
                events = list(store.events(since, resource))
                since = store.version
                if not events:
                    store.changed.wait(0.5)
            for kind, one in events:
                if space in ("", one["metadata"].get("namespace", "")) and self._fits(one):
                    self._send(kind, one)
        with contextlib.suppress(OSError):
            self.wfile.write(b"0\r\n\r\n")

    def _send(self, kind: str, one: Object) -> None:
        shown = one if kind == "BOOKMARK" else self._shown(one)
        line = json.dumps({"type": kind, "object": shown}).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))


def _failure(refused: Refused) -> Object:
    return {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": refused.message,
        "reason": refused.reason, "code": refused.status,
    }  # fmt: skip


def _resource_list(group: str) -> Object:
    verbs = "create delete deletecollection get list patch update watch".split()
    resources = []
    for name, (kind, short, spaced) in _RESOURCES[group].items():
        one = {"name": name, "singularName": kind.lower(), "namespaced": spaced, "kind": kind, "verbs": verbs}
        category = {"categories": ["all"]} if kind in ("Pod", "Service", "Deployment", "ReplicaSet") else {}
        resources.append(one | {"shortNames": list(short)} | category)
        if name in ("deployments", "replicasets"):
            scale = {"name": f"{name}/scale", "singularName": "", "namespaced": True, "kind": "Scale"}
            resources.append(scale | {"group": "autoscaling", "version": "v1", "verbs": ["get", "patch", "update"]})
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group, "resources": resources}


def _openapi(group: str) -> Object:
    """As much as tells `kubectl` that fields are validated by the server."""
    paths = {}
    for name, (kind, _, spaced) in _RESOURCES.get(group, {}).items():
        root = "/api/v1" if group == "v1" else f"/apis/{group}"
        head, _, version = group.rpartition("/")
        verb = {
            "parameters": [{"name": "fieldValidation", "in": "query"}, {"name": "dryRun", "in": "query"}],
            "x-kubernetes-group-version-kind": {"group": head, "version": version, "kind": kind},
        }
        place = f"{root}/namespaces/{{namespace}}/{name}/{{name}}" if spaced else f"{root}/{name}/{{name}}"
        paths[place] = {"patch": verb, "put": verb}
    return {"openapi": "3.0.0", "info": {"title": "stand-in", "version": "1"}, "paths": paths}


def _matches(selector: str, value_of: Callable[[str], Any]) -> bool:
    """Whether labels or fields are what a selector asks for. Raises Refused for a selector that is not known."""
    for key, operator, wanted in _terms(selector):
        value = value_of(key)
        holds = {
            "=": value in wanted, "!=": value not in wanted, "in": value in wanted, "notin": value not in wanted,
            "": value is not None, "!": value is None,
        }  # fmt: skip
        if not holds[operator]:
            return False
    return True


def _terms(selector: str) -> Iterator[tuple[str, str, list[str]]]:
    for text in re.split(r",(?![^(]*\))", selector) if selector else ():
        if found := re.fullmatch(r"\s*(!?)\s*([\w./-]+)\s*", text):
            yield found[2], found[1], []
        elif found := re.fullmatch(r"\s*([\w./-]+)\s*(==?|!=)\s*([\w./:-]*)\s*", text):
            yield found[1], found[2].replace("==", "="), [found[3]]
        elif found := re.fullmatch(r"\s*([\w./-]+)\s+(in|notin)\s+\(([^)]*)\)\s*", text):
            yield found[1], found[2], [one.strip() for one in found[3].split(",")]
        else:
            raise Refused(400, "BadRequest", f"unable to parse requirement: {text}")


def _field(one: Any, path: str) -> Any:
    for part in path.split("."):
        one = one.get(part) if isinstance(one, dict) else None
    return one
