"""Read a plan as `terraform show -json` gives it, and say what becomes of each resource.

Of a forgotten resource `planned_values` speak as if it stayed managed, so `resource_changes` alone decide.
https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graders.picture import Act
from graders.problems import Problem

MOST_BYTES = 64 << 20
_FORMAT = re.compile(r"^1\.\d+$")
_AGAIN = "Make it with `terraform plan -out=FILE` and `terraform show -json FILE`."
_ACTS = {
    ("create",): Act.CREATE,
    ("update",): Act.UPDATE,
    ("delete", "create"): Act.REPLACE,
    ("create", "delete"): Act.REPLACE_CREATE_FIRST,
    ("delete",): Act.DELETE,
    ("forget",): Act.FORGET,
    ("create", "forget"): Act.CREATE,
    ("read",): Act.READ,
    ("no-op",): Act.NO_OP,
}


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one resource.

    `act` is what people call it: a `no-op` with a previous address is a move, with an id to import an import. `unknown` are
    attributes that are known only after apply, `sensitive` those that are marked; `replace_paths` are attributes that force
    a replacement (`tags.0.name`).
    """

    address: str
    type: str
    name: str
    mode: str
    actions: tuple[str, ...]
    act: Act
    reason: str
    previous_address: str
    importing: bool
    replace_paths: tuple[str, ...]
    unknown: tuple[str, ...]
    sensitive: tuple[str, ...]
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def replaces(self) -> bool:
        """Whether another one takes its place."""
        return self.act in (Act.REPLACE, Act.REPLACE_CREATE_FIRST)

    @property
    def stays(self) -> bool:
        """Whether nothing about it changes; an update of what is marked sensitive alone changes nothing."""
        return self.actions in (("no-op",), ("read",)) or (
            self.actions == ("update",) and self.before == self.after and not self.unknown
        )

    @property
    def ends(self) -> bool:
        """Whether what is there now is destroyed."""
        return "delete" in self.actions


@dataclass(frozen=True, slots=True)
class OutputChange:
    """What becomes of one output of the root module."""

    name: str
    actions: tuple[str, ...]
    sensitive: bool
    after: Any = None


@dataclass(frozen=True, slots=True)
class Check:
    """A `check` block, a precondition or a postcondition, and how it stands (`pass`, `fail`, `unknown`, `error`)."""

    address: str
    status: str


@dataclass(frozen=True, slots=True)
class PlanModel:
    """A plan: `changes` by address, `drift` what changed outside of Terraform; `errored` says that it is not whole."""

    terraform_version: str
    changes: tuple[Change, ...]
    drift: tuple[Change, ...]
    outputs: tuple[OutputChange, ...]
    checks: tuple[Check, ...]
    errored: bool

    def change(self, address: str) -> Change | None:
        """What becomes of the resource with that address."""
        return next((one for one in self.changes if one.address == address), None)


def read_plan(data: bytes, name: str = "The plan") -> PlanModel:
    """The plan in `data`; `name` is what messages call it. Raises Problem where it is none, or of an unknown format."""
    if data[:2] == b"PK":
        raise Problem(f"{name} is a plan file as `-out` writes it, not JSON.", _AGAIN)
    if len(data) > MOST_BYTES:
        raise Problem(f"{name} is larger than {MOST_BYTES >> 20} MiB.", "Plan a smaller part of it.")
    try:
        plan = json.loads(data)
    except RecursionError:
        raise Problem(f"{name} is nested too deep.", _AGAIN) from None
    except ValueError as trouble:
        line = getattr(trouble, "lineno", 0)
        at_end = bool(line) and getattr(trouble, "pos", 0) >= len(data.rstrip()) - 1
        ended = at_end or str(trouble).startswith("Unterminated string")
        what = "ends in the middle" if ended or not data.strip() else "is no JSON"
        raise Problem(f"{name} {what}{f' (line {line})' if line else ''}.", _AGAIN) from None
    if not isinstance(plan, dict) or not isinstance(plan.get("format_version"), str):
        raise Problem(f"{name} is JSON, but no plan: it has no `format_version`.", _AGAIN)
    if not _FORMAT.match(plan["format_version"]):
        raise Problem(
            f"{name} has format {plan['format_version'][:20]}; formats 1.x are understood.",
            "Make it with Terraform 1.x or OpenTofu 1.x.",
        )
    if "resource_changes" not in plan and "planned_values" not in plan:
        raise Problem(f"{name} shows a state, not a plan.", _AGAIN)
    try:
        return _model(plan)
    except (TypeError, KeyError, AttributeError, ValueError):
        raise Problem(f"{name} is damaged: what should describe a resource does not.", _AGAIN) from None


def _model(plan: dict[str, Any]) -> PlanModel:
    return PlanModel(
        terraform_version=str(plan.get("terraform_version", "")),
        changes=tuple(_change(one) for one in plan.get("resource_changes") or ()),
        drift=tuple(_change(one) for one in plan.get("resource_drift") or ()),
        outputs=tuple(
            OutputChange(name, tuple(one["actions"]), one.get("after_sensitive") is True, one.get("after"))
            for name, one in (plan.get("output_changes") or {}).items()
        ),
        checks=tuple(
            Check(one["address"]["to_display"], str(one.get("status", ""))) for one in plan.get("checks") or ()
        ),
        errored=plan.get("errored") is True,
    )


def _change(one: dict[str, Any]) -> Change:
    change = one["change"]
    actions = tuple(change["actions"])
    before, after = change.get("before"), change.get("after")
    previous, importing = one.get("previous_address", ""), bool(change.get("importing"))
    act = _ACTS[actions]
    if act is Act.NO_OP and (previous or importing):
        act = Act.MOVED if previous else Act.IMPORT
    unknown, sensitive = change.get("after_unknown"), change.get("after_sensitive")
    paths = change.get("replace_paths")
    return Change(
        one["address"], one["type"], one["name"], one.get("mode", "managed"), actions, act, one.get("action_reason", ""),
        previous, importing,
        tuple([".".join(map(str, path)) for path in paths]) if paths else (),
        tuple([key for key, value in unknown.items() if _any(value)]) if isinstance(unknown, dict) and unknown else (),
        tuple([key for key, value in sensitive.items() if _any(value)])
        if isinstance(sensitive, dict) and sensitive else (),
        before if isinstance(before, dict) else {}, after if isinstance(after, dict) else {},
    )  # fmt: skip


def _any(value: Any) -> bool:
    """Whether something in it is true: nested values of `after_unknown` mark their parts."""
    if isinstance(value, dict):
        return any(_any(part) for part in value.values())
    if isinstance(value, list):
        return any(_any(part) for part in value)
    return value is True
