"""What makes an image unreadable."""

from __future__ import annotations

from graders.problems import Problem


class ImageProblem(Problem):
    """An image that is damaged, of a kind that isn't known, or made to harm its reader."""


class ImageTooLarge(ImageProblem):
    """An image that holds more than is looked at."""
