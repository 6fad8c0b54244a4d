"""Tell the shares that chance explains from those that point to a fault, by the binomial distribution's deviation."""

from __future__ import annotations

from math import ceil, sqrt
from random import Random

from graders.drills.question import Drill, Listing, Question
from graders.drills.several import Candidate, several

_FAR, _NEAR = 4, 1.5  # standard deviations: from there on a fault, up to there chance
_SHARES = (0, 1, 5, 10, 25, 50, 75, 90, 100)


def _make(random: Random) -> Question:
    text = (
        "A service decides by a hash who is in, and these shares were counted. Of n users asked, at a share p, chance alone "
        "moves the count by about the root of n · p · (1 - p) to either side, and hardly ever by three times that. Which of "
        "these point to a fault?"
    )
    return several(random, text, [_measured(random, asked) for asked in random.sample(_SHARES, 4)])


def _measured(random: Random, asked: int) -> Candidate:
    odd = random.random() < 0.5
    users = random.choice([400, 1000, 2000])
    expected = users * asked // 100
    deviation = sqrt(users * asked / 100 * (1 - asked / 100))
    most = ceil(2 * _FAR * deviation) or 4
    low, high = max(0, expected - most), min(users, expected + most)
    counts = [got for got in range(low, high + 1) if _is_odd(got - expected, deviation) is odd]
    got = random.choice(counts)
    shown = f"{asked} % asked for: {got} of {users} users got it ({100 * got / users:.1f} %)"
    if deviation == 0:
        why = f"At {asked} % there is no chance in it: {'nobody' if asked == 0 else 'everybody'} is in, or it is wrong."
    else:
        away = abs(got - expected) / deviation
        why = f"{expected} are expected, give or take {deviation:.1f}; {got} is {away:.1f} times that away."
    return Candidate(Listing("", shown), odd, why)


def _is_odd(away: int, deviation: float) -> bool | None:
    """Whether a count that is so far from the expected one is a fault; None where it could be either."""
    return True if abs(away) > _FAR * deviation else False if abs(away) <= _NEAR * deviation else None


DRILL = Drill("fault or chance", _make)
