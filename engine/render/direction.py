"""Which way a drawing flows."""

from __future__ import annotations

from collections import Counter
from typing import Final

from .picture import Picture

_LEVEL: Final = 150
"""About the pixels that a level takes from left to right."""

_VERTEX: Final = 130
"""About the pixels that a vertex takes beside others of its level."""

_SCREEN: Final = 1600
"""A drawing that is no wider flows to the right."""


def flows_down(picture: Picture) -> bool:
    """Whether the levels lie below each other; else they lie beside each other, from left to right.

    Down is for what would be wider than a screen, and becomes narrower by at least a quarter: a chain of
    thirty, a deep ladder. A page is scrolled downwards more easily than to the side.
    """
    sizes = Counter(vertex.level for vertex in picture.vertices)
    right, down = len(sizes) * _LEVEL, max(sizes.values(), default=0) * _VERTEX
    return right > _SCREEN and down < 0.75 * right
