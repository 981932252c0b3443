"""Tables of text: aligned columns, cut to the terminal where there is one."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence

from .plain import plain
from .terminal import columns, has_boxes, has_colour, paint

GAP = "  "


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[str] = (),
    whole: Sequence[str] = (),
    width: int | None = None,
) -> str:
    """The rows below their heads, as lines for stdout; `right` names the columns set to the right,
    `whole` those that are never cut, because people copy what they hold.

    The widest column gives way first when the terminal (or `width`) is too narrow; a pipe gets
    everything. Line breaks and control characters inside a cell are shown as spaces.
    """
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = [max([_wide(head), *(_wide(row[i]) for row in cells)]) for i, head in enumerate(heads)]
    limit = width if width is not None else columns(sys.stdout)
    if limit is not None:
        _narrow(widths, limit - len(GAP) * (len(widths) - 1), [head not in whole for head in heads])
    more = "…" if has_boxes(sys.stdout) else "~"
    colour = has_colour(sys.stdout)
    lines = [paint(_line(heads, widths, heads, right, more), "2", colour=colour)]
    lines += [_line(row, widths, heads, right, more) for row in cells]
    return "".join(f"{line}\n" for line in lines)


def _line(
    row: Sequence[str], widths: Sequence[int], heads: Sequence[str], right: Sequence[str], more: str
) -> str:
    parts = []
    for cell, width, head in zip(row, widths, heads, strict=True):
        text = _cut(cell, width, more)
        padding = " " * (width - _wide(text))
        parts.append(padding + text if head in right else text + padding)
    return GAP.join(parts).rstrip()


def _narrow(widths: list[int], limit: int, can_give: Sequence[bool]) -> None:
    """Take from the widest column that can give until all fit, but leave each at least 4."""
    givers = [at for at, gives in enumerate(can_give) if gives]
    while sum(widths) > limit:
        widest = max(givers, key=widths.__getitem__, default=None)
        if widest is None or widths[widest] <= 4:
            return
        widths[widest] -= 1


def _cut(text: str, width: int, more: str) -> str:
    if _wide(text) <= width:
        return text
    kept = ""
    room = width - len(more)
    for char in text:
        room -= _wide(char)
        if room < 0:
            break
        kept += char
    return kept + more


def _wide(text: str) -> int:
    """The cells that a terminal takes for the text (East Asian wide characters take two)."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
