"""The course's own Terraform provider: networks, databases, buckets and services of a cloud that is a JSON file.

Runs in the sandbox, where Terraform starts it. What the cloud holds is read anew at each plan, so that a change made outside
of Terraform shows as drift. https://developer.hashicorp.com/terraform/plugin
"""

# mypy: disable-error-code="import-untyped, misc"
from __future__ import annotations

import json
import os
import uuid
from collections.abc import Sequence
from typing import Any

from tf.iface import (  # fmt: skip
    Config,
    CreateContext,
    DataSource,
    DeleteContext,
    ImportContext,
    Provider,
    ReadContext,
    ReadDataContext,
    Resource,
    State,
    UpdateContext,
    UpgradeContext,
)
from tf.runner import run_provider
from tf.schema import Attribute, Schema
from tf.types import Bool, List, Number, String, TfType
from tf.utils import Diagnostics

CLOUD = "NINESTEPS_CLOUD"  # in the environment: the file that is the cloud


def _cloud() -> dict[str, dict[str, Any]]:
    with open(os.environ[CLOUD], encoding="utf-8") as file:
        return dict(json.load(file))


def _keep(cloud: dict[str, dict[str, Any]]) -> None:
    with open(os.environ[CLOUD], "w", encoding="utf-8") as file:
        json.dump(cloud, file)


def _fixed(name: str, type: TfType | None = None) -> Attribute:
    """An attribute whose change needs another resource."""
    return Attribute(name, type or String(), required=True, requires_replace=True)


def _free(name: str, type: TfType | None = None) -> Attribute:
    """An attribute that is changed in place."""
    return Attribute(name, type or String(), required=True)


def _given_by_cloud(name: str) -> Attribute:
    return Attribute(name, String(), computed=True)


class _Kept(Resource):
    """A resource whose attributes are kept in the cloud under its id."""

    kind: str
    attributes: tuple[Attribute, ...]

    def __init__(self, provider: Nimbus) -> None:
        self._provider = provider

    @classmethod
    def get_name(cls) -> str:
        return cls.kind

    @classmethod
    def get_schema(cls) -> Schema:
        return Schema(version=1, attributes=[_given_by_cloud("id"), *cls.attributes])

    def create(self, ctx: CreateContext, planned: State) -> State:
        made = {**planned, "id": f"{self.kind}-{uuid.uuid4().hex[:8]}"}
        made |= {one.name: f"{planned['name']}.nimbus.example" for one in self.attributes if one.computed}
        _keep(_cloud() | {made["id"]: made})
        return made

    def read(self, ctx: ReadContext, current: State) -> State | None:
        return _cloud().get(current["id"])

    def update(self, ctx: UpdateContext, current: State, planned: State) -> State:
        _keep(_cloud() | {current["id"]: planned})
        return planned

    def delete(self, ctx: DeleteContext, current: State) -> None:
        _keep({id: one for id, one in _cloud().items() if id != current["id"]})

    def import_(self, ctx: ImportContext, id: str) -> State | None:
        found = _cloud().get(id)
        if found is None:
            ctx.diagnostics.add_error(f"There is no {self.kind} with the id {id}")
        return found

    def upgrade(self, ctx: UpgradeContext, version: int, old: State) -> State:
        return old


class Network(_Kept):
    """A network that services and databases stand in."""

    kind = "network"
    attributes = (_free("name"), _fixed("cidr"))


class Database(_Kept):
    """A database: holds data."""

    kind = "database"
    attributes = (
        _fixed("name"), _fixed("engine"), _fixed("network_id"), _free("version"), _free("size_gb", Number()),
        _free("password"), _given_by_cloud("endpoint"),
    )  # fmt: skip


class Bucket(_Kept):
    """A store for files: holds data."""

    kind = "bucket"
    attributes = (_fixed("name"), _fixed("region"), _free("versioned", Bool()))


class Service(_Kept):
    """A running program."""

    kind = "service"
    attributes = (
        _fixed("name"), _fixed("port", Number()), _fixed("network_id"), _free("image"), _free("replicas", Number()),
        Attribute("database_id", String(), optional=True), _given_by_cloud("address"),
    )  # fmt: skip


class Addresses(DataSource):
    """The addresses of a service, asked for."""

    def __init__(self, provider: Nimbus) -> None:
        self._provider = provider

    @classmethod
    def get_name(cls) -> str:
        return "addresses"

    @classmethod
    def get_schema(cls) -> Schema:
        addresses = Attribute("addresses", List(String()), computed=True)
        return Schema(attributes=[Attribute("service_id", String(), required=True), addresses])

    def read(self, ctx: ReadDataContext, config: Config) -> State:
        service = _cloud().get(config["service_id"]) or {}
        return {**config, "addresses": [service["address"]] if service else []}


class Nimbus(Provider):
    """The cloud that is a file."""

    def get_model_prefix(self) -> str:
        return "nimbus_"

    def full_name(self) -> str:
        return "course.local/ninesteps/nimbus"

    def get_provider_schema(self, diags: Diagnostics) -> Schema:
        return Schema()

    def validate_config(self, diags: Diagnostics, config: Config) -> None:
        """There is nothing to configure."""

    def configure_provider(self, diags: Diagnostics, config: Config) -> None:
        """There is nothing to configure."""

    def get_resources(self) -> Sequence[type[Resource]]:
        return [Network, Database, Bucket, Service]

    def get_data_sources(self) -> Sequence[type[DataSource]]:
        return [Addresses]


if __name__ == "__main__":
    run_provider(Nimbus())
