"""Know where a sensitive value stands in the clear. https://developer.hashicorp.com/terraform/language/manage-sensitive-data"""

from __future__ import annotations

from random import Random

from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several

_NAMES = ("db_password", "api_token", "signing_key", "smtp_password")
_HIDDEN = (
    ("terraform plan -out=now.tfplan", "It prints `(sensitive value)`."),
    ("terraform show now.tfplan", "It prints `(sensitive value)`."),
    ("terraform output", "It prints `<sensitive>`."),
    ("terraform state list", "It prints addresses alone."),
)
_SHOWN = (
    ("terraform show -json now.tfplan", "JSON holds the value; `after_sensitive` only says that it is one."),
    ("terraform output -raw {name}", "Who asks for it by name gets it."),
    ("terraform output -json", 'JSON holds the value, beside `"sensitive": true`.'),
    ("terraform state pull", "The state holds every value in the clear."),
    ("cat terraform.tfstate", "The state holds every value in the clear."),
)


def _make(random: Random) -> Question:
    name = random.choice(_NAMES)
    shown = random.sample(_SHOWN, random.choice((1, 2)))
    hidden = random.sample(_HIDDEN, random.choice((2, 3)) if len(shown) == 1 else 2)
    hcl = (
        f'variable "{name}" {{\n  type      = string\n  sensitive = true\n}}\n\n'
        f'resource "terraform_data" "app" {{\n  input = var.{name}\n}}\n\n'
        f'output "{name}" {{\n  value     = var.{name}\n  sensitive = true\n}}\n'
    )
    return several(
        random,
        f"`TF_VAR_{name}` is set, and now.tfplan has been applied. Which of these commands print the secret in the clear?",
        [Candidate(Listing("", line.format(name=name)), (line, why) in shown, why) for line, why in [*shown, *hidden]],
        [Listing("main.tf", hcl)],
    )


DRILL = Drill("who sees it", _make)
