"""The plans that learners review: for each number the files, what there was before, and the words for `terraform plan`.

No two hold the same changes under the same names. Every fourth is harmless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from graders.runners.terraform.planning import Ask, World
from graders.runners.terraform.world import PROVIDER, Thing, id_of, world_of

PLANS = 24
_STORES = ("orders", "invoices", "accounts", "stock", "payments", "tickets")
_FRONTS = ("web", "shop", "api", "portal")
_WORKERS = ("worker", "mailer", "billing", "importer")
_KEYS = (("audit logs", "exports"), ("eu west", "eu north"), ("raw data", "reports"), ("2026 q1", "2026 q2"))
_REGIONS = ("eu-west", "eu-north", "us-east")


@dataclass(frozen=True, slots=True)
class Variant:
    """What a plan is made from; `harmless` says that nothing loses data or goes down."""

    files: Mapping[str, bytes]
    world: World
    ask: Ask
    harmless: bool


class _Writer:
    """Collects files and what was there before."""

    def __init__(self, number: int) -> None:
        self.number, self.random = number, Random(f"plan:{number}")
        self.blocks: list[str] = []
        self.things: list[Thing] = []
        self.arguments: list[str] = []
        self.module: list[str] = []

    def id(self, kind: str) -> str:
        return id_of(self.random, kind)

    def resource(self, type: str, label: str, extra: str = "", /, **attributes: Any) -> str:
        body = "".join(f"  {key} = {_literal(value)}\n" for key, value in attributes.items())
        return f'resource "nimbus_{type}" "{label}" {{\n{body}{extra}}}\n'

    def was(self, type: str, label: str, /, **attributes: Any) -> None:
        special = {key: attributes.pop(f"_{key}") for key in ("key", "module", "cloud", "gone", "known", "tainted")
                   if f"_{key}" in attributes}  # fmt: skip
        attributes.setdefault("id", self.id(type))
        self.things.append(Thing(f"nimbus_{type}", label, attributes, **special))


class _Reference(str):
    """An expression, not a text."""


def _literal(value: Any) -> str:
    if isinstance(value, _Reference):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else f'"{value}"'


def variant(number: int) -> Variant:
    """The variant with that number, 0 to PLANS - 1."""
    if not 0 <= number < PLANS:
        raise ValueError(f"there are {PLANS} plans, counted from 0")
    w = _Writer(number)
    harmless = number % 4 == 0
    r = w.random
    store, front, worker = (r.choice(words) for words in (_STORES, _FRONTS, _WORKERS))
    region = r.choice(_REGIONS)
    network = w.id("network")
    w.was("network", "main", id=network, name="main", cidr="10.0.0.0/16")
    w.blocks.append(w.resource("network", "main", name="main", cidr="10.0.0.0/16"))
    database = _database(w, store, network, harmless)
    _front(w, front, network, database, store)
    _worker(w, worker, network, harmless)
    _buckets(w, region, harmless, store)
    _proxy(w)
    settings = (
        f'terraform {{\n  required_providers {{\n    nimbus = {{\n      source = "{PROVIDER}"\n    }}\n  }}\n}}\n'
    )
    files = {
        "main.tf": (settings + "\n" + "\n".join(w.blocks)).encode(),
        "edge/main.tf": (settings + "\n".join(w.module)).encode(),
    }
    return Variant(files, world_of(w.things), Ask(tuple(w.arguments)), harmless)


def _database(w: _Writer, store: str, network: str, harmless: bool) -> str:
    id = w.id("database")
    was: dict[str, Any] = {"name": store, "engine": "postgres", "version": "15", "size_gb": w.random.choice((20, 50, 80)),
                           "password": "never-shown"}  # fmt: skip
    now, extra = dict(was), ""
    if harmless:
        now[w.random.choice(("version", "size_gb"))] = 120
        now["version"] = str(now["version"])
    else:
        kind = w.number % 3
        forced = w.random.choice((("engine", "mariadb"), ("name", f"{store}-main")))
        if kind == 0:
            now["engine"], now["name"] = "mariadb", f"{store}-{w.random.randint(2, 9)}"
        elif kind == 1:
            now[forced[0]] = forced[1]
        else:
            now[forced[0]] = forced[1]
            extra = "  lifecycle {\n    create_before_destroy = true\n  }\n"
    w.was("database", store, id=id, network_id=network, endpoint=f"{store}.nimbus.example", **was)
    w.blocks.append(w.resource("database", store, extra, network_id=_Reference("nimbus_network.main.id"), **now))
    return id


def _front(w: _Writer, front: str, network: str, database: str, store: str) -> None:
    """A service that uses the database; somebody has changed it by hand."""
    was: dict[str, Any] = {"name": front, "port": 8000, "image": "shop:1.4.0", "replicas": 3}
    outside = w.random.choice(({"replicas": 5}, {"image": "shop:1.4.0-hotfix"}, {"replicas": 1}))
    w.was(
        "service",
        front,
        network_id=network,
        database_id=database,
        address=f"{front}.nimbus.example",
        _cloud=outside,
        **was,
    )
    links = {
        "network_id": _Reference("nimbus_network.main.id"),
        "database_id": _Reference(f"nimbus_database.{store}.id"),
    }
    w.blocks.append(w.resource("service", front, **links, **was))


def _worker(w: _Writer, worker: str, network: str, harmless: bool) -> None:
    """A service that is replaced, for one of several reasons; its addresses can be asked for only afterwards."""
    was: dict[str, Any] = {"name": worker, "port": 9000, "image": "shop:1.4.0", "replicas": 1}
    now, extra = dict(was), ""
    if harmless or w.random.random() < 0.4:
        extra = "  lifecycle {\n    create_before_destroy = true\n  }\n"
    kind = w.random.choice(("port", "requested", "tainted", "name"))
    now |= {"port": 9100} if kind == "port" else {"name": f"{worker}-2"} if kind == "name" else {}
    if kind == "requested":
        w.arguments.append(f"-replace=nimbus_service.{worker}")
    w.was("service", worker, network_id=network, database_id=None, address=f"{worker}.nimbus.example",
          _tainted=kind == "tainted", **was)  # fmt: skip
    w.blocks.append(w.resource("service", worker, extra, network_id=_Reference("nimbus_network.main.id"), **now))
    w.blocks.append(f'data "nimbus_addresses" "{worker}" {{\n  service_id = nimbus_service.{worker}.id\n}}\n')


def _buckets(w: _Writer, region: str, harmless: bool, store: str) -> None:
    """Buckets that get names of their own, one that is given up, one that is brought in, and one that is new."""
    keys = w.random.choice(_KEYS)
    for at, key in enumerate(keys):
        w.was("bucket", "files", name=key.replace(" ", "-"), region=region, versioned=True, _key=at)
        w.blocks.append(f'moved {{\n  from = nimbus_bucket.files[{at}]\n  to   = nimbus_bucket.files["{key}"]\n}}\n')
    each = ", ".join(f'"{key}"' for key in keys)
    w.blocks.append(
        f'resource "nimbus_bucket" "files" {{\n  for_each  = toset([{each}])\n  name      = replace(each.key, " ", "-")\n'
        f'  region    = "{region}"\n  versioned = true\n}}\n'
    )
    w.was("bucket", "archive", name=f"{store}-archive", region=region, versioned=False)
    given_up = w.number % 2 == 0
    if harmless or given_up:
        w.blocks.append("removed {\n  from = nimbus_bucket.archive\n  lifecycle {\n    destroy = false\n  }\n}\n")
    if harmless:
        w.was("network", "lab", name="lab", cidr="10.9.0.0/16")  # deleted, and nothing stands in it
    elif given_up:
        w.was("bucket", "scratch", name=f"{store}-scratch", region=region, versioned=False)
    id = w.id("bucket")
    w.was("bucket", "uploads", id=id, name=f"{store}-uploads", region=region, versioned=True, _known=False)
    w.blocks.append(f'import {{\n  to = nimbus_bucket.uploads\n  id = "{id}"\n}}\n')
    w.blocks.append(w.resource("bucket", "uploads", name=f"{store}-uploads", region=region, versioned=True))
    new = w.random.choice(("backups", "thumbnails", "metrics"))
    w.blocks.append(w.resource("bucket", new, name=f"{store}-{new}", region=region, versioned=True))


def _proxy(w: _Writer) -> None:
    """A service in a module, which got a new name, or stays as it is."""
    edge = {"cidr": f"10.{w.random.randint(20, 90)}.0.0/16"}
    id = w.id("network")
    old = "outer" if w.number % 2 else "edge"
    w.was("network", old, id=id, name="edge", _module="module.edge[0]", **edge)
    attributes: dict[str, Any] = {"name": "proxy", "port": 443, "image": "proxy:2.1", "replicas": 2}
    w.was(
        "service",
        "proxy",
        network_id=id,
        database_id=None,
        address="proxy.nimbus.example",
        _module="module.edge[0]",
        **attributes,
    )
    attributes["image"] = f"proxy:2.{w.random.randint(2, 9)}"
    w.module.append(w.resource("network", "edge", name="edge", **edge))
    w.module.append(w.resource("service", "proxy", network_id=_Reference("nimbus_network.edge.id"), **attributes))
    if old != "edge":
        w.module.append("moved {\n  from = nimbus_network.outer\n  to   = nimbus_network.edge\n}\n")
    w.blocks.append('module "edge" {\n  source = "./edge"\n  count  = 1\n}\n')
