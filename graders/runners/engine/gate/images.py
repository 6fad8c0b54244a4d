"""The names that a script gives images, kept here and not on the engine: nobody else's name is taken or moved."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Collection
from typing import Any
from urllib.parse import quote

from graders.runners.engine.gate.refusal import Refused, as_engine
from graders.runners.engine.gate.upstream import Asking
from graders.runners.engine.leftovers import Ours

MOST_IMAGES = 64
_ID = re.compile(r"(?:sha256:)?([0-9a-f]{4,64})")
# https://pkg.go.dev/github.com/distribution/reference
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>(?:(?:[A-Za-z0-9.-]+(?::\d+)?)/)?{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


class Images:
    """What a script can see: base images, to read only, and its own. `registry` is the only one it may push to."""

    def __init__(self, ours: Ours, asking: Asking, bases: Collection[str], registry: str) -> None:
        self._ours, self._asking = ours, asking
        self.registry = registry
        self.bases = {familiar(base) for base in bases}
        self.names: dict[str, str] = {}  # such as `widgets:1.0` and `HOST/widgets@sha256:…`, each to an image's id
        self._anchors: dict[str, str] = {}  # id to the tag of ours that keeps the image
        self.lock = threading.RLock()

    @property
    def caches(self) -> str:
        """Whose the caches are that builds mount."""
        return self._ours.caches

    def identify(self, said: str) -> str:
        """The id of the image that a script calls so. Raises Refused, as the engine would, where it has none."""
        with self.lock:
            name = familiar(said)
            if name in self.names:
                return self.names[name]
            if name in self.bases:
                status, found = self._asking.ask("GET", f"/images/{quote(name, safe='/:@')}/json")
                if status == 200:
                    return str(found["Id"])
            if matched := _ID.fullmatch(said):
                known = {*self._anchors, *(self.names.values())}
                found_ids = {id for id in known if id.removeprefix("sha256:").startswith(matched[1])}
                if len(found_ids) == 1:
                    return found_ids.pop()
                for base in self.bases:
                    status, found = self._asking.ask("GET", f"/images/{quote(base, safe='/:@')}/json")
                    if status == 200 and found["Id"].removeprefix("sha256:").startswith(matched[1]):
                        return str(found["Id"])
        raise as_engine(f"No such image: {name}", 404)

    def on_engine(self, said: str) -> str:
        """What a Dockerfile has to call it: a base image by its own name, one of the script's by ours. Raises Refused.

        A base image that is asked for by tag and digest, and is here by its tag, is that one.
        """
        with self.lock:
            name = familiar(said)
            if name in self.bases and name not in self.names:
                return said
            tagged = familiar(said.partition("@")[0])
            if "@" in said and name not in self.names and tagged in self.bases:
                return tagged
            id = self.names.get(name)
            if id not in self._anchors:
                raise Refused(
                    f"the gate builds on base images that are here and on the script's own; {said} is neither"
                )
            status, found = self._asking.ask("GET", f"/images/{id}/json")
            put_off = (found.get("Config") or {}).get("OnBuild") or [] if status == 200 else []
            if any(step.strip().upper().startswith("ADD") and ("://" in step or "$" in step) for step in put_off):
                raise Refused(f"{said} begins builds with an ADD that fetches something")
            return self._anchors[id]

    def inspect(self, said: str) -> dict[str, Any]:
        """What the engine says of it, with the names that the script knows it by."""
        id = self.identify(said)
        status, found = self._asking.ask("GET", f"/images/{id}/json")
        if status != 200:
            self.forget(id)
            raise as_engine(f"No such image: {said}", 404)
        return {**found, **self.names_of(id, found)}

    def names_of(self, id: str, found: dict[str, Any]) -> dict[str, list[str]]:
        """`RepoTags` and `RepoDigests` as the script sees them."""
        bases = [tag for tag in found.get("RepoTags") or () if tag in self.bases]
        with self.lock:
            mine = sorted(name for name, owner in self.names.items() if owner == id)
        tags, digests = [name for name in mine if "@" not in name], [name for name in mine if "@" in name]
        return {"RepoTags": tags + [base for base in bases if base not in tags], "RepoDigests": digests}

    def new_anchor(self) -> str:
        """A tag of ours for an image that is about to be made."""
        with self.lock:
            if len(self._anchors) >= MOST_IMAGES:
                raise Refused(f"a script may make {MOST_IMAGES} images, and has")
        return self._ours.tag(f"script-{secrets.token_hex(6)}")

    def keep(self, id: str, names: Collection[str], anchor: str = "") -> None:
        """Make an image the script's own, under `names`; it has the tag `anchor` already, or gets one."""
        with self.lock:
            if id not in self._anchors:
                if not anchor:
                    anchor = self.new_anchor()
                    repository, _, tag = anchor.rpartition(":")
                    self._asking.ask("POST", f"/images/{id}/tag", {"repo": repository, "tag": tag})
                self._anchors[id] = anchor
            elif anchor and anchor != self._anchors[id]:
                self._untag(anchor)
            self.names.update({familiar(name): id for name in names})

    def delete(self, said: str) -> list[dict[str, str]]:
        """Take away a name, or with an id all of them; with the last one goes the image. What was done, as the engine says it."""
        id, name = self.identify(said), familiar(said)
        with self.lock:
            if id not in self._anchors:
                raise Refused(f"{said} is not an image of this script, so it can't remove it")
            mine = [one for one, owner in self.names.items() if owner == id]
            going = [name] if name in self.names else mine
            if name in self.names and len([one for one in mine if "@" not in one]) == 1:
                going = mine
            for one in going:
                del self.names[one]
            said_done = [{"Untagged": one} for one in going]
            if not [one for one, owner in self.names.items() if owner == id]:
                status, _ = self._untag(self._anchors[id])
                if status == 409:
                    self.names.update(dict.fromkeys(going, id))
                    raise as_engine(
                        f"conflict: unable to remove repository reference {said!r}: a container uses it", 409
                    )
                del self._anchors[id]
                said_done.append({"Deleted": id})
            return said_done

    def forget(self, id: str) -> None:
        """It is gone from the engine."""
        with self.lock:
            self._anchors.pop(id, None)
            self.names = {name: owner for name, owner in self.names.items() if owner != id}

    @property
    def ids(self) -> set[str]:
        """The images that are the script's own."""
        with self.lock:
            return set(self._anchors)

    def _untag(self, tag: str) -> tuple[int, Any]:
        return self._asking.ask("DELETE", f"/images/{tag}")


def familiar(said: str) -> str:
    """A name as the engine shows it: no `docker.io/library/`, always a tag or a digest. Raises Refused for what is no name."""
    name = re.sub(r"^(?:(?:index\.)?docker\.io/)?(?:library/)?", "", said)
    matched = _REFERENCE.fullmatch(name)
    if not matched:
        raise as_engine(f"invalid reference format: {said[:200]}", 400)
    if matched["digest"]:
        return f"{matched['name']}@{matched['digest']}"
    return f"{matched['name']}:{matched['tag'] or 'latest'}"
