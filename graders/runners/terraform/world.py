"""What there is before a plan, as Terraform keeps it: a state of format 4, and the cloud that it speaks of."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graders.runners.terraform.planning import World

PROVIDER = "course.local/ninesteps/nimbus"


@dataclass(frozen=True, slots=True)
class Thing:
    """One resource that is there. `key` is its index (`count`, `for_each`); `cloud` is what was changed outside of Terraform.

    `gone` says that it was deleted there, `known` that the state has it, `tainted` that Terraform holds it for broken.
    """

    type: str
    name: str
    attributes: Mapping[str, Any]
    key: str | int | None = None
    module: str = ""
    cloud: Mapping[str, Any] = field(default_factory=dict)
    gone: bool = False
    known: bool = True
    tainted: bool = False


def id_of(random: Random, kind: str) -> str:
    """An id as the provider gives them."""
    return f"{kind}-{random.getrandbits(32):08x}"


def world_of(things: Sequence[Thing], variables: Mapping[str, str] | None = None) -> World:
    """State and cloud that hold these things."""
    resources: dict[tuple[str, str, str], dict[str, Any]] = {}
    for one in things:
        if not one.known:
            continue
        resource = resources.setdefault(
            (one.module, one.type, one.name),
            {"mode": "managed", "type": one.type, "name": one.name, "provider": f'provider["{PROVIDER}"]', "instances": []}
            | ({"module": one.module} if one.module else {}),
        )  # fmt: skip
        instance: dict[str, Any] = {"schema_version": 1, "attributes": dict(one.attributes), "sensitive_attributes": []}
        instance |= {"index_key": one.key} if one.key is not None else {}
        instance |= {"status": "tainted"} if one.tainted else {}
        resource["instances"].append(instance)
    lineage = str(uuid.uuid5(uuid.NAMESPACE_URL, repr(sorted(resources))))
    state = {"version": 4, "terraform_version": "1.5.0", "serial": 7, "lineage": lineage, "outputs": {},
             "resources": list(resources.values()), "check_results": None}  # fmt: skip
    cloud = {one.attributes["id"]: {**one.attributes, **one.cloud} for one in things if not one.gone}
    return World(state, cloud, variables or {})
