"""Last touches to the places: ways made straight, and empty bands taken out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from .constraints import GAP, Constraints
from .layers import Layers

_BAND: Final = 1.5 * GAP["box"]
"""An empty band across the whole drawing is at most this high."""


def straighten(layers: Layers, constraints: Constraints, at: list[float]) -> None:
    """Put the items of each run in one line, or in as few as the items beside them allow; all
    constraints are kept."""
    for run in _runs(layers):
        rest = run
        while len(rest) > 1:
            count, low, high = _aligned(rest, constraints, at)
            # The far end of a run is where it should meet what comes next without a bend.
            wish = at[rest[0]] if layers.kinds[rest[0]] == "box" else at[rest[-1]]
            for item in rest[:count]:
                at[item] = min(max(wish, low), high)
            rest = rest[count:]


def _aligned(run: Sequence[int], constraints: Constraints, at: Sequence[float]) -> tuple[int, float, float]:
    """How many items from the start of the run can lie in one line, and where."""
    low, high = constraints.room(run[0], at)
    count = 1
    for item in run[1:]:
        next_low, next_high = constraints.room(item, at)
        if max(low, next_low) > min(high, next_high):
            break
        low, high = max(low, next_low), min(high, next_high)
        count += 1
    return count, low, high


def _runs(layers: Layers) -> Iterable[list[int]]:
    """Ways without a fork: from item to item that have only each other. A point goes on to the next
    point even where other edges leave the conduit."""
    following: dict[int, int] = {}
    for item, below in enumerate(layers.below):
        points = [other for other in below if layers.kinds[other] == "point"]
        lower = points if points and layers.kinds[item] == "point" else below
        if len(lower) == 1 and len(layers.above[lower[0]]) == 1:
            following[item] = lower[0]
    inner = set(following.values())
    for item in following:
        if item in inner:
            continue
        run = [item]
        while run[-1] in following:
            run.append(following[run[-1]])
        yield run


def compacted(extents: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The empty bands that are too high, as pairs (where one ends, how much to take out), in order.

    `extents` are the intervals across the flow in which something lies.
    """
    found: list[tuple[float, float]] = []
    reached: float | None = None
    for low, high in sorted(extents):
        if reached is not None and low - reached > _BAND:
            found.append((low, low - reached - _BAND))
        reached = high if reached is None else max(reached, high)
    return found
