"""The objects of a cluster, with their versions, and who waits for a change of them."""

from __future__ import annotations

import copy
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

Object = dict[str, Any]
_MOST_OBJECTS = 2_000


class Refused(Exception):
    """What an API server answers in the place of an object: an HTTP status, its reason, and a sentence."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message


def now() -> str:
    """The time as Kubernetes writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store:
    """Objects by resource (`deployments`), namespace and name. All methods may be called from any thread."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.version = 1
        self.log: list[tuple[int, str, str, Object]] = []  # version, kind of event, resource, object
        self._objects: dict[tuple[str, str, str], Object] = {}

    def all(self, resource: str, namespace: str = "", fits: Callable[[Object], bool] = lambda _: True) -> list[Object]:
        """Copies of the objects of a resource, in one namespace or in all."""
        with self.changed:
            found = [
                one
                for (kind, space, _), one in self._objects.items()
                if kind == resource and namespace in ("", space) and fits(one)
            ]
            return copy.deepcopy(found)

    def get(self, resource: str, namespace: str, name: str) -> Object:
        """A copy of one object. Raises Refused where there is none."""
        with self.changed:
            found = self._objects.get((resource, namespace, name))
            if found is None:
                raise Refused(404, "NotFound", f'{resource} "{name}" not found')
            return copy.deepcopy(found)

    def create(self, resource: str, namespace: str, new: Object) -> Object:
        """Keep a new object. Raises Refused where its name is taken."""
        with self.changed:
            meta = new.setdefault("metadata", {})
            place = (resource, namespace, meta["name"])
            if place in self._objects:
                raise Refused(409, "AlreadyExists", f'{resource} "{meta["name"]}" already exists')
            if len(self._objects) >= _MOST_OBJECTS:
                raise Refused(403, "Forbidden", "too many objects")
            meta |= {"uid": str(uuid.uuid4()), "creationTimestamp": now(), "generation": 1}
            if namespace:
                meta["namespace"] = namespace
            return self._keep("ADDED", place, new)

    def update(self, resource: str, namespace: str, new: Object) -> Object:
        """Keep a changed object; its `generation` moves with its `spec`. Raises Refused where there is none, or a newer one."""
        with self.changed:
            new = {**new, "metadata": dict(new["metadata"])}
            place = (resource, namespace, new["metadata"]["name"])
            old = self.get(*place)
            asked = new["metadata"].get("resourceVersion")
            if asked and asked != old["metadata"]["resourceVersion"]:
                words = f'Operation cannot be fulfilled on {resource} "{place[2]}": the object has been modified'
                raise Refused(
                    409, "Conflict", f"{words}; please apply your changes to the latest version and try again"
                )
            for field in ("uid", "creationTimestamp", "generation", "namespace", "deletionTimestamp"):
                if field in old["metadata"]:
                    new["metadata"][field] = old["metadata"][field]
            if new.get("spec") != old.get("spec"):
                new["metadata"]["generation"] += 1
            new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
            return old if new == old else self._keep("MODIFIED", place, new)

    def mark_deleted(self, resource: str, namespace: str, name: str, seconds: int) -> Object:
        """Say that an object is about to go, and how many seconds it has for that."""
        with self.changed:
            one = self.get(resource, namespace, name)
            if "deletionTimestamp" in one["metadata"] and seconds >= one["metadata"]["deletionGracePeriodSeconds"]:
                return one
            one["metadata"] |= {"deletionTimestamp": now(), "deletionGracePeriodSeconds": seconds}
            return self._keep("MODIFIED", (resource, namespace, name), one)

    def remove(self, resource: str, namespace: str, name: str) -> Object:
        """Forget an object. Raises Refused where there is none."""
        with self.changed:
            one = self.get(resource, namespace, name)
            del self._objects[resource, namespace, name]
            return self._note("DELETED", resource, one)

    def events(self, since: int, resource: str) -> Iterator[tuple[str, Object]]:
        """What happened to a resource's objects after a version: kind of event and object."""
        with self.changed:
            return iter([(kind, one) for version, kind, of, one in self.log if version > since and of == resource])

    def _keep(self, kind: str, place: tuple[str, str, str], one: Object) -> Object:
        self._objects[place] = one = copy.deepcopy(one)  # the caller goes on changing its own
        return self._note(kind, place[0], one)

    def _note(self, kind: str, resource: str, one: Object) -> Object:
        self.version += 1
        one["metadata"]["resourceVersion"] = str(self.version)
        self.log.append((self.version, kind, resource, copy.deepcopy(one)))
        self.changed.notify_all()
        return copy.deepcopy(one)


def selected(labels: dict[str, str] | None, one: Object) -> bool:
    """Whether an object has all these labels; no labels select nothing."""
    own = one["metadata"].get("labels") or {}
    return bool(labels) and all(own.get(key) == value for key, value in (labels or {}).items())


def owned_by(owner: Object) -> Callable[[Object], bool]:
    """Whether an object has this one for its controller."""
    uid = owner["metadata"]["uid"]
    return lambda one: any(ref.get("uid") == uid for ref in one["metadata"].get("ownerReferences", []))
