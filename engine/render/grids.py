"""Many nodes alike, set in rows and columns instead of one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log
from typing import Final

from .alike import alike_sets
from .contract import contract
from .layered import Rect
from .picture import Picture

GRID_ABOVE: Final = 12
"""More vertices than this with the same needs and the same consumers become a grid."""

APART_ABOVE: Final = 1
"""The same for the members of a group, where there are no needs and no consumers to draw."""

GAP: Final = 14.0
"""Between the cells."""

_SHAPE: Final = 1.5
"""How much wider than high a grid becomes, about."""

_EMPTINESS: Final = 4.0
"""How much uglier than another shape, by its logarithm, a grid of nothing but empty cells would be."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one grid, in their order, their common size, and the space around them all."""

    members: tuple[str, ...]
    columns: int
    width: float
    height: float
    margin: float

    @property
    def extent(self) -> tuple[float, float]:
        """Width and height of the whole, the space around the cells included."""
        rows = ceil(len(self.members) / self.columns)
        around = 2 * self.margin - GAP
        return self.columns * (self.width + GAP) + around, rows * (self.height + GAP) + around

    def cells(self, place: Rect) -> dict[str, Rect]:
        """Where each member lies when the grid is put in the middle of `place`, row by row."""
        width, height = self.extent
        left = place.x + (place.width - width) / 2 + self.margin
        top = place.y + (place.height - height) / 2 + self.margin
        return {
            id_: Rect(
                left + at % self.columns * (self.width + GAP),
                top + at // self.columns * (self.height + GAP),
                self.width,
                self.height,
            )
            for at, id_ in enumerate(self.members)
        }


def gridded(picture: Picture) -> tuple[Picture, dict[str, tuple[str, ...]]]:
    """The picture with one vertex for each future grid, and the members of the grids by its id."""
    sets = {
        f"grid {alike.ids[0]}": alike.ids
        for alike in alike_sets(picture)
        if len(alike.ids) > (APART_ABOVE if alike.apart and _are_members(picture) else GRID_ABOVE)
    }
    taken = {vertex.id for vertex in picture.vertices}
    sets = {name: ids for name, ids in sets.items() if name not in taken}
    return contract(picture, {id_: name for name, ids in sets.items() for id_ in ids}), sets


def _are_members(picture: Picture) -> bool:
    """Whether the picture is what a group node holds."""
    return bool(picture.vertices) and picture.vertices[0].group is not None


def grid(members: Sequence[str], sizes: Sequence[tuple[float, float]], *, margin: float = GAP) -> Grid:
    """A grid of pleasant shape, with few empty cells, whose cells are as large as the largest member."""
    width, height = max(w for w, _ in sizes), max(h for _, h in sizes)

    def ugliness(columns: int) -> float:
        rows = ceil(len(members) / columns)
        shape = columns * (width + GAP) / (rows * (height + GAP))
        return abs(log(shape / _SHAPE)) + _EMPTINESS * (1 - len(members) / (rows * columns))

    columns = min(range(1, len(members) + 1), key=ugliness)
    return Grid(tuple(members), columns, width, height, margin)
