"""Which way a drawing flows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .insides import OUTERMOST, insides
from .picture import Picture

_BOX: Final = 105
"""About the width of a box."""

_CHANNEL: Final = 45
"""About the pixels between two levels, from left to right."""

_GAP: Final = 25
"""About the pixels between vertices of one level, and around what lies in a frame."""

_SCREEN: Final = 1600
"""A drawing that is no wider flows to the right."""


def lies_down(inside: Picture, widths: Mapping[str, float] = MappingProxyType({})) -> bool:
    """Whether the levels of what lies side by side come below each other; else they lie beside each other,
    from left to right. `widths` are those of vertices that are no plain boxes.

    Down is for what would be wider than a screen, and becomes narrower by at least a quarter: a chain of
    thirty, a deep ladder. A page is scrolled downwards more easily than to the side.
    """
    return _is_better(*_extents(inside, widths, widths))


def flows_down(picture: Picture) -> bool:
    """The same for a drawing in which all that lies in frames flows the same way."""
    right: dict[str, float] = {}
    down: dict[str, float] = {}
    for name, inside in reversed(insides(picture).items()):
        beside, below = _extents(inside, right, down)
        right[name], down[name] = beside + _GAP, below + _GAP
    return _is_better(right[OUTERMOST], down[OUTERMOST])


def _is_better(right: float, down: float) -> bool:
    return right > _SCREEN and down < 0.75 * right


def _extents(inside: Picture, right: Mapping[str, float], down: Mapping[str, float]) -> tuple[float, float]:
    """How wide it becomes when it flows to the right, and when it flows down."""
    lengths: dict[int, float] = defaultdict(float)
    sums: dict[int, float] = defaultdict(float)
    for vertex in inside.vertices:
        lengths[vertex.level] = max(lengths[vertex.level], right.get(vertex.id, _BOX))
        sums[vertex.level] += down.get(vertex.id, _BOX) + _GAP
    return sum(lengths.values()) + _CHANNEL * len(lengths), max(sums.values(), default=0.0)
