"""The lines of the terminal's tree, in their order: columns and rails, before anything is set."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from .layout import ROOT, Layout, layout
from .picture import Picture, Vertex
from .strokes import Strokes
from .tree_words import needs_in_words, remarks, title

GRID_FROM = 7
"""A list of at least this many plain nodes is set in columns, not one below the other."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the drawing and the vertex on the left, the remarks on the right.

    `vertex` is None for rails and for the rows of a grid, whose `cells` are drawn instead, each
    `cell` characters wide.
    """

    prefix: str
    vertex: Vertex | None = None
    cells: tuple[Vertex, ...] = ()
    cell: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Inside:
    """Here come the lines of what lies in the group, each behind the prefix."""

    group: str
    prefix: str


class Columns:
    """The lines of what lies side by side, behind a prefix. `opened` are the groups that are drawn open."""

    def __init__(
        self, picture: Picture, prefix: str, strokes: Strokes, width: int, opened: Collection[str]
    ) -> None:
        self._vertices = picture.vertices
        self._prefix = prefix
        self._strokes = strokes
        self._width = width
        self._opened = opened
        self._plan: Layout = layout(picture)
        self._modes = {(edge.source, edge.target): edge.mode for edge in picture.edges}

    def lines(self) -> Iterator[Line | Inside]:
        """From top to bottom. The stack holds columns (group, lead, rest) still to be drawn, so that a
        deep graph needs no deep recursion."""
        stack: list[tuple[int, str, str]] = list(reversed(self._after(ROOT, self._prefix, top=True)))
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

    def _own_lines(self, group: int, lead: str, rest: str) -> Iterator[Line | Inside]:
        members = self._plan.members[group]
        if self._is_grid(group):
            yield from self._grid(group, lead, rest)
            return
        if len(members) == 1:
            yield from self._vertex_lines(members[0], lead, rest)
            return
        s = self._strokes
        for number, member in enumerate(members):
            is_last = number == len(members) - 1 and not self._has_more(group)
            hook = s.last if is_last else s.fork if number else self._opening(lead, rest, group)
            yield from self._vertex_lines(
                member, (rest if number else lead) + hook, rest + (s.gap if is_last else s.rail)
            )

    def _vertex_lines(self, member: int, lead: str, rest: str) -> Iterator[Line | Inside]:
        vertex = self._vertices[member]
        yield Line(lead, vertex, note=self._note(member))
        if vertex.id in self._opened:
            yield Inside(vertex.id, rest + self._strokes.inside)

    def _opening(self, lead: str, rest: str, group: int) -> str:
        if lead != rest:
            return self._strokes.split
        return (
            self._strokes.first if not self._plan.needs[self._plan.members[group][0]] else self._strokes.fork
        )

    def _grid(self, group: int, lead: str, rest: str) -> Iterator[Line]:
        s = self._strokes
        members = [self._vertices[member] for member in self._plan.members[group]]
        room = self._width - len(lead) - 2
        cell = min(room, max(len(title(vertex, s)) for vertex in members) + 2)
        per_row = max(1, (room + 2) // (cell + 2))
        starts = range(0, len(members), per_row)
        for start in starts:
            is_last = start == starts[-1]
            hook = s.last if is_last and not self._has_more(group) else s.fork
            if start == 0 and (len(starts) > 1 or self._has_more(group)):
                hook = self._opening(lead, rest, group)
            needs = self._needs(self._plan.members[group][0])
            note = f"{s.needs} {needs}" if is_last and needs else ""
            row = tuple(members[start : start + per_row])
            yield Line((rest if start else lead) + hook, None, row, cell, note)

    def _has_more(self, group: int) -> bool:
        return bool(self._plan.branches[group]) or self._plan.follower[group] is not None

    def _opens_layer(self, above: int, group: int) -> bool:
        """Whether a gap before the join `group` helps the eye: what is above lies on another level."""
        members = self._plan.members
        is_join = len(self._plan.needs[members[group][0]]) > 1
        return is_join and self._level(members[above][0]) != self._level(members[group][0])

    def _level(self, member: int) -> int:
        return self._vertices[member].level

    def _is_list(self, group: int) -> bool:
        return len(self._plan.members[group]) > 1

    def _is_grid(self, group: int) -> bool:
        members = self._plan.members[group]
        return len(members) >= GRID_FROM and all(self._is_plain(self._vertices[m]) for m in members)

    def _is_plain(self, vertex: Vertex) -> bool:
        is_node = not vertex.is_group and vertex.members is None
        return is_node and vertex.condition is None and not (vertex.later or vertex.tags)

    def _note(self, member: int) -> str:
        vertex = self._vertices[member]
        return remarks(vertex, self._strokes, is_open=vertex.id in self._opened, needs=self._needs(member))

    def _needs(self, member: int) -> str:
        sources = [self._vertices[source] for source in self._plan.needs[member]]
        return needs_in_words(sources, self._vertices[member], self._modes)
