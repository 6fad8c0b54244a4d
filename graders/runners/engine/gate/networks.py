"""The networks that a script made, and the one that all containers are in that name none.

All of them lead to no other network: a container reaches those beside it, and is reached by us.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from graders.runners.engine.gate.refusal import Refused, as_engine
from graders.runners.engine.gate.settings import network_body
from graders.runners.engine.gate.upstream import Asking
from graders.runners.engine.leftovers import LABEL, Ours

MOST_NETWORKS = 4
_BUILT_IN = ("none", "host")


@dataclass(frozen=True, slots=True)
class Network:
    """One network: what a script calls it, and what it is called on the engine."""

    name: str
    id: str
    engine_name: str


class Networks:
    """All networks that a script can see."""

    def __init__(self, ours: Ours, asking: Asking) -> None:
        self._ours, self._asking = ours, asking
        self._known: dict[str, Network] = {}
        self._lock = threading.RLock()

    def default(self) -> str:
        """The engine's name of the network that stands for `bridge`; made when first needed."""
        with self._lock:
            if "bridge" not in self._known:
                self._make("bridge", network_body({}))
            return self._known["bridge"].engine_name

    def find(self, said: str) -> Network:
        """The one that a script calls so, by name or id. Raises Refused where there is none."""
        if said == "bridge":
            self.default()
        with self._lock:
            found = [
                one for one in self._known.values() if one.name == said or (len(said) > 3 and one.id.startswith(said))
            ]
        if len(found) != 1:
            raise as_engine(f"network {said} not found", 404)
        return found[0]

    def create(self, said: Mapping[str, Any]) -> dict[str, str]:
        """Make one; the engine's answer."""
        name = said.get("Name")
        if not isinstance(name, str) or not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
            raise as_engine("invalid network name", 400)
        body = network_body(said)
        with self._lock:
            if name in self._known or name in (*_BUILT_IN, "default", "bridge"):
                raise as_engine(f"network with name {name} already exists", 409)
            if len(self._known) >= MOST_NETWORKS:
                raise Refused(f"a script may have {MOST_NETWORKS} networks: remove those you need no more")
            return {"Id": self._make(name, body).id, "Warning": ""}

    def delete(self, said: str) -> None:
        """Remove one. Raises Refused, as the engine would, where it is in use."""
        found = self.find(said)
        if found.name == "bridge":
            raise as_engine("bridge is a pre-defined network and cannot be removed", 403)
        status, answer = self._asking.ask("DELETE", f"/networks/{found.id}")
        if status not in (204, 404):
            raise as_engine(_said(answer, found), status)
        with self._lock:
            self._known.pop(found.name, None)

    def prune(self) -> list[str]:
        """Remove those that nothing is in; their names."""
        with self._lock:
            names = [name for name in self._known if name != "bridge"]
        gone = []
        for name in names:
            with suppress(Refused):
                self.delete(name)
                gone.append(name)
        return gone

    def join(self, said: str, body: Mapping[str, Any], container: str, name: str) -> None:
        """Put a container of the script's into one, or with no `name` take it out again."""
        found = self.find(said)
        endpoint = body.get("EndpointConfig") or {}
        if not isinstance(endpoint, dict) or any(value for key, value in endpoint.items() if key != "Aliases"):
            raise Refused("the gate lets `docker network connect` through with `--alias` only")
        asked: dict[str, Any] = {"Container": container, "Force": bool(body.get("Force"))}
        if name:
            asked = {"Container": container, "EndpointConfig": {"Aliases": [*(endpoint.get("Aliases") or []), name]}}
        what = "connect" if name else "disconnect"
        status, answer = self._asking.ask("POST", f"/networks/{found.id}/{what}", None, asked)
        if status != 200:
            raise as_engine(_said(answer, found), status)

    def inspect(self, said: str, members: Mapping[str, str]) -> dict[str, Any]:
        """What the engine says of one; of its containers, those of `members` (id to name)."""
        if said in _BUILT_IN:
            return {
                "Name": said,
                "Id": said,
                "Scope": "local",
                "Driver": "null" if said == "none" else said,
                "Containers": {},
            }
        found = self.find(said)
        status, answer = self._asking.ask("GET", f"/networks/{found.id}")
        if status != 200:
            raise as_engine(_said(answer, found), status)
        inside = {
            id: {**one, "Name": members[id]} for id, one in (answer.get("Containers") or {}).items() if id in members
        }
        labels = {name: value for name, value in (answer.get("Labels") or {}).items() if name != LABEL}
        return {**answer, "Name": found.name, "Containers": inside, "Labels": labels}

    def listed(self) -> list[dict[str, Any]]:
        """Those that `docker network ls` shows."""
        self.default()
        with self._lock:
            names = [*self._known, *_BUILT_IN]
        return [self.inspect(name, {}) for name in names]

    def renamed(self, networks: Mapping[str, Any]) -> dict[str, Any]:
        """The networks of a container, by the names that the script knows."""
        with self._lock:
            names = {one.engine_name: one.name for one in self._known.values()}
        return {names.get(name, name): value for name, value in networks.items()}

    def _make(self, name: str, body: Mapping[str, Any]) -> Network:
        engine_name = f"ninesteps-{secrets.token_hex(6)}"
        labels = {**body["Labels"], **self._ours.labels}
        status, answer = self._asking.ask(
            "POST", "/networks/create", None, {**body, "Name": engine_name, "Labels": labels}
        )
        if status != 201:
            raise as_engine(str(answer.get("message", answer)) if isinstance(answer, dict) else str(answer), status)
        self._known[name] = made = Network(name, str(answer["Id"]), engine_name)
        return made


def _said(answer: Any, network: Network) -> str:
    text = str(answer.get("message", answer)) if isinstance(answer, dict) else str(answer)
    return text.replace(network.engine_name, network.name)
