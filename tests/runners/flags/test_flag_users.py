"""The users that a service is asked as, and what chance allows."""

from __future__ import annotations

from math import comb

import pytest

from graders.runners.flags.plan import SHARES
from graders.runners.flags.users import CHANCE, bounds, users


def test_users_are_the_same_each_time_and_all_different() -> None:
    assert users(1400)[:2] == users(2)
    assert len(set(users(1400))) == 1400
    assert users(1) == ("ivo-30d78de6",)


@pytest.mark.parametrize(("count", "share"), [(400, 0.25), (400, 0.5), (1400, 0.01), (60, 0.5)])
def test_less_or_more_than_the_bounds_is_rarer_than_chance(count: int, share: float) -> None:
    least, most = bounds(count, share)

    def probability(hits: range) -> float:
        per_cent = round(share * 100)
        ways = sum(comb(count, one) * per_cent**one * (100 - per_cent) ** (count - one) for one in hits)
        return ways / 100**count

    assert probability(range(least)) < CHANCE <= probability(range(least + 1))
    assert probability(range(most + 1, count + 1)) < CHANCE <= probability(range(most, count + 1))


def test_nobody_and_everybody_are_exact() -> None:
    assert bounds(200, 0) == (0, 0)
    assert bounds(200, 1) == (200, 200)


def test_at_one_per_cent_nobody_is_too_few_and_a_tenth_too_many() -> None:
    least, most = bounds(SHARES[1], 0.01)

    assert least > 0
    assert most < SHARES[1] / 10 * 0.8
