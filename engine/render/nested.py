"""Where everything lies in an SVG drawing: each frame is laid out by itself, and is then a box in what
lies around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from .clusters import Cluster, clusters, paths
from .direction import lies_down
from .grids import GAP, grid, gridded
from .insides import OUTERMOST, insides
from .labels import Label, edge_label, frame_label, label
from .layered import Arranged, Box, Frame, Rect, arrange
from .picture import Edge, Picture, Vertex
from .svg_boxes import CARDS, NOTE_SIZE, extent
from .svg_frames import HEADER_GAP, PADDING, TITLE_HEIGHT, header_extent, title_width
from .text_width import text_width

WORDS_GAP: Final = 12.0
"""Between the words of an edge and its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFrame:
    """A frame with what it says. `node` is the group node that it is; without one it is a group that only
    the ids tell of, or, without words, a grid. `depth` counts the frames around it."""

    rect: Rect
    depth: int
    label: Label
    node: Vertex | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedEdge:
    """An edge with its way, which flows to the right, or `down`."""

    edge: Edge
    points: tuple[tuple[float, float], ...]
    down: bool


@dataclass(slots=True, kw_only=True)
class Nested:
    """Everything in its place, from (0, 0) to (`width`, `height`); frames around others come first."""

    width: float
    height: float
    down: bool
    boxes: dict[str, Rect] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    frames: list[PlacedFrame] = field(default_factory=list)
    edges: list[PlacedEdge] = field(default_factory=list)


def nested(picture: Picture) -> Nested:
    """Lay out the picture, from the inside out; deterministic."""
    found = insides(picture)
    places: dict[str, _Place] = {}
    for name, inside in reversed(found.items()):
        places[name] = _Place(name, inside, places)
    outermost = places[OUTERMOST]
    width, height = outermost.inner_extent
    whole = Nested(width=width, height=height, down=outermost.down)
    corners = {OUTERMOST: (0.0, 0.0, 0)}
    for name in found:
        corners |= places[name].put(whole, *corners[name])
    return whole


class _Place:
    """What lies side by side, laid out; where that is, is known later."""

    def __init__(self, name: str, inside: Picture, inner: Mapping[str, _Place]) -> None:
        self._name = name
        self._inside = inside
        self._inner = {v.id: inner[v.id] for v in inside.vertices if v.id in inner}
        self._root = clusters(inside)
        self._paths = paths(self._root)
        self._labels = {v.id: self._label(v) for v in inside.vertices}
        self._small, members = gridded(inside)
        self._paths |= {grid_name: self._paths[ids[0]] for grid_name, ids in members.items()}
        self._filled = self._filled_frames(members)
        sizes = {v.id: self._extent(v) for v in inside.vertices}
        self._apart = {vertex.id for vertex in self._small.vertices} - {
            end for edge in self._small.edges for end in (edge.source, edge.target)
        }
        self._grids = {
            grid_name: grid(
                ids, [sizes[id_] for id_ in ids], margin=GAP if self._has_frame(grid_name) else 0.0
            )
            for grid_name, ids in members.items()
        }
        self._sizes = sizes | {grid_name: made.extent for grid_name, made in self._grids.items()}
        self.down = lies_down(self._small, {id_: width for id_, (width, _) in self._sizes.items()})
        self._arranged = self._arrange()

    @property
    def inner_extent(self) -> tuple[float, float]:
        """Width and height of what it holds."""
        return self._arranged.width, self._arranged.height

    def framed_extent(self, said: Label) -> tuple[float, float]:
        """Width and height with the frame around it that says this."""
        title, height = header_extent(said)
        width = max(self._arranged.width, title) + 2 * PADDING
        return width, height + HEADER_GAP + self._arranged.height + PADDING

    def put(self, whole: Nested, x: float, y: float, depth: int) -> dict[str, tuple[float, float, int]]:
        """Put everything where it belongs, the upper left corner at (x, y). Gives the corners, and the
        depths, of what lies in the frames here."""
        rects = dict(self._arranged.boxes)
        for name, made in self._grids.items():
            rects |= made.cells(rects[name])
        rects = {name: _moved(rect, x, y) for name, rect in rects.items()}
        self._put_plain_frames(whole, x, y, depth, rects)
        corners: dict[str, tuple[float, float, int]] = {}
        for vertex in self._inside.vertices:
            rect, said = rects[vertex.id], self._labels[vertex.id]
            inner = self._inner.get(vertex.id)
            if inner is None:
                whole.boxes[vertex.id], whole.labels[vertex.id] = rect, said
                continue
            at = depth + len(self._paths[vertex.id])
            whole.frames.append(PlacedFrame(rect=rect, depth=at, label=said, node=vertex))
            header = header_extent(said)[1] + HEADER_GAP
            left = rect.x + (rect.width - inner.inner_extent[0]) / 2
            room = rect.height - header - PADDING - inner.inner_extent[1]
            corners[vertex.id] = (left, rect.y + header + room / 2, at + 1)
        for edge in self._small.edges:
            points = tuple((a + x, b + y) for a, b in self._route(edge))
            whole.edges.append(PlacedEdge(edge=edge, points=points, down=self.down))
        return corners

    def _put_plain_frames(
        self, whole: Nested, x: float, y: float, depth: int, rects: Mapping[str, Rect]
    ) -> None:
        for cluster, at in _with_depth(self._root, depth):
            if cluster.name in self._arranged.frames:
                rect = _moved(self._arranged.frames[cluster.name], x, y)
                whole.frames.append(PlacedFrame(rect=rect, depth=at, label=Label(cluster.title)))
        for name in self._grids:
            if self._has_frame(name):
                at = depth + len(self._paths[name])
                whole.frames.append(PlacedFrame(rect=rects[name], depth=at, label=Label("")))

    def _label(self, vertex: Vertex) -> Label:
        path = self._paths[vertex.id]
        around = path[-1] if path else self._name
        return frame_label(vertex, around) if vertex.id in self._inner else label(vertex, around)

    def _extent(self, vertex: Vertex) -> tuple[float, float]:
        said = self._labels[vertex.id]
        inner = self._inner.get(vertex.id)
        return extent(vertex, said) if inner is None else inner.framed_extent(said)

    def _arrange(self) -> Arranged:
        boxes = [
            Box(
                id=v.id,
                width=self._sizes[v.id][0],
                height=self._sizes[v.id][1],
                frames=self._paths[v.id],
                stretches=v.id not in self._grids and not v.is_group,
            )
            for v in self._small.vertices
        ]
        frames = [
            Frame(name=cluster.name, title_width=title_width(cluster.title), title_height=TITLE_HEIGHT)
            for cluster in self._root.below()
        ]
        kinds = {(e.source, e.target): (e.mode, e.quorum, e.critical) for e in self._small.edges}
        words = {(e.source, e.target): _words_room(e) for e in self._small.edges if not self.down}
        return arrange(boxes, list(kinds), frames, down=self.down, kinds=kinds, words=words)

    def _filled_frames(self, grids: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
        """The grids that are all that a group holds, with that group: they need no frame of their own."""
        simple = {c.name: len(c.vertices) for c in self._root.below() if not c.clusters}
        around = {name: self._paths[name][-1] for name in grids if self._paths[name]}
        return {name: group for name, group in around.items() if simple.get(group) == len(grids[name])}

    def _has_frame(self, name: str) -> bool:
        """Whether the grid has a frame of its own: edges need something to end at."""
        return name not in self._filled and name not in self._apart

    def _route(self, edge: Edge) -> list[tuple[float, float]]:
        """The way of the edge; what fills a group is met at the group's border."""
        points = list(self._arranged.routes[edge.source, edge.target])
        for id_, end in ((edge.source, 0), (edge.target, -1)):
            if id_ in self._filled:
                rect = self._arranged.frames[self._filled[id_]]
                x, y = points[end]
                if self.down:
                    points[end] = (x, rect.y if end else rect.y + rect.height)
                else:
                    points[end] = (rect.x if end else rect.x + rect.width, y)
        return points


def _words_room(edge: Edge) -> float:
    """How much of the edge's end its words take; nothing without words."""
    words = edge_label(edge)
    return text_width(words, NOTE_SIZE) + WORDS_GAP + CARDS[0] + 6.0 if words else 0.0


def _moved(rect: Rect, x: float, y: float) -> Rect:
    return Rect(rect.x + x, rect.y + y, rect.width, rect.height)


def _with_depth(cluster: Cluster, depth: int) -> list[tuple[Cluster, int]]:
    """The frames inside, each with how many are around it, outer ones first."""
    found: list[tuple[Cluster, int]] = []
    for inner in cluster.clusters:
        found += [(inner, depth), *_with_depth(inner, depth + 1)]
    return found
