"""SVG, laid out in plain Python: a picture for where the `dot` program is not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from . import svg_legend
from .clusters import Cluster, clusters, paths
from .direction import flows_down
from .grids import GAP, grid, gridded
from .labels import edge_label, label, summary
from .layered import Arranged, Box, Frame, Rect, arrange
from .legend import legend
from .palette import CRITICAL, FAILED_LINE, FRAMES, GROUND, LINE, NOTE, TEXT
from .picture import Edge, Picture
from .svg_boxes import NOTE_SIZE, box, extent
from .svg_elements import arrow_head, element, line_style, path, rounded, text
from .text_width import text_width

_TITLE_SIZE: Final = 18
_WORDS_SIZE: Final = NOTE_SIZE + 1
_MARGIN: Final = 24.0
_HEAD: Final = 56.0
_LEGEND_GAP: Final = 20.0
_LEAST_WIDTH: Final = 320.0


def svg(picture: Picture) -> str:
    """The picture as one SVG document that needs nothing else: no script, no style sheet, no font."""
    return _Drawing(picture).text()


class _Drawing:
    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._root = clusters(picture)
        self._paths = paths(self._root)
        around = {id_: path[-1] if path else "" for id_, path in self._paths.items()}
        self._labels = {v.id: label(v, around[v.id]) for v in picture.vertices}
        self._small, members = gridded(picture)
        self._paths |= {name: self._paths[ids[0]] for name, ids in members.items()}
        self._filled = self._filled_frames(members)
        sizes = {v.id: extent(v, self._labels[v.id]) for v in picture.vertices}
        self._grids = {
            name: grid(ids, [sizes[id_] for id_ in ids], margin=0.0 if name in self._filled else GAP)
            for name, ids in members.items()
        }
        self._sizes = sizes | {name: found.extent for name, found in self._grids.items()}
        self._down = flows_down(self._small)
        self._arranged = self._arrange()

    def _arrange(self) -> Arranged:
        boxes = [
            Box(
                id=v.id,
                width=self._sizes[v.id][0],
                height=self._sizes[v.id][1],
                frames=self._paths[v.id],
                stretches=v.id not in self._grids,
            )
            for v in self._small.vertices
        ]
        frames = [
            Frame(name=cluster.name, title_width=text_width(cluster.title, _WORDS_SIZE), title_height=16.0)
            for cluster in self._root.below()
        ]
        kinds = {(e.source, e.target): (e.mode, e.quorum, e.critical) for e in self._small.edges}
        return arrange(boxes, list(kinds), frames, down=self._down, kinds=kinds)

    def text(self) -> str:
        """The whole document."""
        entries = legend(self._picture)
        title, below = self._picture.name, summary(self._picture)
        width = max(
            self._arranged.width + 6.0,  # the cards behind a collapsed group stick out
            _LEAST_WIDTH if entries else 0.0,
            text_width(title, _TITLE_SIZE) * 1.06,
            text_width(below, _WORDS_SIZE),
        )
        rows = svg_legend.rows(entries, width)
        under = _MARGIN + _HEAD + self._arranged.height + _LEGEND_GAP
        full_width = width + 2 * _MARGIN
        full_height = under + max(svg_legend.LINE * len(rows), _MARGIN - _LEGEND_GAP) + 8.0
        shift = _MARGIN + (width - self._arranged.width) / 2 if self._down else _MARGIN
        body = [
            element("title", {}, title),
            element("defs", {}, "".join(map(arrow_head, (LINE, FAILED_LINE, CRITICAL))), raw=True),
            element("rect", {"width": "100%", "height": "100%", "rx": 8, "fill": GROUND}),
            text(_MARGIN, _MARGIN + 16, title, size=_TITLE_SIZE, fill=TEXT, bold=True),
            text(_MARGIN, _MARGIN + 36, below, size=_WORDS_SIZE, fill=NOTE),
            element(
                "g", {"transform": f"translate({shift:.1f} {_MARGIN + _HEAD:.1f})"}, self._graph(), raw=True
            ),
            *svg_legend.drawn(rows, _MARGIN, under),
        ]
        attributes = {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": full_width,
            "height": full_height,
            "viewBox": f"0 0 {full_width:.1f} {full_height:.1f}",
            "font-family": "Helvetica, Arial, sans-serif",
            "role": "img",
        }
        return element("svg", attributes, "\n" + "\n".join(body) + "\n", raw=True) + "\n"

    def _graph(self) -> str:
        """Frames behind edges behind words and boxes; critical edges over the others."""
        clusters = list(self._root.below())
        depth = {name: at for around in self._paths.values() for at, name in enumerate(around)}
        parts = [self._frame(self._arranged.frames[c.name], depth[c.name]) for c in clusters]
        parts += [
            self._frame(self._arranged.boxes[name], len(self._paths[name]))
            for name in self._grids
            if name not in self._filled
        ]
        parts += [self._edge(edge) for edge in sorted(self._small.edges, key=lambda e: e.critical)]
        parts += [self._frame_title(cluster) for cluster in clusters]
        parts += [self._edge_words(edge) for edge in self._small.edges if edge_label(edge)]
        rects = dict(self._arranged.boxes)
        for name, found in self._grids.items():
            rects |= found.cells(rects[name])
        parts += [box(v, self._labels[v.id], rects[v.id]) for v in self._picture.vertices]
        return "\n" + "\n".join(parts) + "\n"

    def _filled_frames(self, grids: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
        """The grids that are all that a group holds, with that group: they need no frame of their own."""
        simple = {c.name: len(c.vertices) for c in self._root.below() if not c.clusters}
        around = {name: self._paths[name][-1] for name in grids if self._paths[name]}
        return {name: group for name, group in around.items() if simple.get(group) == len(grids[name])}

    def _frame(self, rect: Rect, depth: int) -> str:
        fill, border = FRAMES[depth % len(FRAMES)]
        return rounded(rect, fill=fill, stroke=border, radius=10)

    def _frame_title(self, cluster: Cluster) -> str:
        rect = self._arranged.frames[cluster.name]
        words = cluster.title
        return text(rect.x + 12, rect.y + 19, words, size=_WORDS_SIZE, fill=NOTE, bold=True, halo=GROUND)

    def _edge(self, edge: Edge) -> str:
        points = self._route(edge)
        colour, width = FAILED_LINE if edge.mode == "failed" else LINE, 1.3
        if edge.critical:
            colour, width = CRITICAL, 2.5
        return path(points, down=self._down, style=line_style(colour, width, edge.mode))

    def _route(self, edge: Edge) -> list[tuple[float, float]]:
        """The way of the edge; what fills a group is met at the group's border."""
        points = list(self._arranged.routes[edge.source, edge.target])
        for id_, end in ((edge.source, 0), (edge.target, -1)):
            if id_ in self._filled:
                rect = self._arranged.frames[self._filled[id_]]
                x, y = points[end]
                if self._down:
                    points[end] = (x, rect.y if end else rect.y + rect.height)
                else:
                    points[end] = (rect.x if end else rect.x + rect.width, y)
        return points

    def _edge_words(self, edge: Edge) -> str:
        """What the edge asks for, at its end."""
        x, y = self._route(edge)[-1]
        words = edge_label(edge)
        if self._down:
            return text(x + 6, y - 12, words, size=NOTE_SIZE, fill=NOTE, halo=GROUND)
        return text(x - 12, y - 7, words, size=NOTE_SIZE, fill=NOTE, anchor="end", halo=GROUND)
