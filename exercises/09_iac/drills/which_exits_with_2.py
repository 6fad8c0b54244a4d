"""Know what `terraform plan -detailed-exitcode` calls a change: 0 is none, 1 an error, 2 something to apply.

https://developer.hashicorp.com/terraform/cli/commands/plan#detailed-exitcode
"""

from __future__ import annotations

from random import Random

from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several

_NAMES = ("cache", "queue", "jobs", "search", "mail", "index")


def _cases(name: str, other: str) -> dict[int, tuple[tuple[str, str], ...]]:
    """By exit code: files in the place of the first one, and why."""
    first = _first(name)
    new = f'resource "terraform_data" "{other}" {{\n}}\n'
    removed = f"removed {{\n  from = terraform_data.{name}\n  lifecycle {{\n    destroy = false\n  }}\n}}\n"
    return {
        0: (
            (f"# More on {other} later.\n{first}", "A comment changes nothing."),
            (f'variable "{other}" {{\n  default = "a"\n}}\n\n{first}', "A variable that nothing uses changes nothing."),
            (f'{first}\nlocals {{\n  {other} = 7\n}}\n', "A local value that nothing uses changes nothing."),
            (
                first.replace('input = "a"', 'input = "b"\n  lifecycle {\n    ignore_changes = all\n  }'),
                "`ignore_changes = all` hides the change, and with it every other one.",
            ),
        ),
        1: (
            (first.replace("terraform_data.", "terraform_data.no_"), "It names a resource that is not there: an error, 1."),
            (
                first.replace(
                    'input = "a"',
                    'input = "a"\n  triggers_replace = "b"\n  lifecycle {\n    prevent_destroy = true\n  }',
                ),
                "`prevent_destroy` refuses the replacement: an error, 1.",
            ),
            (first.replace('"a"', f"var.{other}"), "It names a variable that is not there: an error, 1."),
        ),
        2: (
            (first.replace('"a"', '"b"'), "An update in place is something to apply."),
            (f"{first}\n{new}", "One more is something to apply."),
            (first.replace(f"terraform_data.{name}.input", '"c"'), "An output's new value is something to apply."),
            (
                f"{first.replace(name, other)}\nmoved {{\n  from = terraform_data.{name}\n  to   = terraform_data.{other}\n}}\n",
                "A move is something to apply, though nothing is added, changed or destroyed.",
            ),
            (f'{removed}\noutput "one" {{\n  value = "a"\n}}\n', "To forget one is something to apply: the state changes."),
            (
                f'{first}\n{new}\nimport {{\n  to = terraform_data.{other}\n  id = "7"\n}}\n',
                "An import is something to apply: the state changes.",
            ),
        ),
    }  # fmt: skip


def _first(name: str) -> str:
    resource = f'resource "terraform_data" "{name}" {{\n  input = "a"\n}}\n'
    return f'{resource}\noutput "one" {{\n  value = terraform_data.{name}.input\n}}\n'


def _make(random: Random) -> Question:
    name, other = random.sample(_NAMES, 2)
    cases = _cases(name, other)
    changing = random.sample(cases[2], random.choice((1, 2)))
    others = random.sample([*cases[0], *cases[1]], 4 - len(changing))
    return several(
        random,
        "The first file is applied. Then one of the others takes its place, and `terraform plan -detailed-exitcode` looks at "
        "it. With which of them does it exit with 2?",
        [Candidate(Listing("", text), (text, why) in changing, why) for text, why in [*changing, *others]],
        [Listing("main.tf, applied", _first(name))],
    )


DRILL = Drill("which exits with 2", _make)
