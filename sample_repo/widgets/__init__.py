"""A small REST API that keeps a list of widgets."""

__version__ = "1.0.0"
