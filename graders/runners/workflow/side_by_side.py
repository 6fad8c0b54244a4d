"""Several runs at once, as many as there are cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from graders.runners.workflow.record import Run


def side_by_side(runs: Sequence[Callable[[], Run]], at_once: int | None = None) -> list[Run]:
    """What each of `runs` gives, in their order. The first exception is raised when all have ended."""
    with ThreadPoolExecutor(max(1, at_once or os.cpu_count() or 1)) as pool:
        return list(pool.map(lambda run: run(), runs))
