"""Which way a drawing flows."""

from __future__ import annotations

from collections import Counter

from .picture import Picture

_ACROSS = (190, 54)
"""About the pixels that a level takes from left to right, and a vertex from top to bottom."""

_DOWN = (84, 180)
"""About the pixels that a level takes from top to bottom, and a vertex from left to right."""

_SCREEN = 1600
"""A drawing that is no wider flows to the right."""

_SHAPE = 1.6
"""How much wider than high a page is that people like to look at."""


def flows_down(picture: Picture) -> bool:
    """Whether the levels lie below each other; else they lie beside each other, from left to right.

    Down is for drawings that would be much too wide: a chain of thirty, a deep ladder.
    """
    sizes = Counter(vertex.level for vertex in picture.vertices)
    levels, widest = len(sizes), max(sizes.values(), default=0)
    width = levels * _ACROSS[0]
    right = max(width / _SHAPE, widest * _ACROSS[1])
    down = max(widest * _DOWN[1] / _SHAPE, levels * _DOWN[0])
    return width > _SCREEN and down < right
