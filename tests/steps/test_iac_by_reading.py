"""Where neither Terraform nor OpenTofu is installed, step 9's part B is read instead, and the verdicts are the same."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from graders.criterion import Criterion, Kind
from graders.evidence.terraform.hcl import read_module
from graders.evidence.terraform.refactoring import moved_to
from graders.runners.terraform import work as evidence
from graders.runners.terraform.assignment import assignment
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
        (secret_marked, {"variables": ("sensitive   = true", 'sensitive   = true\n  default     = "hunter2"')}),
        (pinned, {"main": ('"~> 1.5"', '"~> 1"')}),
        (pinned, {"main": ('"~> 1.0"', '">= 1.0"')}),
        (planned, {"main": ("versioned = true", "versioned = true\n  lifecycle {\n    ignore_changes = all\n  }")}),
    ],
)
def test_a_near_miss_fails(criterion: object, changes: dict[str, tuple[str, str]]) -> None:
    work = _Files(*_answer(**changes))

    assert [one.name for one in PART_B if one.judge(work).kind is Kind.FAILED] == [criterion.name]  # type: ignore[attr-defined]


def _moves(*pairs: tuple[str, str]) -> str:
    return "".join(f"\nmoved {{\n  from = {old}\n  to   = {new}\n}}\n" for old, new in pairs)


def _verdict(criterion: Criterion, files: Mapping[str, str], starter: Starter) -> tuple[Kind, str]:
    verdict = criterion.judge(_Files(files, starter))
    return verdict.kind, verdict.mistake


def test_moves_are_followed_one_after_the_other() -> None:
    files, starter = _answer(main=('"nimbus_bucket" "files"', '"nimbus_bucket" "by_name"'))
    files["infra/moved.tf"] = files["infra/moved.tf"].replace("nimbus_bucket.files", "nimbus_bucket.by_name")
    files["infra/moved.tf"] = files["infra/moved.tf"].replace("nimbus_database.db", "nimbus_database.between")
    assert _verdict(each_by_name, files, starter) == (Kind.FAILED, "for_each without moved")
    assert _verdict(renamed, files, starter) == (Kind.FAILED, "rename destroys")

    files["infra/moved.tf"] += _moves(
        ("nimbus_bucket.files", "nimbus_bucket.by_name"), ("nimbus_database.db", "nimbus_database.between")
    )
    assert _verdict(each_by_name, files, starter) == (Kind.PASSED, "")
    assert _verdict(renamed, files, starter) == (Kind.PASSED, "")


def test_moves_in_a_circle_come_to_an_end() -> None:
    text = _moves(("a.x", "a.y"), ("a.y", "a.x"), ("b.x", "b.x[0]"), ("module.m", "module.m.module.n"))
    module = read_module({"moved.tf": text.encode()})

    assert moved_to(module, "a.x") in ("a.x", "a.y")
    assert moved_to(module, "b.x") == "b.x[0]"
    assert moved_to(module, 'b.x["k"]') == 'b.x["k"]'
    assert moved_to(module, "module.m.a.x").endswith(".a.x")


def test_what_cannot_be_followed_is_no_fault_of_the_learners() -> None:
    files, starter = _answer()
    main, moved = files["infra/main.tf"], files["infra/moved.tf"]
    begin = main.index('resource "nimbus_bucket"')
    end = main.index("}\n", begin) + 2
    call = 'module "bucket" {\n  source   = "./bucket"\n  for_each = toset(var.buckets)\n  name     = each.key\n}\n'
    in_a_module = files | {
        "infra/main.tf": main[:begin] + call + main[end:],
        "infra/bucket/main.tf": 'variable "name" {}\nresource "nimbus_bucket" "this" {\n  name = var.name\n}\n',
        "infra/moved.tf": re.sub(
            r'to   = nimbus_bucket.files(\[".*"\])', r"to   = module.bucket\1.nimbus_bucket.this", moved
        ),
    }
    other_keys = files | {"infra/moved.tf": moved.replace('files["', 'files["bucket-')}
    many = "import {\n  for_each = local.ids\n  to       = nimbus_bucket.files[each.key]\n  id       = each.value\n}\n"
    imported = files | {"infra/moved.tf": moved.replace("nimbus_bucket.", "nimbus_bucket.other_") + many}

    for given in (in_a_module, other_keys, imported):
        assert _verdict(each_by_name, given, starter) == (Kind.CANNOT_CHECK, "")


@pytest.mark.parametrize(
    ("password", "kind"),
    [
        ("sensitive(var.db_password)", Kind.PASSED),
        ("local.password", Kind.CANNOT_CHECK),
        ("var.db_password", Kind.FAILED),
    ],
)
def test_a_password_may_be_marked_where_it_is_used(password: str, kind: Kind) -> None:
    files, starter = _answer(
        main=("= var.db_password", f"= {password}"), variables=("sensitive   = true", "nullable    = false")
    )

    assert _verdict(secret_marked, files, starter)[0] is kind


def test_buckets_that_are_imported_one_by_one_pass() -> None:
    files, starter = _answer()
    given = assignment(SEED)
    files["infra/moved.tf"] = "".join(
        f'import {{\n  to = nimbus_bucket.files["{name}"]\n  id = "{given.ids[f"nimbus_bucket.files[{at}]"]}"\n}}\n'
        for at, name in enumerate(given.buckets)
    )

    assert _verdict(each_by_name, files, starter) == (Kind.PASSED, "")


def test_names_that_are_mixed_up_and_keys_that_are_numbers_are_called_so() -> None:
    files, starter = _answer()
    moved, (one, two, three) = files["infra/moved.tf"], assignment(SEED).buckets
    mixed = moved.replace(f'"{one}"', '"X"').replace(f'"{two}"', f'"{one}"').replace('"X"', f'"{two}"')
    numbers = moved.replace(f'"{one}"', '"0"').replace(f'"{two}"', '"1"').replace(f'"{three}"', '"2"')

    assert _verdict(each_by_name, files | {"infra/moved.tf": mixed}, starter) == (Kind.FAILED, "moves mixed up")
    verdict = each_by_name.judge(_Files(files | {"infra/moved.tf": numbers}, starter))
    assert (verdict.mistake, verdict.next) == (
        "still by number", "Use the name as the key: `for_each = toset(var.buckets)`.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "mistake"),
    [
        ("terraform.tfvars", 'db_password = "hunter2"\n', "a default in its place"),
        ("prod.auto.tfvars", '# why\ndb_password = "hunter2"\n', "a default in its place"),
        ("terraform.tfvars", '# db_password = "in the environment"\n', ""),
        ("example.tfvars", 'db_password = "change-me"\n', ""),
    ],
)
def test_a_password_in_a_file_that_terraform_always_reads_is_found(name: str, text: str, mistake: str) -> None:
    files, starter = _answer()

    assert _verdict(secret_marked, files | {f"infra/{name}": text}, starter)[1] == mistake
