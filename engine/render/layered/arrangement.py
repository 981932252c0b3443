"""The whole layout: layers, order, places, and the ways of the edges."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Final

from .constraints import PADDING
from .layers import Layers, layered
from .order import order
from .place import Placed, place
from .shapes import Arranged, Box, Frame, Rect

_CHANNEL: Final = {True: (36.0, 1.0), False: (44.0, 1.5)}
"""Between two layers, where the edges cross, when they flow down or to the right: the least, and what
each edge adds."""

_WIDEST: Final = 110.0
"""No channel is wider."""


def arrange(
    boxes: Sequence[Box],
    edges: Sequence[tuple[str, str]],
    frames: Sequence[Frame] = (),
    *,
    down: bool = False,
    kinds: Mapping[tuple[str, str], Hashable] | None = None,
    words: Mapping[tuple[str, str], float] | None = None,
) -> Arranged:
    """Place boxes, frames and edges so that edges flow to the right, or `down`.

    The edges are pairs of ids, each at most once, and make no cycle. No two boxes overlap, nor do a box
    and a frame that it is not in. Edges of different `kinds` share no way. `words` are how much of an
    edge's end must be free of everything else. Deterministic; near to linear in the items that `layers.py`
    makes.
    """
    if not boxes:
        return Arranged()
    layers = layered(boxes, edges, [(kinds or {}).get(edge) for edge in edges])
    order(layers)
    return _Arranging(layers, boxes, frames, down, words or {}).arranged()


class _Arranging:
    """Coordinates are (along, across) the flow until the very end."""

    def __init__(
        self,
        layers: Layers,
        boxes: Sequence[Box],
        frames: Sequence[Frame],
        down: bool,
        words: Mapping[tuple[str, str], float],
    ) -> None:
        self._layers = layers
        self._boxes = boxes
        self._frames = {frame.name: frame for frame in frames}
        self._down = down
        self._title = max((frame.title_height for frame in frames), default=0.0)
        self._spans = layers.spans()
        self._insets = {name: self._inset(name) for name in self._spans}
        self._before, self._after = self._margins()
        self._stretched = [0.0] * len(layers.layers)
        self._words = [0.0] * (len(layers.layers) + 1)
        for edge, room in words.items():
            layer = layers.layer_of[layers.chains[edge][-1]]
            self._words[layer] = max(self._words[layer], room)
        self._starts, self._lengths = self._columns()

    def arranged(self) -> Arranged:
        sizes = [self._across(box) for box in self._boxes]
        sizes += [0.0] * (len(self._layers.kinds) - len(sizes))
        least = {name: frame.title_width + 2 * PADDING for name, frame in self._frames.items()}
        found = place(self._layers, sizes, 0.0 if self._down else self._title, least if self._down else None)
        rects = {box.id: self._box(number, sizes, found) for number, box in enumerate(self._boxes)}
        frames = {name: self._frame(name, found) for name in self._spans}
        routes = {edge: self._route(chain, found) for edge, chain in self._layers.chains.items()}
        return self._turned(rects, frames, routes)

    # -- along the flow -------------------------------------------------------------------------------

    def _along(self, box: Box) -> float:
        return box.height if self._down else box.width

    def _across(self, box: Box) -> float:
        return box.width if self._down else box.height

    def _inset(self, name: str) -> tuple[float, float]:
        """How far the frame reaches out before its first layer and behind its last one."""
        before = after = 0.0
        first, last = self._spans[name]
        for path in set(self._layers.frames):
            if name in path:
                inner = path[path.index(name) + 1 :]
                before = max(before, sum(self._spans[other][0] == first for other in inner))
                after = max(after, sum(self._spans[other][1] == last for other in inner))
        title = self._title if self._down else 0.0
        return (before + 1) * (PADDING + title), (after + 1) * PADDING

    def _margins(self) -> tuple[list[float], list[float]]:
        """What the frames take before and behind each layer."""
        before, after = [0.0] * len(self._layers.layers), [0.0] * len(self._layers.layers)
        for name, (first, last) in self._spans.items():
            before[first] = max(before[first], self._insets[name][0])
            after[last] = max(after[last], self._insets[name][1])
        return before, after

    def _columns(self) -> tuple[list[float], list[float]]:
        """Where each layer starts, and how long it is. Boxes that stretch get their length, too."""
        lengths = [0.0] * len(self._layers.layers)
        for number, box in enumerate(self._boxes):
            layer = self._layers.layer_of[number]
            lengths[layer] = max(lengths[layer], self._along(box))
            if box.stretches:
                self._stretched[layer] = max(self._stretched[layer], self._along(box))
        for name, (first, last) in self._spans.items():
            frame = self._frames.get(name)
            if frame is not None and not self._down and first == last:
                least = frame.title_width + 2 * PADDING - sum(self._insets[name])
                lengths[first] = max(lengths[first], least)
                self._stretched[first] = max(self._stretched[first], least)
        starts: list[float] = []
        at = 0.0
        least, more = _CHANNEL[self._down]
        for layer, length in enumerate(lengths):
            starts.append(at + self._before[layer])
            edges = sum(len(self._layers.below[item]) for item in self._layers.layers[layer])
            channel = max(min(_WIDEST, least + more * edges), self._words[layer + 1])
            at += self._before[layer] + length + self._after[layer] + channel
        return starts, lengths

    # -- rectangles and routes ------------------------------------------------------------------------

    def _box(self, number: int, sizes: Sequence[float], found: Placed) -> Rect:
        layer = self._layers.layer_of[number]
        across = found.middle[number] - sizes[number] / 2
        return Rect(self._starts[layer], across, self._length(number), sizes[number])

    def _length(self, number: int) -> float:
        box = self._boxes[number]
        return self._stretched[self._layers.layer_of[number]] if box.stretches else self._along(box)

    def _frame(self, name: str, found: Placed) -> Rect:
        first, last = self._spans[name]
        start = self._starts[first] - self._insets[name][0]
        end = self._starts[last] + self._lengths[last] + self._insets[name][1]
        low, high = found.frames[name]
        return Rect(start, low, end - start, high - low)

    def _route(self, chain: Sequence[int], found: Placed) -> list[tuple[float, float]]:
        """Straight out of the frames around a layer, through the channel, straight to the next layer's
        end, and so on."""
        points: list[tuple[float, float]] = []
        for at, item in enumerate(chain):
            layer, middle = self._layers.layer_of[item], found.middle[item]
            start = self._starts[layer]
            end = start + self._lengths[layer]
            if at:
                points.append((start - self._before[layer], middle))
            if at == len(chain) - 1:
                points.append((start, middle))
            else:
                points += [] if at else [(start + self._length(item), middle)]
                points.append((end + self._after[layer], middle))
        return points

    # -- turning --------------------------------------------------------------------------------------

    def _turned(
        self,
        rects: Mapping[str, Rect],
        frames: Mapping[str, Rect],
        routes: Mapping[tuple[str, str], Sequence[tuple[float, float]]],
    ) -> Arranged:
        """Everything moved to (0, 0), and mirrored at the diagonal when the flow is down."""
        solid = [*rects.values(), *frames.values()]
        middles = [across for points in routes.values() for _, across in points]
        along = min(rect.x for rect in solid)
        across = min([*(rect.y for rect in solid), *middles])
        length = max(rect.x + rect.width for rect in solid) - along
        breadth = max([*(rect.y + rect.height for rect in solid), *middles]) - across

        def turned(rect: Rect) -> Rect:
            x, y = rect.x - along, rect.y - across
            return Rect(y, x, rect.height, rect.width) if self._down else Rect(x, y, rect.width, rect.height)

        def point(at: tuple[float, float]) -> tuple[float, float]:
            x, y = at[0] - along, at[1] - across
            return (y, x) if self._down else (x, y)

        return Arranged(
            width=breadth if self._down else length,
            height=length if self._down else breadth,
            boxes={name: turned(rect) for name, rect in rects.items()},
            frames={name: turned(rect) for name, rect in frames.items()},
            routes={edge: tuple(point(at) for at in points) for edge, points in routes.items()},
        )
