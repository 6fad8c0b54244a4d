"""Where neither Terraform nor OpenTofu is installed, step 9's part B is read instead, and the verdicts are the same."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from graders.criterion import Kind
from graders.runners.terraform import work as evidence
from graders.runners.terraform.work import IacWork
from graders.starter import Starter, starter_for
from graders.step import find
from graders.steps.iac import each_by_name, pinned, planned, protected, renamed, secret_marked

SEED = 5
PART_B = (planned, renamed, each_by_name, protected, secret_marked, pinned)


class _Files(IacWork):
    """Files without a repository around them."""

    def __init__(self, files: Mapping[str, str], starter: Starter) -> None:
        self.__dict__["files"] = {path: text.encode() for path, text in files.items()}
        given = starter.commits[1].files
        self.__dict__["given"] = {path: (text or "").encode() for path, text in given.items()}
        self.start = type("Start", (), {"seed": SEED})()


def _answer(**changes: tuple[str, str]) -> tuple[dict[str, str], Starter]:
    starter = starter_for(find("iac"), SEED)
    files = {f"infra/{name}.tf": starter.variant[name] for name in ("main", "variables", "outputs", "moved")}
    for name, (old, new) in changes.items():
        assert old in files[f"infra/{name}.tf"]
        files[f"infra/{name}.tf"] = files[f"infra/{name}.tf"].replace(old, new)
    return files, starter


@pytest.fixture(autouse=True)
def _no_terraform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "program", lambda: "")


def test_the_answer_passes() -> None:
    work = _Files(*_answer())

    assert [(one.name, one.judge(work).kind) for one in PART_B if one.judge(work).kind is not Kind.PASSED] == []


@pytest.mark.parametrize(
    ("criterion", "changes"),
    [
        (renamed, {"moved": ("nimbus_database.db", "nimbus_database.other")}),
        (each_by_name, {"moved": ("files[1]", "files[7]")}),
        (each_by_name, {"main": ("for_each  = toset(var.buckets)", "count     = 3")}),
        (protected, {"main": ("prevent_destroy = true", "prevent_destroy = false")}),
        (secret_marked, {"variables": ("sensitive   = true", "nullable    = false")}),
        (secret_marked, {"outputs": ("sensitive = true", "ephemeral = false")}),
        (pinned, {"main": ('"~> 1.0"', '">= 1.0"')}),
        (planned, {"main": ("versioned = true", "versioned = true\n  lifecycle {\n    ignore_changes = all\n  }")}),
    ],
)
def test_a_near_miss_fails(criterion: object, changes: dict[str, tuple[str, str]]) -> None:
    work = _Files(*_answer(**changes))

    assert [one.name for one in PART_B if one.judge(work).kind is Kind.FAILED] == [criterion.name]  # type: ignore[attr-defined]
