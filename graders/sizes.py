"""Sizes of files in words, in the decimal units that `docker images` shows."""

from __future__ import annotations


def size_words(count: int) -> str:
    """For example `0 B`, `187 B`, `4.5 kB`, `216 MB`: three digits that count."""
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 999.5:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} GB" if value < 999.5 else f"{value:,.0f} GB"
