"""Say what a flag answers a user, and why. https://flagd.dev/reference/flag-definitions/"""

from __future__ import annotations

import re
from random import Random

from graders.drills.question import Drill, Feedback, Listing, Question, quoted, right, unclear, wrong

_FLAGS = ("price-v2", "new-search", "fast-checkout")
_STATIC = '"state": "{state}",\n    "variants": {{{variants}}},\n    "defaultVariant": "{default}"'
_STAFF = ',\n    "targeting": {{"if": [{{"ends_with": [{{"var": "email"}}, "@widgets.example"]}}, "{inside}", null]}}'
_SHARE = ',\n    "targeting": {{"fractional": [["on", {share}], ["off", {rest}]]}}'
_BOOLEAN, _TEXT = '"on": true, "off": false', '"on": "true", "off": "false"'
_WHY = {
    "STATIC": "The flag is enabled and has no rule, so everybody gets `defaultVariant`.",
    "TARGETING_MATCH": "The rule names a variant for this user.",
    "DEFAULT": "The rule names none for this user, so `defaultVariant` counts.",
    "DISABLED": "A disabled flag decides nothing: the default in the code counts, whatever else stands in the file.",
    "ERROR": "flagd can't give a boolean here ({error}), so the default in the code counts.",
}
_REASONS = tuple(_WHY)


def _rule(random: Random) -> str:
    share = random.choice([0, 100])
    return random.choice(
        (
            "",
            _STAFF.format(inside=random.choice(("on", "off"))),
            _STAFF.format(inside="on"),
            _SHARE.format(share=share, rest=100 - share),
        )
    )


def _make(random: Random) -> Question:
    from graders.evidence.flag_file import FlagFile

    flag = random.choice(_FLAGS)
    state = "DISABLED" if random.random() < 0.2 else "ENABLED"
    variants = _TEXT if random.random() < 0.2 else _BOOLEAN
    default = random.choice(("on", "off"))
    asked = flag.replace("-", "_") if random.random() < 0.12 else flag
    user = f"u{random.randrange(10, 100)}"
    email = f"{user}@{random.choice(('widgets.example', 'home.example'))}"
    body = _STATIC.format(state=state, variants=variants, default=default) + _rule(random)
    file = f'{{"flags": {{\n  "{flag}": {{\n    {body}\n  }}\n}}}}'
    code = f'user = EvaluationContext("{user}", {{"email": "{email}"}})\nclient.get_boolean_details("{asked}", False, user)'
    decision = FlagFile(file).decide(asked, user, {"email": email})
    answer = f"{decision.value} {decision.reason}"
    others = {f"{not decision.value} {decision.reason}"}
    others |= {f"{decision.value} {reason}" for reason in _REASONS if reason != decision.reason}

    def judge(given: str) -> Feedback:
        said = re.fullmatch(r"(true|false|on|off)[\s,;:]+([a-z_ ]+)", given.strip(" `'\"().").lower())
        reason = said[2].strip().replace(" ", "_").upper() if said else ""
        if not said or reason not in _REASONS:
            return unclear(
                f"{quoted(given)} is no value with a reason.", f"`True` or `False`, then one of {', '.join(_REASONS)}."
            )
        why = _WHY[decision.reason].format(error=decision.error.rstrip(".").replace("`", "'"))
        if reason == decision.reason and (said[1] in ("true", "on")) == decision.value:
            return right(why)
        if reason == decision.reason:
            return wrong(
                "The reason is right, the value is not.",
                "In the file, look up what that reason leads to; where the code's default counts, it is `False`.",
            )
        return wrong(
            f"`{reason}` is not the reason. {_MEANS[reason]}",
            "Go in this order: is the flag there, is it enabled, does its rule name a variant, is that a boolean?",
        )

    return Question(
        text="The service asks this file for a flag. Which value does it get, and with which reason? The reasons are "
        f"{', '.join(f'`{reason}`' for reason in _REASONS)}.",
        judge=judge,
        right=answer,
        wrong=tuple(sorted(others)),
        example='"True STATIC"',
        figures=(Listing("flags.json", file), Listing("In the service", code)),
    )


_MEANS = {
    "STATIC": "That one is for an enabled flag without a rule.",
    "TARGETING_MATCH": "That one says that a rule named the variant.",
    "DEFAULT": "That one is for a rule that names no variant.",
    "DISABLED": "That one is for a flag whose state says so.",
    "ERROR": "That one is for a flag that is not there, or whose value is no boolean.",
}

DRILL = Drill("what the flag answers", _make)
