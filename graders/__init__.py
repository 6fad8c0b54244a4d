"""How work is judged: readers, runners, steps and reports of the Nine Steps course."""

__version__ = "0.1.0"
