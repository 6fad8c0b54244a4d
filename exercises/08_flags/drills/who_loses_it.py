"""Say who loses the new path when a rollout's rule is edited. https://flagd.dev/reference/custom-operations/fractional-operation/"""

from __future__ import annotations

from random import Random

from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several

_RULE = """\
"{flag}": {{
  "state": "ENABLED", "defaultVariant": "off", "variants": {{"on": true, "off": false}},
  "targeting": {{"fractional": [{arms}]}}
}}"""
_USERS = 5


def _arms(share: int, *, off_first: bool = False) -> str:
    arms = [f'["on", {share}]', f'["off", {100 - share}]']
    return ", ".join(reversed(arms) if off_first else arms)


def _make(random: Random) -> Question:
    from graders.evidence.flag_file import FlagFile, place

    flag = random.choice(("price-v2", "new-search", "free-delivery"))
    small, large = random.choice(((10, 30), (20, 50), (25, 50), (30, 60), (40, 70)))
    first, second, renamed, off_first = random.choice(
        (
            (small, large, flag, False),
            (small, large, flag, True),
            (large, small, flag, False),
            (small, large, f"{flag}-rollout", False),
            (large, large, flag, True),
        )
    )
    before = _RULE.format(flag=flag, arms=_arms(first))
    after = _RULE.format(flag=renamed, arms=_arms(second, off_first=off_first))
    old, new = (FlagFile(f'{{"flags": {{{rule}}}}}') for rule in (before, after))
    candidates = []
    for user in _some(random, flag, first):
        had, has = old.decide(flag, user).value, new.decide(renamed, user).value
        where = f"{user} is at {place(flag, user)} for {flag}"
        if renamed != flag:
            where += f", at {place(renamed, user)} for {renamed}"
        why = f"Before, {_span(first, off_first=False)} were on, and {user} {'had' if had else 'did not have'} it; afterwards "
        why += f"{_span(second, off_first=off_first)} are on, and {user} {'has' if has else 'does not have'} it."
        candidates.append(Candidate(Listing("", where), had and not has, why))
    text = (
        "A rollout's rule is edited, and the service now asks for the second one. flagd gives each user a place from 0 to 99, "
        "by a hash of the flag's key and the user, and lays the arms of `fractional` end to end in their order. Which of "
        "these users had the new path and lose it?"
    )
    figures = (Listing("Before", before), Listing("After", after))
    return several(random, text, candidates, figures)


def _span(share: int, *, off_first: bool) -> str:
    """The places that are on, in words."""
    return f"{100 - share} to 99" if off_first else f"0 to {share - 1}"


def _some(random: Random, flag: str, share: int) -> list[str]:
    """Users of whom some are in the share and some are not."""
    from graders.evidence.flag_file import place

    inside: list[str] = []
    outside: list[str] = []
    for number in random.sample(range(100, 1000), 200):
        user = f"u{number}"
        (inside if place(flag, user) < share else outside).append(user)
        if len(inside) >= 3 and len(outside) >= _USERS - 3:
            break
    return [*inside[:3], *outside[: _USERS - 3]]


DRILL = Drill("who loses it", _make)
