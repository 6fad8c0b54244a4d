"""A tiny step, started for real: see `tests/forge_lab.py`."""

from tests.forge_lab import LEARNER, Lab, lab, learner, run_git, tiny

__all__ = ["LEARNER", "Lab", "lab", "learner", "run_git", "tiny"]
