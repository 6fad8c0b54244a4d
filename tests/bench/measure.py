"""Time two or more actions in turns, so that a noisy machine is noisy for all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def in_turns(actions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each action over `rounds` rounds, after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for number in range(rounds + 1):
        for name, act in actions.items():
            start = time.perf_counter()
            act()
            if number:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def line(what: str, seconds: float, ratio: float | None = None, aim: str = "") -> str:
    shown = f"{seconds * 1000:9.0f} ms" + (f"   {ratio:6.1f} x" if ratio is not None else "")
    return f"  {what:<62} {shown}" + (f"   (aim: {aim})" if aim else "")
