"""How the terminal's tree is laid out.

A DAG is no tree, so something has to give. Here every node is drawn once, below what all ways to it
run through: its immediate dominator (Cooper, Harvey and Kennedy, "A Simple, Fast Dominance
Algorithm", 2001; on a DAG one pass in topological order is enough). Where the ways out of a node
meet again, the place where they meet goes back to that node's own column, so that a chain stays in
one column, a diamond opens and closes, and only a true fork indents. Nodes with the same needs and
the same consumers are drawn as one group. Needs that the shape does not show are written beside
the node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .picture import Picture

ROOT = -1
"""Stands before the first and after the last group; it is not drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Groups of vertices by number, in topological order.

    `members[g]` are positions in the picture's vertices. `branches[g]` are the groups that fork off
    after g, `follower[g]` the one that goes on in the same column, or None; key `ROOT` starts it all.
    `needs[v]` are the positions of the vertices that v needs.
    """

    members: tuple[tuple[int, ...], ...]
    branches: dict[int, tuple[int, ...]]
    follower: dict[int, int | None]
    needs: tuple[tuple[int, ...], ...]


def layout(picture: Picture) -> Layout:
    """Where everything goes; O((nodes + edges) * depth of the nesting)."""
    position = {vertex.id: at for at, vertex in enumerate(picture.vertices)}
    size = len(position)
    needs: list[list[int]] = [[] for _ in range(size)]
    feeds: list[list[int]] = [[] for _ in range(size)]
    for edge in picture.edges:
        needs[position[edge.target]].append(position[edge.source])
        feeds[position[edge.source]].append(position[edge.target])
    members, group_of = _grouped(picture, needs, feeds)
    before = [sorted({group_of[n] for n in needs[group[0]]}) for group in members]
    after = [sorted({group_of[n] for n in feeds[group[0]]}) for group in members]
    parent = _dominators(before)
    meeting = _dominators(list(reversed(_mirrored(after, len(members)))))
    meeting_of = [_mirror(meeting[len(members) - 1 - g], len(members)) for g in range(len(members))]
    children: dict[int, list[int]] = {ROOT: [], **{g: [] for g in range(len(members))}}
    for group, above in enumerate(parent):
        children[above].append(group)
    follower = {
        group: _follower(below, before, ROOT if group == ROOT else meeting_of[group])
        for group, below in children.items()
    }
    branches = {group: tuple(g for g in below if g != follower[group]) for group, below in children.items()}
    return Layout(
        members=tuple(members),
        branches=branches,
        follower=follower,
        needs=tuple(tuple(sorted(sources)) for sources in needs),
    )


def _grouped(
    picture: Picture, needs: Sequence[Sequence[int]], feeds: Sequence[Sequence[int]]
) -> tuple[list[tuple[int, ...]], list[int]]:
    """The vertices with equal needs and equal consumers put together, in topological order."""
    found: dict[tuple[frozenset[int], frozenset[int]], list[int]] = {}
    # A vertex's level is greater than the level of all that it needs: sorting by it is topological.
    for at in sorted(range(len(needs)), key=lambda v: (picture.vertices[v].level, v)):
        found.setdefault((frozenset(needs[at]), frozenset(feeds[at])), []).append(at)
    members = [tuple(group) for group in found.values()]
    group_of = [0] * len(needs)
    for number, group in enumerate(members):
        for at in group:
            group_of[at] = number
    return members, group_of


def _dominators(before: Sequence[Sequence[int]]) -> list[int]:
    """For each number the nearest one that all ways from ROOT to it run through; `before` is sorted
    topologically: it names lower numbers only."""
    parent: list[int] = []
    depth: dict[int, int] = {ROOT: 0}
    for number, sources in enumerate(before):
        above = sources[0] if sources else ROOT
        for other in sources[1:]:
            a, b = above, other
            while a != b:
                if depth[a] >= depth[b]:
                    a = parent[a]
                else:
                    b = parent[b]
            above = a
        parent.append(above)
        depth[number] = depth[above] + 1
    return parent


def _mirror(number: int, count: int) -> int:
    return ROOT if number == ROOT else count - 1 - number


def _mirrored(after: Sequence[Sequence[int]], count: int) -> list[list[int]]:
    return [sorted(_mirror(number, count) for number in targets) for targets in after]


def _follower(below: Sequence[int], before: Sequence[Sequence[int]], meeting: int) -> int | None:
    """The group among `below` that goes on in the column, or None when the column ends."""
    if len(below) == 1:
        return below[0]
    if meeting != ROOT and meeting in below:
        return meeting
    joins = [group for group in below if len(before[group]) > 1]
    # Dead ends beside it do not keep the only join from being where the story goes on.
    if len(joins) == 1 and below[-1] == joins[0]:
        return joins[0]
    return None
