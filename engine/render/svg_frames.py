"""The frames of groups in an SVG drawing, and what they say."""

from __future__ import annotations

from typing import Final

from .labels import Label, tooltip
from .layered import Rect
from .palette import CRITICAL, FILLS, FRAMES, GROUND, NOTE, PLAIN, TEXT
from .picture import Vertex
from .svg_boxes import CARDS, NAME_SIZE, NOTE_SIZE
from .svg_elements import element, rounded, text
from .text_width import text_width

PADDING: Final = 14.0
"""Between a group node's frame and what lies in it."""

HEADER_GAP: Final = 12.0
"""Between what a frame says and what lies in it."""

TITLE_HEIGHT: Final = 16.0
"""What the title of a group that only the ids tell of takes."""

_TITLE_SIZE: Final = NOTE_SIZE + 1
_RADIUS: Final = 10
_NAME_LINE: Final = 22.0
_NOTE_LINE: Final = 15.0
_KIND_GAP: Final = 8.0
_SWATCH: Final = 11.0
_SWATCH_GAP: Final = 6.0


def title_width(title: str) -> float:
    """The width of the title of a group that only the ids tell of."""
    return text_width(title, _TITLE_SIZE)


def header_extent(said: Label) -> tuple[float, float]:
    """Width and height of what the frame of a group node says at its top."""
    notes = [text_width(note, NOTE_SIZE) for note in said.notes]
    first = _SWATCH + _SWATCH_GAP + _name_width(said) + _KIND_GAP + text_width(said.kind, NOTE_SIZE)
    return max(first, *notes, 0.0), 6.0 + _NAME_LINE + _NOTE_LINE * len(said.notes)


def frame(rect: Rect, depth: int, node: Vertex | None) -> str:
    """The frame without its words; that of a node has the colour of its state, and says in a tooltip what
    is known of it. One that stands for others lies on cards."""
    fill, border = FRAMES[depth % len(FRAMES)]
    if node is None:
        return rounded(rect, fill=fill, stroke=border, radius=_RADIUS)
    border = FILLS[node.state][1] if node.state is not None else PLAIN[1]
    stroke, width = (CRITICAL, 2.5) if node.critical else (border, 1.2)
    parts = [element("title", {}, tooltip(node))]
    for at in CARDS if node.stands_for else ():
        card = Rect(rect.x + at, rect.y + at, rect.width, rect.height)
        parts.append(rounded(card, fill=fill, stroke=border, radius=_RADIUS))
    parts.append(rounded(rect, fill=fill, stroke=stroke, width=width, radius=_RADIUS))
    return element("g", {}, "".join(parts), raw=True)


def header(rect: Rect, said: Label, node: Vertex | None) -> list[str]:
    """The words of the frame, a node's behind a spot of the colour of its state."""
    x, y = rect.x + 12, rect.y + 21
    if node is None:
        title = text(x, y - 2, said.name, size=_TITLE_SIZE, fill=NOTE, bold=True, halo=GROUND)
        return [title] if said.name else []
    lines = []
    if node.state is not None:
        fill, border = FILLS[node.state]
        lines.append(rounded(Rect(x, y - 10, _SWATCH, _SWATCH), fill=fill, stroke=border, radius=4))
    first = x + (_SWATCH + _SWATCH_GAP if node.state is not None else 0.0)
    lines.append(text(first, y, said.name, size=NAME_SIZE, fill=TEXT, bold=True, halo=GROUND))
    first += _name_width(said) + _KIND_GAP
    lines.append(text(first, y, said.kind, size=NOTE_SIZE, fill=NOTE, halo=GROUND))
    for at, note in enumerate(said.notes):
        below = y + _NOTE_LINE * (at + 1)
        lines.append(text(x, below, note, size=NOTE_SIZE, fill=NOTE, halo=GROUND))
    return lines


def _name_width(said: Label) -> float:
    # Names are bold, which is wider.
    return text_width(said.name, NAME_SIZE) * 1.06
