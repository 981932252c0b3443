"""The boxes of nodes in an SVG drawing."""

from __future__ import annotations

from typing import Final

from .labels import Label, tooltip
from .layered import Rect
from .palette import CRITICAL, FILLS, NOTE, PLAIN, TEXT
from .picture import Vertex
from .svg_elements import element, rounded, text
from .text_width import text_width

NAME_SIZE: Final = 13
NOTE_SIZE: Final = 11
_PADDING: Final = 14.0
_NAME_LINE: Final = 18.0
_NOTE_LINE: Final = 15.0
CARDS: Final = (6, 3)
"""How far the cards behind what stands for many stick out."""


def extent(vertex: Vertex, said: Label) -> tuple[float, float]:
    """Width and height of the box, so that all its lines fit."""
    # Names are bold, which is wider.
    widths = [text_width(said.name, NAME_SIZE) * 1.06, *(text_width(note, NOTE_SIZE) for note in said.notes)]
    height = 18.0 + _NAME_LINE + _NOTE_LINE * len(said.notes) + _bar_height(vertex)
    return max(64.0, *widths) + 2 * _PADDING, height


def box(vertex: Vertex, said: Label, rect: Rect) -> str:
    """The box with its lines; what stands for many as a stack of cards, a collapsed group with its states
    as a bar."""
    fill, border = FILLS[vertex.state] if vertex.state is not None else PLAIN
    stroke, width = (CRITICAL, 2.5) if vertex.critical else (border, 1.2)
    parts = [element("title", {}, tooltip(vertex))]
    for at in CARDS if vertex.members is not None or vertex.stands_for else ():
        card = Rect(rect.x + at, rect.y + at, rect.width, rect.height)
        parts.append(rounded(card, fill=fill, stroke=border, radius=7))
    parts.append(rounded(rect, fill=fill, stroke=stroke, width=width, radius=7))
    parts.extend(_lines(vertex, said, rect))
    parts.extend(_bar(vertex, rect))
    return element("g", {}, "".join(parts), raw=True)


def _lines(vertex: Vertex, said: Label, rect: Rect) -> list[str]:
    middle = rect.x + rect.width / 2
    height = _NAME_LINE + _NOTE_LINE * len(said.notes)
    y = rect.y + (rect.height - _bar_height(vertex) - height) / 2 + 13
    lines = [text(middle, y, said.name, size=NAME_SIZE, fill=TEXT, bold=True, anchor="middle")]
    for at, note in enumerate(said.notes):
        below = y + _NAME_LINE - 2 + _NOTE_LINE * at
        lines.append(text(middle, below, note, size=NOTE_SIZE, fill=NOTE, anchor="middle"))
    return lines


def _bar_height(vertex: Vertex) -> float:
    return 8.0 if vertex.members is not None and vertex.members.counts else 0.0


def _bar(vertex: Vertex, rect: Rect) -> list[str]:
    """A collapsed group's states as shares of a bar; no state is too rare to be seen."""
    if vertex.members is None or not vertex.members.counts:
        return []
    whole, x = rect.width - 2 * _PADDING, rect.x + _PADDING
    shares = [max(count / vertex.members.size, 0.02) for _, count in vertex.members.counts]
    bars = []
    for (state, _), share in zip(vertex.members.counts, shares, strict=True):
        width = whole * share / sum(shares)
        bar = {"x": x, "y": rect.y + rect.height - 13, "width": width, "height": 5.0, "fill": FILLS[state][1]}
        bars.append(element("rect", bar))
        x += width
    return bars
