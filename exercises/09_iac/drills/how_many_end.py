"""Count what ends when a list gets shorter or longer, with `count` and with `for_each`.

https://developer.hashicorp.com/terraform/language/meta-arguments/for_each
"""

from __future__ import annotations

import re
from itertools import zip_longest
from random import Random

from graders.drills.question import Drill, Feedback, Listing, Question, quoted, right, unclear, wrong

_NAMES = ("audit", "backups", "exports", "invoices", "logs", "metrics", "reports", "uploads")
_COUNT = "  count = length(var.names)\n  name  = var.names[count.index]\n"
_FOR_EACH = "  for_each = toset(var.names)\n  name     = each.key\n"


def _make(random: Random) -> Question:
    before = sorted(random.sample(_NAMES, random.choice((3, 4, 5, 6))))
    place = random.randrange(len(before))
    new = random.choice([name for name in _NAMES if name not in before])
    after = before[:place] + ([new] if random.random() < 0.5 else []) + before[place:]
    if len(after) == len(before):
        after = before[:place] + before[place + 1 :]
    by_count = sum(old is not None and old != now for old, now in zip_longest(before, after))
    by_name = len(set(before) - set(after))
    counted = random.random() < 0.65
    answer, other = (by_count, by_name) if counted else (by_name, by_count)
    gone = sorted(set(before) - set(after))
    block = f'resource "nimbus_bucket" "files" {{\n{_COUNT if counted else _FOR_EACH}}}'

    def judge(given: str) -> Feedback:
        said = given.strip(" `'\".")
        if not re.fullmatch(r"\d{1,3}", said):
            return unclear(f"{quoted(given)} is no number of buckets.", "Answer with a whole number, such as `2`.")
        if int(said) == answer:
            return right(
                f"From place {place} on each address gets another name, or is not needed any more; that ends {answer}."
                if counted
                else f"Each bucket's address is its own name: {'only ' + gone[0] + ' ends' if gone else 'none of them ends'}."
            )
        if int(said) == other:
            return wrong(
                f"{said} would be so with `{'for_each' if counted else 'count'}`.",
                "With `count` an address is a place in the list, and with `for_each` it is a name.",
            )
        return wrong(f"{said} is not it.", "Write the addresses and their names below each other, before and after.")

    wrongs = {other, len(before), len(after), answer + 1} - {answer}
    return Question(
        text="A bucket's `name` forces a replacement. All buckets are there; then the list changes. How many buckets does "
        "Terraform destroy, those that are replaced among them?",
        judge=judge,
        right=str(answer),
        wrong=tuple(str(one) for one in sorted(wrongs)),
        example='"2"',
        figures=(
            Listing("buckets.tf", block),
            Listing("var.names before", _list(before)),
            Listing("var.names after", _list(after)),
        ),
    )


def _list(names: list[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


DRILL = Drill("how many end", _make)
