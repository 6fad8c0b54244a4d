"""A learner's clone and forge in which CI runs for real, with the programs and packages that the course shares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from tests.forge_lab import Lab, lab, learner, tiny
from tests.pipelines.ci import Ci

__all__ = ["ci", "lab", "learner", "tiny"]


@pytest.fixture
def ci(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ci]:
    """The clone, and what its forge runs. When the test ends, nothing of it runs any more."""
    shared = user_cache_path("ninesteps", appauthor=False)
    shared.mkdir(parents=True, exist_ok=True)
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / ".cache").symlink_to(shared)
    monkeypatch.chdir(lab.repo)
    made = Ci(lab)
    yield made
    made.end()
