"""The tree for a terminal, in box-drawing characters or in plain ASCII."""

from __future__ import annotations

from collections.abc import Iterator

from .columns import Columns, Inside, Line
from .insides import OUTERMOST, insides
from .picture import Picture, Vertex
from .strokes import ASCII, BOXES, COLOURS, Strokes
from .tree_words import title

WIDTH = 100
"""Characters in a line where the reader's width is not known."""


def tree(picture: Picture, *, boxes: bool = True, width: int | None = None, colour: bool = False) -> str:
    """The picture as lines of at most `width` characters, with a line break after each.

    Read downwards: what stands in one column comes one after the other, what hangs on one rail
    goes side by side, and what stands behind `┊` is inside the group above it. `←` names the needs that
    the shape does not show.
    """
    if not picture.vertices:
        return ""
    return _Tree(picture, BOXES if boxes else ASCII, width or WIDTH, colour).text()


class _Tree:
    def __init__(self, picture: Picture, strokes: Strokes, width: int, colour: bool) -> None:
        self._picture = picture
        self._strokes = strokes
        self._width = width
        self._colour = colour
        self._insides = insides(picture)

    def text(self) -> str:
        lines = list(self._lines())
        ids = (len(line.prefix) + 2 + len(self._title(line.vertex)) for line in lines if line.vertex)
        column = min(max(ids, default=0) + 2, max(self._width // 2, 24))
        drawn = [self._drawn(line, column) for line in lines]
        return "".join(f"{line.rstrip()}\n" for line in [*drawn, *self._legend()])

    def _lines(self) -> Iterator[Line]:
        """All lines from top to bottom, groups opened where they stand."""
        stack = [self._columns(Inside(OUTERMOST, ""))]
        while stack:
            line = next(stack[-1], None)
            if line is None:
                stack.pop()
            elif isinstance(line, Inside):
                stack.append(self._columns(line))
            else:
                yield line

    def _columns(self, place: Inside) -> Iterator[Line | Inside]:
        picture = self._insides[place.group]
        return Columns(picture, place.prefix, self._strokes, self._width, self._insides).lines()

    def _title(self, vertex: Vertex) -> str:
        return title(vertex, self._strokes)

    def _legend(self) -> list[str]:
        nodes = [vertex for vertex in self._picture.vertices if not vertex.is_group]
        critical = sum(vertex.critical for vertex in nodes)
        if self._picture.has_states or critical in {0, len(nodes)}:
            return []
        # How many nodes of a collapsed group are on it is not known.
        is_whole = len(nodes) == self._picture.size
        count = f": {critical} of {len(nodes)} nodes" if is_whole else ""
        return ["", f"{self._strokes.critical} critical path{count}"]

    # -- setting a line -------------------------------------------------------------------------------

    def _drawn(self, line: Line, column: int) -> str:
        if line.cells:
            return self._drawn_cells(line)
        if line.vertex is None:
            return self._paint(line.prefix, "2")
        room = self._width - len(line.prefix) - 2
        name = self._clipped(self._title(line.vertex), room)
        used = len(line.prefix) + 2 + len(name)
        padding = " " * max(2, column - used)
        note = self._clipped(line.note, self._width - used - len(padding))
        shown = self._paint(name, "1") if line.vertex.critical else name
        text = f"{self._paint(line.prefix, '2')}{self._glyph(line.vertex)} {shown}"
        return f"{text}{padding}{self._paint(note, '2')}" if note else text

    def _drawn_cells(self, line: Line) -> str:
        room = line.cell - 2
        cells = [f"{self._glyph(v)} {self._clipped(self._title(v), room):<{room}}" for v in line.cells]
        row = f"{self._paint(line.prefix, '2')}{'  '.join(cells)}"
        used = len(line.prefix) + len(cells) * (line.cell + 2) - 2
        note = self._clipped(line.note, self._width - used - 2)
        return f"{row}  {self._paint(note, '2')}" if note else row

    def _glyph(self, vertex: Vertex) -> str:
        s = self._strokes
        if vertex.state is not None:
            return self._paint(s.states[vertex.state], COLOURS[vertex.state])
        return self._paint(s.critical, "33;1") if vertex.critical else s.plain

    def _paint(self, text: str, codes: str) -> str:
        return f"\x1b[{codes}m{text}\x1b[0m" if self._colour and text.strip() else text

    def _clipped(self, text: str, room: int) -> str:
        if len(text) <= room:
            return text
        more = self._strokes.more
        return text[: max(0, room - len(more))].rstrip() + more if room > len(more) else ""
