"""Step 9's starter: a plan that waits for a review, and configuration whose next change would destroy a database."""

from __future__ import annotations

import json
from collections.abc import Mapping

from graders.evidence.terraform.comparison import word_of
from graders.evidence.terraform.impact import drifted, goes_down, harmful, loses_data, verdict
from graders.evidence.terraform.plan import Change
from graders.evidence.terraform.review import CREATE_FIRST, DESTROY_FIRST
from graders.picture import Act
from graders.runners.terraform.assignment import Assignment, assignment
from graders.runners.terraform.shipped import number_of, plan_json, plan_model, plan_text
from graders.starter import Commit, Starter, left_by_earlier, trailer
from graders.step import find

_AUTHORS = ("Noor Haddad <noor@example.org>", "Jonas Weber <jonas@example.org>", "Mei Tanaka <mei@example.org>")
_FIRST_DAY = 1_788_253_200  # 2026-09-01 09:00 UTC
_DAY = 86_400
_REASONS = {"replace_by_request": "requested", "replace_because_tainted": "tainted"}


def starter(seed: int) -> Starter:
    """The service as the steps before left it, then the configuration of what it runs on, and a plan."""
    given = assignment(seed)
    number = number_of(seed)
    plan = {
        "review/plan.txt": plan_text(number),
        "review/plan.json": json.dumps(json.loads(plan_json(number)), indent=1) + "\n",
    }
    earlier = left_by_earlier(find("iac"))
    return Starter(
        commits=(
            Commit(f"Bring in the widgets service\n\n{trailer('iac', seed)}", _AUTHORS[0], _FIRST_DAY, earlier),
            Commit("What the service runs on, as code\n", _AUTHORS[1], _FIRST_DAY + _DAY, given.files),
            Commit("A plan for next week\n", _AUTHORS[2], _FIRST_DAY + 2 * _DAY, plan),
        ),
        variant={"name": given.new_name, "buckets": ", ".join(given.buckets), "database_id": given.ids["nimbus_database.db"],
                 "secret": given.secret, "review": _review(number), **_answer(given),
                 "ignore": f"{earlier.get('.gitignore', '').rstrip()}\n.terraform/\n*.tfstate*\n".lstrip()},
    )  # fmt: skip


def _review(number: int) -> str:
    """The right review, read off the plan."""
    plan = plan_model(number)
    lines = ["changes:"]
    for one in plan.changes:
        lines += [f"  {_quoted(one.address)}:", f"    action: {word_of(one)}", *_details(one)]
    for field, named in (("loses_data", loses_data(plan)), ("goes_down", goes_down(plan)), ("drift", drifted(plan))):
        lines += [f"{field}:", *(f"  - {_quoted(address)}" for address in named)] if named else [f"{field}: []"]
    lines.append(f"verdict: {verdict(plan)}")
    if harm := harmful(plan):
        lines += ["because:", *(f"  - {_quoted(address)}" for address in harm)]
    return "\n".join(lines) + "\n"


def _details(one: Change) -> list[str]:
    lines = []
    if one.replaces:
        reason = _REASONS.get(one.reason) or f"[{', '.join(one.replace_paths)}]"
        lines += [f"    order: {DESTROY_FIRST if one.act is Act.REPLACE else CREATE_FIRST}", f"    because: {reason}"]
    if one.act is Act.MOVED:
        lines.append(f"    from: {_quoted(one.previous_address)}")
    if one.unknown:
        lines.append(f"    known_after_apply: [{', '.join(one.unknown)}]")
    return lines


def _quoted(address: str) -> str:
    return f"'{address}'" if "[" in address else address


def _answer(given: Assignment) -> dict[str, str]:
    """The changed files, by what they are called in $GIVEN."""
    name = given.new_name
    main = given.files["infra/main.tf"].replace("nimbus_database.db.", f"nimbus_database.{name}.")
    main = main.replace(
        'resource "nimbus_database" "db" {', f'resource "nimbus_database" "{name}" {{'
    ).replace(
        "  network_id = nimbus_network.main.id\n}\n\nresource \"nimbus_bucket\"",
        "  network_id = nimbus_network.main.id\n\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n\n"
        "resource \"nimbus_bucket\"",
    ).replace("  count     = length(var.buckets)\n  name      = var.buckets[count.index]\n",
              "  for_each  = toset(var.buckets)\n  name      = each.key\n")  # fmt: skip
    main = main.replace(
        'terraform {\n', 'terraform {\n  required_version = "~> 1.5"\n\n  backend "s3" {\n    bucket = "nimbus-state"\n'
        '    key    = "widgets/infra.tfstate"\n    region = "eu-west-1"\n  }\n\n', 1,
    ).replace('nimbus"\n    }', 'nimbus"\n      version = "~> 1.0"\n    }', 1)  # fmt: skip
    main = main.replace("      source = ", "      source  = ", 1)
    variables = given.files["infra/variables.tf"].replace(
        f'  default     = "{given.secret}"\n', "  sensitive   = true\n"
    )
    outputs = given.files["infra/outputs.tf"].replace("nimbus_database.db.", f"nimbus_database.{name}.")
    outputs = outputs.replace(f'/{name}"\n', f'/{name}"\n  sensitive = true\n', 1)
    outputs = outputs.replace('  value = "postgres', '  value     = "postgres')
    moved = [("nimbus_database.db", f"nimbus_database.{name}")]
    moved += [
        (f"nimbus_bucket.files[{at}]", f'nimbus_bucket.files["{bucket}"]') for at, bucket in enumerate(given.buckets)
    ]
    blocks = [f"moved {{\n  from = {old}\n  to   = {new}\n}}\n" for old, new in moved]
    return {"main": main, "variables": variables, "outputs": outputs, "moved": "\n".join(blocks)}


def ticket(variant: Mapping[str, str]) -> str:
    """What the learner is asked to do, in Markdown."""
    return f"""\
**Ticket: say what a plan will do, and change the configuration without destroying anything.** Last month a plan was approved
that nobody had read to its end. A database was replaced; it was empty afterwards.

**A. Review.** `review/plan.txt` is a plan as Terraform shows it, `review/plan.json` the same as data
(`terraform show -json`). Write `review/review.yaml`:

    changes:                                # every address of `resource_changes`, data sources too
      nimbus_database.example:
        action: replace                     # create, update, replace, delete, forget, moved, import, read or no-op
        order: destroy first                # of a replace: `destroy first` or `create first`
        because: [engine]                   # of a replace: the attributes that force it, or `requested`, or `tainted`
        known_after_apply: [id, endpoint]   # attributes that are known only after apply, where there are any
      'nimbus_bucket.example["a b"]': {{action: moved, from: 'nimbus_bucket.example[0]'}}
    loses_data: [nimbus_database.example]   # databases and buckets that are deleted or replaced, in either order
    goes_down: [nimbus_service.example]     # services that are deleted or replaced destroy first, or whose `database_id`
                                            # or `network_id` names one that is
    drift: []                               # what was changed outside of Terraform
    verdict: stop                           # `stop` where anything loses data or goes down, else `approve`
    because: [nimbus_database.example]      # of a stop: addresses that lose data, go down, or take others down

**B. Change** `infra/*.tf`. It describes what runs now, and nothing that runs may be destroyed, replaced or changed:
- The database is called `nimbus_database.{variant["name"]}` instead of `nimbus_database.db`, and Terraform refuses to destroy it.
- The buckets go by their names: taking one out of `var.buckets` touches no other. The variables keep their names, and
  `var.buckets` stays a list or a set of names.
- The password is marked sensitive, and stands in no file: it comes from `TF_VAR_db_password`.
- `required_version` and the version of the provider `nimbus` (1.0.0 is the newest) have an upper bound. The state is kept
  in a backend that the team shares, such as `s3` with bucket `nimbus-state`, a key and a region, all in the file.
- No state is in the repository any more, and git ignores `infra/terraform.tfstate` and its backup. (The history may keep it.)

The check plans `infra/` against the state as it was given, not against yours, and without a network. Use nothing but the
course's provider: no `file()`, no provisioner, modules only from `./`. Commit everything on a branch of your own.
"""
