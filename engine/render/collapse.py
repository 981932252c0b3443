"""Large groups drawn as one vertex each, so that a picture of thousands of nodes can be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from .alike import alike_sets
from .contract import contract
from .picture import Picture, Vertex

COLLAPSE_ABOVE: Final = 12
"""A group that would draw more vertices than this is collapsed, where nobody says otherwise."""

BOUND: Final = 150
"""How many vertices a picture should have at most."""


def collapse(picture: Picture, most: int = COLLAPSE_ABOVE, bound: int = BOUND) -> Picture:
    """The picture with every group collapsed that would draw more than `most` vertices.

    From the inside out: what a group holds is counted after its own groups are collapsed. While the
    whole still has more than `bound` vertices, all groups collapse, the deepest first, and then the
    alike: more than `most` vertices that need the same and feed the same. A group stays open when
    collapsing it would make a cycle. O((nodes + edges) * depth of the nesting).
    """
    smaller = contract(picture, _large_groups(picture.vertices, most))
    for depth in range(max((len(v.groups) for v in smaller.vertices), default=0), 0, -1):
        if len(smaller.vertices) <= bound:
            return smaller
        smaller = contract(smaller, _shared_groups(smaller.vertices, depth))
    if len(smaller.vertices) > bound:
        sets = alike_sets(smaller, most)
        return contract(smaller, {id_: f"{ids[0]} .. {ids[-1]}" for ids in sets for id_ in ids})
    return smaller


def _large_groups(vertices: Iterable[Vertex], most: int) -> dict[str, str]:
    """For each vertex in a group that is to collapse, the outermost such group."""
    vertices = list(vertices)
    parents = {group: v.groups[:at] for v in vertices for at, group in enumerate(v.groups)}
    drawn: dict[str, int] = defaultdict(int)
    for vertex in vertices:
        if vertex.groups:
            drawn[vertex.groups[-1]] += 1
    for group in sorted(parents, key=lambda g: len(parents[g]), reverse=True):
        if parents[group]:
            drawn[parents[group][-1]] += 1 if drawn[group] > most else drawn[group]
    return {v.id: group for v in vertices for group in reversed(v.groups) if drawn[group] > most}


def _shared_groups(vertices: Iterable[Vertex], depth: int) -> dict[str, str]:
    """For each vertex in a group of this depth that holds more than one, that group."""
    groups: dict[str, list[str]] = defaultdict(list)
    for vertex in vertices:
        if len(vertex.groups) >= depth:
            groups[vertex.groups[depth - 1]].append(vertex.id)
    return {id_: group for group, members in groups.items() if len(members) > 1 for id_ in members}
