"""Plans are made by the real Terraform in the sandbox, with the course's provider: drift, imports and replacements are real."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graders.evidence.terraform.plan import read_plan
from graders.picture import Act
from graders.runners.terraform.assignment import assignment
from graders.runners.terraform.picture import changes_of
from graders.runners.terraform.planning import Ask, plans, program
from graders.runners.terraform.shipped import PLANS, make_plan, number_of, plan_json, plan_model, plan_text
from graders.runners.terraform.variants import variant
from graders.starter import SEEDS

needs_terraform = pytest.mark.skipif(
    not program(), reason="plans made anew: neither Terraform nor OpenTofu is installed"
)


def _comparable(data: bytes) -> dict[str, object]:
    plan = json.loads(data)
    return {name: plan.get(name) for name in ("resource_changes", "resource_drift", "output_changes", "planned_values")}


@needs_terraform
@pytest.mark.parametrize(
    "number", [pytest.param(number, marks=[] if number == 2 else [pytest.mark.slow]) for number in range(PLANS)]
)
def test_the_shipped_plans_are_what_terraform_makes(number: int) -> None:
    made, text = make_plan(number)

    assert _comparable(made) == _comparable(plan_json(number))
    assert text.split() == plan_text(number).split()


def test_what_is_said_of_harm_is_so() -> None:
    assert {number for number in range(PLANS) if variant(number).harmless} == {
        number for number in range(PLANS) if not any(one.takes_down for one in changes_of(plan_model(number)).changes)
    }


@needs_terraform
def test_a_change_made_outside_and_one_that_needs_another_resource_are_seen(tmp_path: Path) -> None:
    given = assignment(1)
    files = {path.removeprefix("infra/"): text.encode() for path, text in given.files.items() if path.endswith(".tf")}
    files["main.tf"] = files["main.tf"].replace(b'engine     = "postgres"', b'engine     = "mariadb"')
    id = given.ids["nimbus_bucket.files[0]"]
    world = type(given.world)(
        given.world.state,
        {**given.world.cloud, id: {**given.world.cloud[id], "versioned": False}},
        given.world.variables,
    )

    (made,) = plans(files, world, [Ask()], kept_in=tmp_path)
    plan = read_plan(made.json)
    database, bucket = plan.change("nimbus_database.db"), plan.change("nimbus_bucket.files[0]")

    assert database
    assert (database.act, database.replace_paths) == (Act.REPLACE, ("engine",))
    assert bucket
    assert bucket.act is Act.UPDATE
    assert [one.address for one in plan.drift] == ["nimbus_bucket.files[0]"]
    assert plans(files, world, [Ask()], kept_in=tmp_path) == (made,)


@needs_terraform
def test_errors_are_told_with_file_and_line() -> None:
    given = assignment(1)
    (made,) = plans({"main.tf": b'output "x" {\n  value = var.nobody\n}\n'}, given.world, [Ask()])

    assert (made.errors[0].file, made.errors[0].line) == ("main.tf", 2)
    assert not made.json


@needs_terraform
def test_of_what_init_says_the_last_error_is_told_alone() -> None:
    given = assignment(1)
    called = b'variable "x" {\n  default = base64decode("eA==")\n}\n'
    ((error,),) = [made.errors for made in plans({"main.tf": called}, given.world, [Ask()])]

    assert (error.summary, error.detail) == ("Function calls not allowed", "Functions may not be called here.")
    assert (error.file, error.line) == ("main.tf", 2)


def test_seeds_spread_over_all_plans_and_no_given_file_names_an_answer() -> None:
    assert {number_of(seed) for seed in range(SEEDS)} == set(range(PLANS))
    assert len({assignment(seed).secret for seed in range(200)}) == 200
    assert "moved" not in "".join(assignment(1).files.values())
