"""The legend below an SVG drawing."""

from __future__ import annotations

from typing import Final

from .layered import Rect
from .legend import Entry
from .palette import NOTE
from .svg_elements import line_style, path, rounded, text
from .text_width import text_width

LINE: Final = 24.0
"""How high a line of the legend is."""

_SIZE: Final = 11
_WORDS_AT: Final = 34.0
_GAP: Final = 18.0


def rows(entries: list[Entry], width: float) -> list[list[tuple[float, Entry]]]:
    """The entries in lines of this width, each with where it starts."""
    found: list[list[tuple[float, Entry]]] = []
    x = 0.0
    for entry in entries:
        needed = _WORDS_AT + text_width(entry.words, _SIZE)
        if not found or x + needed > width:
            found.append([])
            x = 0.0
        found[-1].append((x, entry))
        x += needed + _GAP
    return found


def drawn(lines: list[list[tuple[float, Entry]]], left: float, top: float) -> list[str]:
    """The lines, the first one at `top`."""
    parts = []
    for at, line in enumerate(lines):
        y = top + at * LINE
        for x, entry in line:
            parts.append(_swatch(entry, left + x, y))
            parts.append(text(left + x + _WORDS_AT, y + 12, entry.words, size=_SIZE, fill=NOTE))
    return parts


def _swatch(entry: Entry, x: float, y: float) -> str:
    if entry.fill:
        return rounded(Rect(x, y, 26, 16), fill=entry.fill, stroke=entry.stroke, radius=4)
    style = line_style(entry.stroke, entry.width, entry.mode)
    return path([(x, y + 8), (x + 26, y + 8)], down=False, style=style, head=False)
