"""The users that a service is asked as, the same each time, and the shares of them that chance allows."""

from __future__ import annotations

import hashlib
import math
from functools import cache

CHANCE = 1e-6  # of a right answer's share to lie outside, on either side
_NAMES = ("ada", "ben", "chi", "dov", "eva", "fay", "gus", "hana", "ivo", "jun")


@cache
def users(count: int) -> tuple[str, ...]:
    """So many names. They do not count up, so that a simple hash spreads them as well as a good one."""
    digests = [hashlib.sha256(f"user {number}".encode()).hexdigest() for number in range(count)]
    return tuple(f"{_NAMES[int(digest[:4], 16) % len(_NAMES)]}-{digest[4:12]}" for digest in digests)


@cache
def bounds(count: int, share: float) -> tuple[int, int]:
    """The least and the most of `count` users that a `share` (0 to 1) may come to by chance.

    Less, or more, has a probability below `CHANCE` each. https://en.wikipedia.org/wiki/Binomial_distribution
    """
    if share <= 0:
        return 0, 0
    if share >= 1:
        return count, count
    least, below = 0, _probability(count, 0, share)
    while below < CHANCE:
        least += 1
        below += _probability(count, least, share)
    most, above = count, _probability(count, count, share)
    while above < CHANCE:
        most -= 1
        above += _probability(count, most, share)
    return least, most


def _probability(count: int, hits: int, share: float) -> float:
    ways = math.lgamma(count + 1) - math.lgamma(hits + 1) - math.lgamma(count - hits + 1)
    return math.exp(ways + hits * math.log(share) + (count - hits) * math.log1p(-share))
