"""How wide text is, without a font at hand."""

from __future__ import annotations

from typing import Final
from unicodedata import combining, east_asian_width

_CLASSES: Final = (
    (0.29, "!',.:;I[]ijl|·"),
    (0.36, " ()-/\\`fjrt"),
    (0.56, '"#$*+<=>?^_abcdeghknopqsuvxyz{}~0123456789Jcksvxyz…'),
    (0.72, "&ABCDEFGHKLNOPQRSTUVXYZwR×"),  # noqa: RUF001  # a multiplication sign is what is meant
    (0.94, "%@MWm"),
)
"""Shares of the font's size, for Helvetica and its like, rounded up."""

_WIDTHS: Final = {character: width for width, characters in _CLASSES for character in characters}


def text_width(text: str, size: float) -> float:
    """About how wide the text is in a sans-serif font of this size; rather too much than too little."""
    return size * sum(_width(character) for character in text)


def _width(character: str) -> float:
    known = _WIDTHS.get(character)
    if known is not None:
        return known
    if combining(character):
        return 0.0
    return 1.05 if east_asian_width(character) in {"W", "F"} else 0.66
