"""First step: every box gets a layer, and edges over several layers get a point in each.

Boxes lie on the layer of the longest path to them. Where an edge passes a layer it gets a point there,
so that all further steps see edges between neighbouring layers only (Sugiyama, Tagawa and Toda,
"Methods for Visual Understanding of Hierarchical System Structures", 1981). Edges out of one box share
their points, as wires share a conduit.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import Literal

from ..levels import longest_paths
from .shapes import Box

Kind = Literal["box", "point", "filler"]


@dataclass(slots=True, kw_only=True)
class Layers:
    """Boxes, points and fillers, called items, by number.

    A filler keeps a place for a frame in a layer that it reaches over without having anything there.
    `above` and `below` are the neighbours of an item in the layers before and after its own. `chains`
    names, for each edge, the items that it runs through, its two boxes included.
    """

    kinds: list[Kind] = field(default_factory=list)
    layer_of: list[int] = field(default_factory=list)
    frames: list[tuple[str, ...]] = field(default_factory=list)
    above: list[list[int]] = field(default_factory=list)
    below: list[list[int]] = field(default_factory=list)
    layers: list[list[int]] = field(default_factory=list)
    chains: dict[tuple[str, str], tuple[int, ...]] = field(default_factory=dict)

    def add(self, kind: Kind, layer: int, frames: tuple[str, ...]) -> int:
        """The number of a new item, last in its layer."""
        number = len(self.kinds)
        self.kinds.append(kind)
        self.layer_of.append(layer)
        self.frames.append(frames)
        self.above.append([])
        self.below.append([])
        self.layers[layer].append(number)
        return number

    def join(self, upper: int, lower: int) -> None:
        """Make two items neighbours, once."""
        if lower not in self.below[upper]:
            self.below[upper].append(lower)
            self.above[lower].append(upper)

    def spans(self) -> dict[str, tuple[int, int]]:
        """For each frame its first and last layer."""
        found: dict[str, tuple[int, int]] = {}
        for layer, path in zip(self.layer_of, self.frames, strict=True):
            for frame in path:
                first, last = found.get(frame, (layer, layer))
                found[frame] = min(first, layer), max(last, layer)
        return found


def layered(boxes: Sequence[Box], edges: Sequence[tuple[str, str]], kinds: Sequence[Hashable]) -> Layers:
    """Boxes get the numbers of their positions. Only edges of one of the `kinds`, given per edge,
    share points."""
    levels = longest_paths([box.id for box in boxes], edges)
    found = Layers(layers=[[] for _ in range(max(levels.values(), default=-1) + 1)])
    number = {box.id: found.add("box", levels[box.id], box.frames) for box in boxes}
    shared: dict[Hashable, int] = {}
    for (source, target), kind in zip(edges, kinds, strict=True):
        first, last = number[source], number[target]
        around = found.frames[first]
        frames = around[: shared_depth(around, found.frames[last])]
        chain = [first]
        for layer in range(found.layer_of[first] + 1, found.layer_of[last]):
            key = (first, layer, frames, kind)
            if key not in shared:
                shared[key] = found.add("point", layer, frames)
            chain.append(shared[key])
        chain.append(last)
        for upper, lower in pairwise(chain):
            found.join(upper, lower)
        found.chains[source, target] = tuple(chain)
    _fill(found)
    return found


def shared_depth(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many frames, from the outside, two paths have in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _fill(layers: Layers) -> None:
    """Give every frame at least one item in each layer that it reaches over."""
    paths = {path[: depth + 1][-1]: path[: depth + 1] for path in layers.frames for depth in range(len(path))}
    present = {
        (layer, name) for layer, path in zip(layers.layer_of, layers.frames, strict=True) for name in path
    }
    # Innermost frames first: a filler is in all the frames around it, too.
    for name, (first, last) in sorted(layers.spans().items(), key=lambda span: (-len(paths[span[0]]), span)):
        for layer in range(first, last + 1):
            if (layer, name) not in present:
                layers.add("filler", layer, paths[name])
                present.update((layer, frame) for frame in paths[name])
