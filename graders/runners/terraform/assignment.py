"""What learners change in part B: the files they are given, and the state and the cloud that those are planned against."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from graders.runners.terraform.planning import Ask, World
from graders.runners.terraform.world import PROVIDER, Thing, id_of, world_of

_NAMES = ("orders", "invoices", "accounts", "stock", "payments", "tickets")
_BUCKETS = ("uploads", "exports", "reports", "backups", "thumbnails", "receipts")
_SIZE = 20


@dataclass(frozen=True, slots=True)
class Assignment:
    """`new_name` is what the database is to be called, `secret` its password, `buckets` the names of the buckets."""

    new_name: str
    secret: str
    buckets: tuple[str, ...]
    files: Mapping[str, str]
    world: World

    @property
    def asks(self) -> tuple[Ask, Ask, Ask]:
        """The plans that judge it: as it is; with a larger database and one bucket less; and destroying all."""
        return Ask(), Ask(values={"db_size_gb": 2 * _SIZE, "buckets": list(self.buckets[1:])}), Ask(("-destroy",))

    @property
    def ids(self) -> Mapping[str, str]:
        """The ids of what is there, by the address that it has in the state."""
        found = {}
        for one in self.world.state["resources"]:
            for instance in one["instances"]:
                key = f"[{instance['index_key']}]" if "index_key" in instance else ""
                found[f"{one['type']}.{one['name']}{key}"] = instance["attributes"]["id"]
        return found


def assignment(seed: int) -> Assignment:
    """The assignment of the learner with that seed."""
    random = Random(f"iac:{seed}")
    name, secret = random.choice(_NAMES), f"{random.getrandbits(96):024x}"
    buckets = tuple(random.sample(_BUCKETS, 3))
    network = id_of(random, "network")
    things = [Thing("nimbus_network", "main", {"id": network, "name": "main", "cidr": "10.0.0.0/16"})]
    database: dict[str, Any] = {
        "id": id_of(random, "database"), "name": name, "engine": "postgres", "version": "15", "size_gb": _SIZE,
        "password": secret, "network_id": network, "endpoint": f"{name}.nimbus.example",
    }  # fmt: skip
    things.append(Thing("nimbus_database", "db", database))
    things += [
        Thing("nimbus_bucket", "files",
              {"id": id_of(random, "bucket"), "name": bucket, "region": "eu-west", "versioned": True}, at)
        for at, bucket in enumerate(buckets)
    ]  # fmt: skip
    service = {"id": id_of(random, "service"), "name": "web", "port": 8000, "image": "shop:1.4.0", "replicas": 3,
               "network_id": network, "database_id": database["id"], "address": "web.nimbus.example"}  # fmt: skip
    things.append(Thing("nimbus_service", "web", service))
    world = world_of(things, {"TF_VAR_db_password": secret})
    files = {
        "infra/main.tf": _MAIN.replace("NAME", name),
        "infra/variables.tf": _VARIABLES.replace("SECRET", secret).replace("BUCKETS", json.dumps(list(buckets))),
        "infra/outputs.tf": _OUTPUTS.replace("NAME", name),
        "infra/terraform.tfstate": json.dumps(world.state, indent=2) + "\n",
    }
    return Assignment(name, secret, buckets, files, world)


_MAIN = f"""\
terraform {{
  required_providers {{
    nimbus = {{
      source = "{PROVIDER}"
    }}
  }}
}}

resource "nimbus_network" "main" {{
  name = "main"
  cidr = "10.0.0.0/16"
}}

resource "nimbus_database" "db" {{
  name       = "NAME"
  engine     = "postgres"
  version    = "15"
  size_gb    = var.db_size_gb
  password   = var.db_password
  network_id = nimbus_network.main.id
}}

resource "nimbus_bucket" "files" {{
  count     = length(var.buckets)
  name      = var.buckets[count.index]
  region    = "eu-west"
  versioned = true
}}

resource "nimbus_service" "web" {{
  name        = "web"
  port        = 8000
  image       = "shop:1.4.0"
  replicas    = 3
  network_id  = nimbus_network.main.id
  database_id = nimbus_database.db.id
}}
"""
_VARIABLES = f"""\
variable "buckets" {{
  description = "Names of the buckets"
  type        = list(string)
  default     = BUCKETS
}}

variable "db_size_gb" {{
  description = "Size of the database"
  type        = number
  default     = {_SIZE}
}}

variable "db_password" {{
  description = "Password of the database"
  type        = string
  default     = "SECRET"
}}
"""
_OUTPUTS = """\
output "database_url" {
  value = "postgres://app:${var.db_password}@${nimbus_database.db.endpoint}/NAME"
}

output "service_address" {
  value = nimbus_service.web.address
}
"""
