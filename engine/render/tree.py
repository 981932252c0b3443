"""The tree for a terminal, in box-drawing characters or in plain ASCII."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...schemas.states import NodeState
from ..node_ids import within
from .layout import ROOT, Layout, layout
from .picture import Members, Picture, Vertex
from .words import counted, duration, why

GRID_FROM = 7
"""A group of at least this many plain nodes is set in columns, not one below the other."""

WIDTH = 100
"""Characters in a line where the reader's width is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strokes:
    """The characters that a tree is made of."""

    rail: str
    first: str
    fork: str
    last: str
    split: str
    gap: str
    needs: str
    more: str
    times: str
    plain: str
    critical: str
    states: dict[NodeState, str]


BOXES = Strokes(
    rail="│ ",
    first="╭─",
    fork="├─",
    last="╰─",
    split="┬─",
    gap="  ",
    needs="←",
    more="…",
    times="×",  # noqa: RUF001  # a multiplication sign is what is meant
    plain="○",
    critical="◆",
    states={
        "pending": "·",
        "held": "·",
        "ready": "○",
        "running": "▶",
        "waiting": "?",
        "ok": "✓",
        "failed": "✗",
        "blocked": "⊘",
        "skipped": "–",  # noqa: RUF001  # an en dash is what is meant
        "cancelled": "×",  # noqa: RUF001  # a multiplication sign is what is meant
    },
)

ASCII = Strokes(
    rail="| ",
    first=",-",
    fork="|-",
    last="`-",
    split="+-",
    gap="  ",
    needs="<-",
    more="...",
    times="x",
    plain="o",
    critical="*",
    states={
        "pending": ".",
        "held": ".",
        "ready": "o",
        "running": ">",
        "waiting": "?",
        "ok": "+",
        "failed": "x",
        "blocked": "!",
        "skipped": "-",
        "cancelled": "c",
    },
)

COLOURS: dict[NodeState, str] = {
    "pending": "2",
    "held": "2",
    "ready": "36",
    "running": "36;1",
    "waiting": "33",
    "ok": "32",
    "failed": "31;1",
    "blocked": "33",
    "skipped": "2",
    "cancelled": "35",
}
"""The ANSI codes of each state."""

REASONED: frozenset[NodeState] = frozenset({"failed", "blocked", "skipped", "cancelled", "waiting"})
"""The states whose reason is worth a place in the drawing."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line before it is set: the drawing and name on the left, the remarks on the right.

    `vertex` is None for rails and for the rows of a grid, whose `cells` are drawn instead, each
    `cell` characters wide.
    """

    prefix: str
    vertex: int | None = None
    cells: tuple[int, ...] = ()
    cell: int = 0
    note: str = ""


def tree(picture: Picture, *, boxes: bool = True, width: int | None = None, colour: bool = False) -> str:
    """The picture as lines of at most `width` characters, with a line break after each.

    Read downwards: what stands in one column comes one after the other, what hangs on one rail
    goes side by side. `←` names the needs that the shape does not show.
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
        self._plan: Layout = layout(picture)
        self._modes = {(edge.source, edge.target): edge.mode for edge in picture.edges}

    def text(self) -> str:
        lines = list(self._lines())
        ids = (len(line.prefix) + 2 + len(self._name(line)) for line in lines if line.vertex is not None)
        column = min(max(ids, default=0) + 2, max(self._width // 2, 24))
        drawn = [self._drawn(line, column) for line in lines]
        return "".join(f"{line.rstrip()}\n" for line in [*drawn, *self._legend()])

    # -- the order of lines ---------------------------------------------------------------------------

    def _lines(self) -> Iterator[Line]:
        """All lines from top to bottom. The stack holds columns (group, lead, rest) still to be drawn,
        so that a deep graph needs no deep recursion."""
        stack: list[tuple[int, str, str]] = list(reversed(self._after(ROOT, "", top=True)))
        while stack:
            group, lead, rest = stack.pop()
            if group == ROOT:
                yield Line(rest + self._strokes.rail)
                continue
            yield from self._own_lines(group, lead, rest)
            stack.extend(reversed(self._after(group, rest)))

    def _after(self, group: int, rest: str, *, top: bool = False) -> list[tuple[int, str, str]]:
        """What comes after the group's own lines: its branches, then the column's next group."""
        s = self._strokes
        branches, follower = self._plan.branches[group], self._plan.follower[group]
        columns: list[tuple[int, str, str]] = []
        for number, branch in enumerate(branches):
            is_last = follower is None and number == len(branches) - 1
            if number and self._opens_layer(branches[number - 1], branch):
                columns.append((ROOT, "", rest))
            hook = s.first if top and not columns else s.last if is_last else s.fork
            columns.append((branch, rest + hook, rest + (s.gap if is_last else s.rail)))
        if follower is not None:
            forked = bool(branches) or (group != ROOT and self._is_list(group))
            if self._is_list(follower) and forked:
                columns.append((ROOT, "", rest))
            columns.append((follower, rest, rest))
        return columns

    def _own_lines(self, group: int, lead: str, rest: str) -> Iterator[Line]:
        members = self._plan.members[group]
        if self._is_grid(group):
            yield from self._grid(group, lead, rest)
            return
        if len(members) == 1:
            yield Line(lead, members[0], note=self._note(members[0], group))
            return
        s = self._strokes
        has_more = bool(self._plan.branches[group]) or self._plan.follower[group] is not None
        for number, member in enumerate(members):
            if number == len(members) - 1 and not has_more:
                hook = s.last
            elif number == 0:
                hook = self._opening(lead, rest, group)
            else:
                hook = s.fork
            yield Line((rest if number else lead) + hook, member, note=self._note(member, group))

    def _opening(self, lead: str, rest: str, group: int) -> str:
        if lead != rest:
            return self._strokes.split
        return (
            self._strokes.first if not self._plan.needs[self._plan.members[group][0]] else self._strokes.fork
        )

    def _grid(self, group: int, lead: str, rest: str) -> Iterator[Line]:
        s = self._strokes
        members = self._plan.members[group]
        has_more = bool(self._plan.branches[group]) or self._plan.follower[group] is not None
        room = self._width - len(lead) - 2
        cell = min(room, max(len(self._picture.vertices[m].id) for m in members) + 2)
        per_row = max(1, (room + 2) // (cell + 2))
        starts = range(0, len(members), per_row)
        for start in starts:
            is_last = start == starts[-1]
            hook = s.last if is_last and not has_more else s.fork
            if start == 0 and (len(starts) > 1 or has_more):
                hook = self._opening(lead, rest, group)
            note = self._note(members[0], group) if is_last else ""
            yield Line((rest if start else lead) + hook, None, members[start : start + per_row], cell, note)

    def _opens_layer(self, above: int, group: int) -> bool:
        """Whether a gap before the join `group` helps the eye: what is above lies on another level."""
        vertices, members = self._picture.vertices, self._plan.members
        is_join = len(self._plan.needs[members[group][0]]) > 1
        return is_join and vertices[members[above][0]].level != vertices[members[group][0]].level

    def _is_list(self, group: int) -> bool:
        return len(self._plan.members[group]) > 1

    def _is_grid(self, group: int) -> bool:
        members = self._plan.members[group]
        return len(members) >= GRID_FROM and all(self._is_plain(self._picture.vertices[m]) for m in members)

    def _is_plain(self, vertex: Vertex) -> bool:
        return vertex.condition is None and not (vertex.later or vertex.tags or vertex.members)

    # -- what a line says -----------------------------------------------------------------------------

    def _name(self, line: Line) -> str:
        return self._title(self._picture.vertices[line.vertex]) if line.vertex is not None else ""

    def _title(self, vertex: Vertex) -> str:
        size = f" {self._strokes.times} {vertex.members.size:,}" if vertex.members is not None else ""
        return f"{vertex.id}{size}"

    def _note(self, member: int, group: int) -> str:
        vertex = self._picture.vertices[member]
        parts: list[str] = []
        if vertex.members is not None:
            parts.extend(self._member_words(vertex, vertex.members))
        elif vertex.state is not None and not self._is_grid(group):
            took = f" {duration(vertex.duration_ms)}" if vertex.duration_ms is not None else ""
            parts.append(f"{vertex.state}{took}")
            if vertex.state in REASONED and vertex.reason:
                parts.append(why(vertex.state, vertex.reason))
        needs = self._needs(member)
        if needs:
            parts.append(f"{self._strokes.needs} {needs}")
        if vertex.condition is not None:
            parts.append(f"if {vertex.condition}")
        parts.extend(f"#{tag}" for tag in vertex.tags)
        if vertex.later:
            parts.append(f"not built yet: {', '.join(vertex.later)}")
        return "  ".join(parts)

    def _member_words(self, vertex: Vertex, members: Members) -> Iterator[str]:
        if members.counts:
            yield counted(dict(members.counts))
        if vertex.duration_ms is not None:
            yield f"{duration(vertex.duration_ms)} of work"
        if members.failed:
            more = dict(members.counts)["failed"] - len(members.failed)
            names = ", ".join(within(id_, vertex.id) for id_ in members.failed)
            yield f"failed: {names}{f' and {more:,} more' if more else ''}"

    def _needs(self, member: int) -> str:
        """The needs in words, or nothing for a single one that must be ok: that the shape shows."""
        vertices = self._picture.vertices
        named = [vertices[source].id for source in self._plan.needs[member]]
        modes = [self._modes.get((source, vertices[member].id), "ok") for source in named]
        if len(named) < 2 and "ok" in modes:
            return ""
        common = modes[0] if modes and len(set(modes)) == 1 else None
        told = [
            name if common or mode == "ok" else f"{name} ({mode})"
            for name, mode in zip(named, modes, strict=True)
        ]
        if len(told) > 4:
            told = [*told[:3], f"{len(told) - 3} more"]
        text = ", ".join(told) if len(named) <= 4 else f"{', '.join(told[:3])} and {told[3]}"
        if common in {None, "ok"}:
            return text
        return f"{text} ({'each ' if len(named) > 1 else ''}{common})" if text else ""

    def _legend(self) -> list[str]:
        vertices = self._picture.vertices
        critical = sum(vertex.critical for vertex in vertices)
        if self._picture.has_states or critical in {0, len(vertices)}:
            return []
        # How many nodes of a collapsed group are on it is not known.
        is_whole = all(vertex.members is None for vertex in vertices)
        count = f": {critical} of {len(vertices)} nodes" if is_whole else ""
        return ["", f"{self._strokes.critical} critical path{count}"]

    # -- setting a line -------------------------------------------------------------------------------

    def _drawn(self, line: Line, column: int) -> str:
        if line.cells:
            return self._drawn_cells(line)
        if line.vertex is None:
            return self._paint(line.prefix, "2")
        vertex = self._picture.vertices[line.vertex]
        room = self._width - len(line.prefix) - 2
        name = self._clipped(self._title(vertex), room)
        used = len(line.prefix) + 2 + len(name)
        padding = " " * max(2, column - used)
        note = self._clipped(line.note, self._width - used - len(padding))
        shown = self._paint(name, "1") if vertex.critical else name
        text = f"{self._paint(line.prefix, '2')}{self._glyph(vertex)} {shown}"
        return f"{text}{padding}{self._paint(note, '2')}" if note else text

    def _drawn_cells(self, line: Line) -> str:
        vertices = [self._picture.vertices[member] for member in line.cells]
        cells = [f"{self._glyph(v)} {self._clipped(v.id, line.cell - 2):<{line.cell - 2}}" for v in vertices]
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
