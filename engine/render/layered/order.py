"""Second step: the order of the items in each layer, with few crossings.

Items go to the barycentre of their neighbours, sweeping over the layers to and fro, and then neighbours
are exchanged where that saves crossings. What lies in one frame stays together in every layer, and
frames lie in the same order in all of them, so that each can be drawn as one rectangle (after Sander,
"Layout of Compound Directed Graphs", 1996).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from .layers import Layers

_PATIENCE: Final = 4
"""Sweeps without improvement after which no more follow."""

_WORK: Final = 400_000
"""Visits of items that all sweeps together may take."""

_EXCHANGES: Final = 4
"""How often neighbours in a layer are looked at after each sweep."""


def order(layers: Layers) -> None:
    """Put `layers.layers` in a good order; deterministic."""
    items = len(layers.kinds)
    sweeps = max(2, min(30, _WORK // (items + 1)))
    _sweep(layers, down=True)
    best, fewest = _copy(layers), crossings(layers)
    idle = 0
    for number in range(sweeps):
        if not fewest or idle == _PATIENCE:
            break
        _sweep(layers, down=number % 2 == 1)
        _exchange(layers)
        found = crossings(layers)
        idle = 0 if found < fewest else idle + 1
        if found < fewest:
            best, fewest = _copy(layers), found
    layers.layers[:] = best


def crossings(layers: Layers) -> int:
    """How many pairs of edges cross between neighbouring layers."""
    return sum(
        _crossings_between(upper, lower, layers)
        for upper, lower in zip(layers.layers, layers.layers[1:], strict=False)
    )


def _crossings_between(upper: Sequence[int], lower: Sequence[int], layers: Layers) -> int:
    place = {item: at for at, item in enumerate(lower)}
    seen: list[int] = []
    count = 0
    for item in upper:
        ends = sorted(place[other] for other in layers.below[item])
        count += sum(len(seen) - bisect_right(seen, end) for end in ends)
        for end in ends:
            insort(seen, end)
    return count


def _copy(layers: Layers) -> list[list[int]]:
    return [list(layer) for layer in layers.layers]


def _sweep(layers: Layers, *, down: bool) -> None:
    place = [0.0] * len(layers.kinds)
    for layer in layers.layers:
        _note_places(layer, place)
    sorter = _Sorter(layers, place)
    reference = layers.above if down else layers.below
    numbers = range(len(layers.layers))
    for number in numbers if down else reversed(numbers):
        layer = layers.layers[number]
        for item in layer:
            near = reference[item]
            sorter.keys[item] = sum(place[n] for n in near) / len(near) if near else place[item]
        layers.layers[number] = sorter.sorted(layer)
        _note_places(layers.layers[number], place)


def _note_places(layer: Sequence[int], place: list[float]) -> None:
    """Where each item of the layer stands, from 0 to 1."""
    for at, item in enumerate(layer):
        place[item] = (at + 0.5) / len(layer)


class _Sorter:
    """Sorts layers by `keys`, frame by frame, all layers with the same order of frames."""

    def __init__(self, layers: Layers, place: Sequence[float]) -> None:
        self.keys = list(place)
        self._frames = layers.frames
        self._kinds = layers.kinds
        sums: dict[str, list[float]] = defaultdict(list)
        for item, path in enumerate(layers.frames):
            for frame in path:
                sums[frame].append(place[item])
        self._middle = {frame: sum(values) / len(values) for frame, values in sums.items()}

    def sorted(self, layer: Sequence[int], depth: int = 0) -> list[int]:
        """The items, all of the same frames down to `depth`, in their new order."""
        parts: dict[str, list[int]] = defaultdict(list)
        loose: list[tuple[float, int, list[int]]] = []
        for at, item in enumerate(layer):
            if len(self._frames[item]) > depth:
                parts[self._frames[item][depth]].append(item)
            else:
                loose.append((self.keys[item], at, [item]))
        # The frames take the places that they would have, but in the order common to all layers.
        keys = sorted(self._key(part) for part in parts.values())
        frames = sorted(parts, key=lambda frame: (self._middle[frame], frame))
        framed = [
            (key, len(layer), self.sorted(parts[frame], depth + 1))
            for key, frame in zip(keys, frames, strict=True)
        ]
        entries = sorted([*loose, *framed], key=lambda entry: entry[:2])
        return [item for _, _, part in entries for item in part]

    def _key(self, part: Sequence[int]) -> float:
        return sum(self.keys[item] for item in part) / len(part)


def _exchange(layers: Layers) -> None:
    """Swap neighbours within a frame where that saves crossings, a few times in each layer."""
    place = {item: at for layer in layers.layers for at, item in enumerate(layer)}
    for layer in layers.layers:
        for _ in range(_EXCHANGES):
            swapped = False
            for at in range(len(layer) - 1):
                left, right = layer[at], layer[at + 1]
                if layers.frames[left] == layers.frames[right] and _gain(left, right, layers, place) > 0:
                    layer[at], layer[at + 1] = right, left
                    place[left], place[right] = at + 1, at
                    swapped = True
            if not swapped:
                break


def _gain(left: int, right: int, layers: Layers, place: dict[int, int]) -> int:
    """How many crossings fewer there are once the two have changed places."""
    gain = 0
    for neighbours in (layers.above, layers.below):
        lefts = sorted(place[other] for other in neighbours[left])
        rights = sorted(place[other] for other in neighbours[right])
        for end in lefts:
            gain += bisect_left(rights, end)
        for end in rights:
            gain -= bisect_left(lefts, end)
    return gain
