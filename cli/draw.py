"""Draws errors for people: what is wrong, the line with the place underlined, and what to do.

```
error[ME301]: task `merge` is part of a cycle: merge -> review -> draft -> merge
  --> release.yaml:14:13
   |
14 |     needs: [review]
   |             ^^^^^^

hint: drop one of these `needs`, or use `repeat` for a loop
```
"""

from __future__ import annotations

import unicodedata

from ..schemas.errors.base import InputErrors, MetaEnsembleError
from ..schemas.span import Span
from .plain import visible
from .terminal import paint

LINE_WIDTH = 100
"""Cells of the screen for a line of the file; of a longer one the part around the place is shown."""

TAB = "    "
CUT = "..."
_RED, _YELLOW, _BLUE, _BOLD = "31;1", "33;1", "34;1", "1"


def draw(error: MetaEnsembleError, *, colour: bool = False, width: int = LINE_WIDTH) -> str:
    """`error` as text that ends in a line end; of `InputErrors` each, and how many there are."""
    if not isinstance(error, InputErrors):
        return _one(error, colour=colour, width=width)
    drawings = [_one(single, colour=colour, width=width) for single in error.errors]
    if len(drawings) > 1:
        drawings.append(f"{visible(error.message)}\n")
    return "\n".join(drawings)


def draw_warning(warning: MetaEnsembleError, *, colour: bool = False, width: int = LINE_WIDTH) -> str:
    """`warning` in the same way: something that is no hindrance."""
    return _one(warning, colour=colour, width=width, word="warning", paint_word=_YELLOW)


def _one(
    error: MetaEnsembleError, *, colour: bool, width: int, word: str = "error", paint_word: str = _RED
) -> str:
    head = paint(f"{word}[{error.code}]" if error.code else word, paint_word, colour=colour)
    lines = [f"{head}: {paint(visible(error.message), _BOLD, colour=colour)}"]
    if error.span is not None:
        lines += _excerpt(error.span, colour=colour, width=width)
    elif error.flag is not None:
        lines.append(f" {paint('-->', _BLUE, colour=colour)} {visible(error.flag)}")
    if error.hint:
        lines += ["", f"{paint('hint', _BLUE, colour=colour)}: {visible(error.hint)}"]
    return "".join(f"{line}\n" for line in lines)


def _excerpt(span: Span, *, colour: bool, width: int) -> list[str]:
    """The place, and the line of the file above an underline."""
    number = str(span.line)
    margin = " " * len(number)
    bar = paint("|", _BLUE, colour=colour)
    arrow = paint("-->", _BLUE, colour=colour)
    place = [f"{margin}{arrow} {visible(span.file)}:{span.line}:{span.column}"]
    if not span.text.strip():
        return place
    text, before, under = _windowed(span, width)
    carets = paint("^" * under, _RED, colour=colour)
    return [
        *place,
        f"{margin} {bar}",
        f"{paint(number, _BLUE, colour=colour)} {bar} {text}",
        f"{margin} {bar} {' ' * before}{carets}",
    ]


def _windowed(span: Span, width: int) -> tuple[str, int, int]:
    """The text to show, the cells before the underline, and the cells to underline."""
    cells = [visible(character, tab=TAB).replace("\n", "\ufffd") for character in span.text.rstrip()]
    first = min(span.column - 1, len(cells))
    last = min(max(first + span.length, first), len(cells))
    start, end = _window([_width(cell) for cell in cells], first, width)
    left = CUT if start else ""
    right = CUT if end < len(cells) else ""
    before = len(left) + _total(cells[start:first])
    under = max(_total(cells[first : min(last, end)]), 1)
    return f"{left}{''.join(cells[start:end])}{right}", before, under


def _window(widths: list[int], first: int, width: int) -> tuple[int, int]:
    """From where to where a line is shown of which position `first` must be seen."""
    if sum(widths) <= width:
        return 0, len(widths)
    room = width - 2 * len(CUT)
    start, taken = first, 0
    while start and taken + widths[start - 1] <= room // 3:
        start -= 1
        taken += widths[start]
    end = first
    while end < len(widths) and taken + widths[end] <= room:
        taken += widths[end]
        end += 1
    while start and taken + widths[start - 1] <= room:
        start -= 1
        taken += widths[start]
    return start, max(end, min(first + 1, len(widths)))


def _total(cells: list[str]) -> int:
    return sum(_width(cell) for cell in cells)


def _width(text: str) -> int:
    """The cells of the screen that `text` takes."""
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
