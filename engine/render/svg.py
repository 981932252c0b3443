"""SVG, laid out in plain Python: a picture for where the `dot` program is not there."""

from __future__ import annotations

from typing import Final

from . import svg_legend
from .labels import edge_label, summary
from .legend import legend
from .nested import WORDS_GAP, PlacedEdge, nested
from .palette import CRITICAL, FAILED_LINE, GROUND, LINE, NOTE, TEXT
from .picture import Picture
from .svg_boxes import CARDS, NOTE_SIZE, box
from .svg_elements import arrow_head, element, line_style, path, text
from .svg_frames import frame, header
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
        self._nested = nested(picture)

    def text(self) -> str:
        """The whole document."""
        entries = legend(self._picture)
        title, below = self._picture.name, summary(self._picture)
        width = max(
            self._nested.width + CARDS[0],  # the cards behind a collapsed group stick out
            _LEAST_WIDTH if entries else 0.0,
            text_width(title, _TITLE_SIZE) * 1.06,
            text_width(below, _WORDS_SIZE),
        )
        rows = svg_legend.rows(entries, width)
        under = _MARGIN + _HEAD + self._nested.height + _LEGEND_GAP
        full_width = width + 2 * _MARGIN
        full_height = under + max(svg_legend.LINE * len(rows), _MARGIN - _LEGEND_GAP) + 8.0
        shift = _MARGIN + (width - self._nested.width) / 2 if self._nested.down else _MARGIN
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
        found = self._nested
        parts = [frame(one.rect, one.depth, one.node) for one in found.frames]
        parts += [_edge(placed) for placed in sorted(found.edges, key=lambda e: e.edge.critical)]
        for one in found.frames:
            parts += header(one.rect, one.label, one.node)
        parts += [_edge_words(placed) for placed in found.edges if edge_label(placed.edge)]
        boxes = (vertex for vertex in self._picture.vertices if vertex.id in found.boxes)
        parts += [box(v, found.labels[v.id], found.boxes[v.id]) for v in boxes]
        return "\n" + "\n".join(parts) + "\n"


def _edge(placed: PlacedEdge) -> str:
    edge = placed.edge
    colour, width = FAILED_LINE if edge.mode == "failed" else LINE, 1.3
    if edge.critical:
        colour, width = CRITICAL, 2.5
    return path(placed.points, down=placed.down, style=line_style(colour, width, edge.mode))


def _edge_words(placed: PlacedEdge) -> str:
    """What the edge asks for, at its end."""
    x, y = placed.points[-1]
    words = edge_label(placed.edge)
    if placed.down:
        return text(x + 6, y - 12, words, size=NOTE_SIZE, fill=NOTE, halo=GROUND)
    return text(x - WORDS_GAP, y - 7, words, size=NOTE_SIZE, fill=NOTE, anchor="end", halo=GROUND)
