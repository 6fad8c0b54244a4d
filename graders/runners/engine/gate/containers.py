"""The containers that a script made, with the names, images and ports that it knows them by."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graders.runners.engine.gate.images import Images
from graders.runners.engine.gate.networks import Networks
from graders.runners.engine.gate.ports import Ports
from graders.runners.engine.gate.refusal import Refused, as_engine
from graders.runners.engine.gate.settings import Asked
from graders.runners.engine.gate.upstream import Asking
from graders.runners.engine.leftovers import LABEL, Ours

MOST_CONTAINERS = 16
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - what the script is shown
_ID = re.compile(r"[0-9a-f]{1,64}")


@dataclass(slots=True)
class Kept:
    """A container of the script's: how it asked for it."""

    id: str
    name: str
    image: str
    network: str
    ports: dict[str, list[int]] = field(default_factory=dict)
    host_config: dict[str, Any] = field(default_factory=dict)


class Containers:
    """All of them. Names are kept here and not on the engine, so that none can collide with anybody else's."""

    def __init__(self, ours: Ours, asking: Asking, images: Images, networks: Networks, ports: Ports) -> None:
        self._ours, self._asking = ours, asking
        self._images, self._networks, self.ports = images, networks, ports
        self._kept: dict[str, Kept] = {}
        self.execs: dict[str, str] = {}
        self._lock = threading.RLock()

    def find(self, said: str) -> Kept:
        """The one that a script calls so, by its name, its id or the beginning of that. Raises Refused where there is none."""
        with self._lock:
            named = [one for one in self._kept.values() if one.name == said.removeprefix("/")]
            known = named or [one for one in self._kept.values() if _ID.fullmatch(said) and one.id.startswith(said)]
        if len(known) == 1 and self._state(known[0]) is not None:
            return known[0]
        raise as_engine(f"No such container: {said}", 404)

    def all(self) -> list[Kept]:
        """Every container that is there, running or not."""
        with self._lock:
            return list(self._kept.values())

    def create(self, said: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Make one, within the limits; the engine's answer."""
        asked = Asked(said)
        if name and not _NAME.fullmatch(name):
            raise as_engine(f"Invalid container name ({name[:80]}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", 400)
        image = self._images.identify(asked.image)
        with self._lock:
            for other in self.all():
                if name and other.name == name and self._state(other) is not None:
                    raise as_engine(
                        f'Conflict. The container name "/{name}" is already in use by container "{other.id}". You have to '
                        "remove (or rename) that container to be able to reuse that name.", 409,
                    )  # fmt: skip
            if len([one for one in self.all() if self._state(one) is not None]) >= MOST_CONTAINERS:
                raise Refused(
                    f"a script may have {MOST_CONTAINERS} containers at a time: remove those you need no more"
                )
            ports = self._ports(asked, image)
            mode, endpoints = self._network(asked, name)
            body = {**asked.body, "Image": image, "Labels": {**(asked.body.get("Labels") or {}), **self._ours.labels}}
            body["HostConfig"] = {**body["HostConfig"], "NetworkMode": mode}
            status, made = self._asking.ask("POST", "/containers/create", None, {**body, "NetworkingConfig": endpoints})
            if status != 201:
                raise as_engine(str(made.get("message", made)) if isinstance(made, dict) else str(made), status)
            kept = Kept(made["Id"], name, asked.image, asked.network or "default", ports, asked.host_config)
            if not name:
                found = self._state(kept)
                kept.name = str(found["Name"]).removeprefix("/") if found else ""
            self._kept[kept.id] = kept
        return {"Id": kept.id, "Warnings": made.get("Warnings") or []}

    def _ports(self, asked: Asked, image: str) -> dict[str, list[int]]:
        wanted = dict(asked.ports)
        if asked.publish_all:
            exposed = dict(asked.body.get("ExposedPorts") or {})
            exposed |= self._images.inspect(image)["Config"].get("ExposedPorts") or {}
            wanted |= {port: [""] for port in exposed if port.endswith("/tcp") and port not in wanted}
        return self.ports.choose(wanted, {port for one in self.all() for hosts in one.ports.values() for port in hosts})

    def _network(self, asked: Asked, name: str) -> tuple[str, dict[str, Any]]:
        kind, _, other = asked.network.partition(":")
        if kind == "none":
            return "none", {}
        if kind == "container" and other:
            return f"container:{self.find(other).id}", {}
        if kind == "host":
            raise Refused(
                "the gate does not let `--network host` through: the container would be in the machine's own network. Publish "
                "the port instead: `-p 8000:8000`."
            )
        if asked.network in ("", "default", "bridge"):
            return self._networks.default(), {}
        network = self._networks.find(asked.network)
        aliases = [*asked.aliases, *([name] if name else [])]
        return network.engine_name, {"EndpointsConfig": {network.engine_name: {"Aliases": aliases}}}

    def before_start(self, kept: Kept) -> None:
        """Raises Refused, as the engine would, where a port is taken by another container that runs."""
        try:
            self._need_free_ports(kept)
        except Refused:
            found = self._state(kept)
            if found and found["HostConfig"].get("AutoRemove"):  # whoever asked waits for its end
                self._asking.ask("DELETE", f"/containers/{kept.id}", {"force": "1", "v": "1"})
            raise

    def _need_free_ports(self, kept: Kept) -> None:
        for port in [port for hosts in kept.ports.values() for port in hosts]:
            holder = self.ports.holder(port)
            if holder and holder != kept.id:
                other = self._kept.get(holder)
                if other is None or not self._runs(other):
                    self.ports.stop(holder)
                    continue
                raise as_engine(
                    f"driver failed programming external connectivity on endpoint {kept.name} ({kept.id}): Bind for "
                    f"0.0.0.0:{port} failed: port is already allocated", 500,
                )  # fmt: skip

    def started(self, kept: Kept) -> None:
        """Serve its ports. Raises Refused, with the container stopped again, where one can't be served."""
        found = self._state(kept)
        if not found or not found["State"]["Running"] or not kept.ports:
            return
        networks = (found["NetworkSettings"].get("Networks") or {}).values()
        ip = next((str(one["IPAddress"]) for one in networks if one.get("IPAddress")), "")
        if ip:
            try:
                self.ports.serve(kept.id, ip, kept.ports)
            except Refused:
                self._asking.ask("POST", f"/containers/{kept.id}/kill")
                self.ports.stop(kept.id)
                raise

    def changed(self, id: str, running: bool) -> None:
        """The engine says that one has started, or ended."""
        kept = self._kept.get(id)
        if kept and not running:
            self.ports.stop(id)
        elif kept:
            try:
                self.started(kept)
            except Refused:
                return

    def removed(self, kept: Kept) -> None:
        """It is gone."""
        self.ports.stop(kept.id)
        with self._lock:
            self._kept.pop(kept.id, None)

    def inspect(self, kept: Kept, size: bool = False) -> dict[str, Any]:
        """What the engine says of it, with the script's own names and ports."""
        found = self._state(kept, size)
        if found is None:
            raise as_engine(f"No such container: {kept.name}", 404)
        settings = found.get("NetworkSettings") or {}
        networks = self._networks.renamed(settings.get("Networks") or {})
        default = networks.get("bridge") or {}
        running = found["State"]["Running"]
        ports: dict[str, Any] = dict.fromkeys(found["Config"].get("ExposedPorts") or {})
        if running:
            ports |= {
                port: [{"HostIp": _EVERYWHERE, "HostPort": str(one)} for one in hosts]
                for port, hosts in kept.ports.items()
            }
        labels = {name: value for name, value in (found["Config"].get("Labels") or {}).items() if name != LABEL}
        return {
            **found,
            "Name": f"/{kept.name}",
            "Config": {**found["Config"], "Image": kept.image, "Labels": labels},
            "HostConfig": {**found["HostConfig"], "PortBindings": {}, "NetworkMode": kept.network, **kept.host_config},
            "NetworkSettings": {
                **settings, **{name: default.get(name, "") for name in ("IPAddress", "Gateway", "MacAddress")},
                "Networks": networks, "Ports": ports,
            },
        }  # fmt: skip

    def listed(self, query: Mapping[str, Any], filters: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        """Those that `docker ps` shows."""
        ours = {**filters, "label": [*filters.get("label", []), f"{LABEL}={self._ours.owner}"]}
        names, ancestors = ours.pop("name", []), ours.pop("ancestor", [])
        networks, published = ours.pop("network", []), ours.pop("publish", [])
        limit = int(query["limit"]) if str(query.get("limit", "")).isdigit() else 0
        passed = {"all": "1" if query.get("all") or limit else None, "size": query.get("size")}
        status, found = self._asking.ask("GET", "/containers/json", {**passed, "filters": json.dumps(ours)})
        if status != 200:
            raise as_engine(str(found.get("message", found)) if isinstance(found, dict) else str(found), status)
        images = {self._images.identify(name) for name in ancestors}
        shown = []
        for one in found:
            kept = self._kept.get(one["Id"])
            if (
                kept is None
                or (names and not any(_matches(name, kept.name) for name in names))
                or (ancestors and one["ImageID"] not in images)
                or (networks and kept.network not in networks)
                or (published and not {port.partition("/")[0] for port in published} & _numbers(kept))
            ):
                continue
            settings = one.get("NetworkSettings") or {}
            shown.append({
                **one, "Names": [f"/{kept.name}"], "Image": self._shown_image(kept), "Ports": _shown_ports(one, kept),
                "Labels": {name: value for name, value in (one.get("Labels") or {}).items() if name != LABEL},
                "NetworkSettings": {"Networks": self._networks.renamed(settings.get("Networks") or {})},
                "HostConfig": {"NetworkMode": kept.network},
            })  # fmt: skip
        return shown[:limit] if limit else shown

    def prune(self) -> dict[str, Any]:
        """Remove those that do not run."""
        gone = []
        for kept in self.all():
            found = self._state(kept)
            if found and not found["State"]["Running"]:
                status, _ = self._asking.ask("DELETE", f"/containers/{kept.id}", {"v": "1"})
                if status == 204:
                    self.removed(kept)
                    gone.append(kept.id)
        return {"ContainersDeleted": gone, "SpaceReclaimed": 0}

    def rename(self, kept: Kept, name: str) -> None:
        """Give it another name."""
        if not _NAME.fullmatch(name):
            raise as_engine(f"Invalid container name ({name[:80]}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", 400)
        with self._lock:
            for other in self.all():
                if other.name == name and other.id != kept.id and self._state(other) is not None:
                    raise as_engine(
                        f'Conflict. The container name "/{name}" is already in use by container "{other.id}".', 409
                    )
            kept.name = name

    def _shown_image(self, kept: Kept) -> str:
        """The name it was made from, or the id where that means another image by now, as in the engine's list."""
        try:
            now = self._images.identify(kept.image)
        except Refused:
            now = ""
        found = self._state(kept)
        return kept.image if found and found["Image"] == now else str(found["Image"])[7:19] if found else kept.image

    def _runs(self, kept: Kept) -> bool:
        found = self._state(kept)
        return bool(found and found["State"]["Running"])

    def _state(self, kept: Kept, size: bool = False) -> dict[str, Any] | None:
        status, found = self._asking.ask("GET", f"/containers/{kept.id}/json", {"size": "1" if size else None})
        if status == 404:
            self.removed(kept)
            return None
        if status != 200 or (found["Config"].get("Labels") or {}).get(LABEL) != self._ours.owner:
            raise as_engine(f"No such container: {kept.name}", 404)
        return dict(found)


def _matches(pattern: str, name: str) -> bool:
    """As the engine does: a pattern anywhere in the name, which may be written with its slash."""
    plain = re.fullmatch(r"(\^?)/?([A-Za-z0-9_.-]*)(\$?)", pattern)
    if not plain:
        raise Refused(f"the gate looks for names by plain words, `^` and `$` only, not by {pattern[:60]}", 400)
    word = re.escape(plain[2]).replace(r"\.", ".")
    return bool(re.search(f"{plain[1]}{word}{plain[3]}", name))


def _numbers(kept: Kept) -> set[str]:
    return {str(port) for hosts in kept.ports.values() for port in hosts}


def _shown_ports(one: Mapping[str, Any], kept: Kept) -> list[dict[str, Any]]:
    if one.get("State") not in ("running", "paused", "restarting"):
        return []
    exposed = [
        port for port in one.get("Ports") or () if f"{port.get('PrivatePort')}/{port.get('Type')}" not in kept.ports
    ]
    return exposed + [
        {"IP": _EVERYWHERE, "PrivatePort": int(port.partition("/")[0]), "PublicPort": host, "Type": "tcp"}
        for port, hosts in kept.ports.items()
        for host in hosts
    ]
