"""Find the attribute that forces a replacement, among those that merely change."""

from __future__ import annotations

import json
import re
from random import Random

from graders.drills.plan_excerpt import as_json, as_text, changes
from graders.drills.question import Drill, Feedback, Listing, Question, quoted, right, unclear, wrong


def _make(random: Random) -> Question:
    number, change = random.choice(list(changes(lambda one: one.replaces)))
    forcing = {path.partition(".")[0] for path in change.replace_paths}
    known = {*change.before, *change.after, *change.unknown}
    changing = {key for key in change.unknown if change.before.get(key) is not None}
    changing |= {key for key in change.after if change.before.get(key) != change.after[key]}
    answer = ", ".join(sorted(forcing)) or "none"
    in_words = random.random() < 0.5
    look = "Look for the line that ends in `# forces replacement`" if in_words else "Look for `replace_paths`"

    def judge(given: str) -> Feedback:
        words = set(re.sub(r"[`'\"\[\](),;&+]|\band\b", " ", given.lower()).split())
        if not words or not (words <= known or words in ({"none"}, {"no"}, {"nothing"})):
            return unclear(f"{quoted(given)} names no attribute of it.", "A name, such as `id`, or `none`.")
        said = words & known
        if said == forcing:
            return right(
                f"{'`# forces replacement`' if in_words else '`replace_paths`'} names it; all else follows from it, or could "
                "have been changed in place."
                if forcing
                else f"No attribute is named: {'the headline' if in_words else '`action_reason`'} says why it is replaced."
            )
        for word in sorted(said - forcing):
            if word in change.unknown:
                return wrong(
                    f"`{word}` is known only after apply because another one is made: it follows, it does not force.",
                    f"{look}; there may be none.",
                )
            return wrong(f"`{word}` does not force it.", f"{look}; there may be none.")
        return wrong(
            "Not all are named." if said else "There is one that does.",
            f"{look}.",
        )

    others = [*sorted(changing - forcing), *(["none"] if forcing else [])]
    return Question(
        text="Which attributes force this replacement? `none` where it has another reason.",
        judge=judge,
        right=answer,
        wrong=tuple(others),
        example='"id"',
        figures=(
            Listing("terraform plan", as_text(number, change.address))
            if in_words
            else Listing("One of resource_changes", _cut(number, change.address, changing)),
        ),
    )


def _cut(number: int, address: str, changing: set[str]) -> str:
    told = as_json(number, address)
    change = told["change"]
    shown = {
        "address": address,
        "action_reason": told["action_reason"],
        "change": {
            "actions": change["actions"],
            "before": {key: value for key, value in change["before"].items() if key in changing},
            "after": {key: value for key, value in change["after"].items() if key in changing},
            "after_unknown": change["after_unknown"],
        },
    }
    if change.get("replace_paths"):
        shown["change"]["replace_paths"] = change["replace_paths"]
    return json.dumps(shown, indent=2)


DRILL = Drill("what forces it", _make)
