"""Third step: where across the flow each item lies.

Sweeps go over the layers to and fro. In each layer the items go as near to their neighbours in the layer
before as the order and the space between them allow, by least squares. The frames then have their say:
the middle of every item and both borders of every frame are variables, and "at least this far behind
that one" makes a DAG of them. One pass that pushes on what is in the way and one that pushes back give
two arrangements that keep all constraints; so does their mean. So does, at the end, the mean of the last
sweep down, in which all lies by what it needs, and the last sweep up, in which all lies by what needs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .constraints import PADDING, Constraints
from .isotonic import spread
from .layers import Layers
from .straighten import compacted, straighten

_WORK: Final = 600_000
"""Visits of variables that all sweeps together may take."""

_POINT_WEIGHT: Final = 8.0
"""How much a long edge wants to be straight, against 1 for each neighbour of a box."""

_MATE_WEIGHT: Final = 4.0
"""How much a neighbour in the same frame counts, against 1 for others."""

_LOOSE_WEIGHT: Final = 0.2
"""How much an item without neighbours in the layer before wants to stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The middle of each item, and the borders of each frame."""

    middle: list[float]
    frames: dict[str, tuple[float, float]]


def place(
    layers: Layers, sizes: Sequence[float], title: float, least: Mapping[str, float] | None = None
) -> Placed:
    """The places across the flow. `sizes` are the extents of the items, `title` is what each frame
    leaves free before its contents, and `least` the extent that a frame has at least."""
    return _Placing(layers, sizes, title, least or {}).placed()


class _Placing:
    def __init__(
        self, layers: Layers, sizes: Sequence[float], title: float, least: Mapping[str, float]
    ) -> None:
        self._layers = layers
        self._sizes = sizes
        self._title = title
        self._least = least
        self._constraints = Constraints(layers, sizes, title, least)
        self._starts = self._constraints.starts
        depths = {frame: path.index(frame) for path in layers.frames for frame in path}
        innermost_first = sorted(self._starts, key=lambda frame: -depths[frame])
        self._inside = {frame: self._contents(frame, depths[frame]) for frame in innermost_first}

    def placed(self) -> Placed:
        """Down, up, down, up; then the mean."""
        size = self._constraints.size
        down = up = self._constraints.forth([0.0] * size)
        for _ in range(max(2, min(12, _WORK // (size + 1)))):
            down = self._sweep(up, down=True)
            up = self._sweep(down, down=False)
        at = [(a + b) / 2 for a, b in zip(down, up, strict=True)]
        straighten(self._layers, self._constraints, at)
        self._settle(at)
        self._compact(at)
        frames = {frame: (at[start], at[start + 1]) for frame, start in self._starts.items()}
        return Placed(middle=at[: len(self._layers.kinds)], frames=frames)

    def _compact(self, at: list[float]) -> None:
        extents = [
            (at[item] - size / 2, at[item] + size / 2)
            for item, size in enumerate(self._sizes)
            if self._layers.kinds[item] != "filler"
        ]
        extents += [(at[start], at[start + 1]) for start in self._starts.values()]
        for end, excess in reversed(compacted(extents)):
            for variable, middle in enumerate(at):
                if middle >= end:
                    at[variable] = middle - excess

    def _sweep(self, now: Sequence[float], *, down: bool) -> list[float]:
        at = list(now)
        neighbours, others = self._layers.above, self._layers.below
        if not down:
            neighbours, others = others, neighbours
        numbers = range(len(self._layers.layers))
        for number in numbers if down else reversed(numbers):
            layer = self._layers.layers[number]
            wishes = [self._wish(item, neighbours[item], others[item], at) for item in layer]
            for item, middle in zip(layer, spread(wishes, self._constraints.gaps[number]), strict=True):
                at[item] = middle
        self._tighten(at)
        forth, back = self._constraints.forth(at), self._constraints.back(at)
        return [(a + b) / 2 for a, b in zip(forth, back, strict=True)]

    def _wish(
        self, item: int, near: Sequence[int], behind: Sequence[int], at: Sequence[float]
    ) -> tuple[float, float]:
        """Where the item wants to be, and how much: by those before it, and by all that are in its frame."""
        kinds, frames = self._layers.kinds, self._layers.frames
        pulls = [(at[n], _MATE_WEIGHT if frames[item] and frames[n] == frames[item] else 1.0) for n in near]
        if frames[item] and kinds[item] == "box":
            pulls += [(at[n], _MATE_WEIGHT) for n in behind if frames[n] == frames[item]]
        if pulls:
            total = sum(weight for _, weight in pulls)
            wish = sum(middle * weight for middle, weight in pulls) / total
            return wish, _POINT_WEIGHT if kinds[item] == "point" else total
        if self._layers.kinds[item] == "filler":
            start = self._starts[self._layers.frames[item][-1]]
            return (at[start] + at[start + 1]) / 2, _LOOSE_WEIGHT
        return at[item], _LOOSE_WEIGHT

    # -- frames ---------------------------------------------------------------------------------------

    def _contents(self, frame: str, depth: int) -> list[tuple[int, float]]:
        """The variables that the frame must hold, each with the space that it needs on both sides."""
        inner: dict[int, float] = {}
        for item, path in enumerate(self._layers.frames):
            if len(path) <= depth or path[depth] != frame or self._layers.kinds[item] == "filler":
                continue
            if len(path) == depth + 1:
                inner[item] = self._sizes[item] / 2
            else:
                start = self._starts[path[depth + 1]]
                inner[start] = inner[start + 1] = 0.0
        return list(inner.items())

    def _tight(self, frame: str, at: Sequence[float]) -> tuple[float, float]:
        """The borders of the frame close around what it holds."""
        inner = self._inside[frame]
        start = min(at[variable] - half for variable, half in inner) - PADDING - self._title
        return start, max(at[variable] + half for variable, half in inner) + PADDING

    def _tighten(self, at: list[float]) -> None:
        """Draw all borders close, the innermost first."""
        for frame in self._inside:
            start = self._starts[frame]
            at[start], at[start + 1] = self._tight(frame, at)

    def _settle(self, at: list[float]) -> None:
        """As `_tighten`, but no frame becomes smaller than its least extent, and none grows."""
        for frame in self._inside:
            start, end = self._starts[frame], self._starts[frame] + 1
            first, last = self._tight(frame, at)
            least = self._least.get(frame, 0.0)
            last = min(at[end], max(last, first + least))
            at[start], at[end] = max(at[start], min(first, last - least)), last
