"""Large groups drawn as one vertex each, so that a picture of thousands of nodes can be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from .alike import alike_sets
from .contract import contract
from .picture import Picture, Vertex

COLLAPSE_ABOVE: Final = 12
"""A group that would draw more boxes than this is collapsed, where nobody says otherwise."""

BOUND: Final = 150
"""How many vertices a picture should have at most."""


def collapse(picture: Picture, most: int = COLLAPSE_ABOVE, bound: int = BOUND) -> Picture:
    """The picture with groups collapsed so that none of them draws more than `most` boxes.

    From the inside out: where a group would draw more, first the groups in it collapse, and if there are
    still too many, itself. While the whole still has more than `bound` vertices, all groups collapse, the
    deepest first, and then the alike: more than `most` vertices that need the same and feed the same. A
    group stays open when collapsing it would make a cycle. O((nodes + edges) * depth of the nesting).
    """
    smaller = contract(picture, _large_groups(picture.vertices, most))
    for depth in range(max((len(v.groups) for v in smaller.vertices), default=0), 0, -1):
        if len(smaller.vertices) <= bound:
            return smaller
        smaller = contract(smaller, _shared_groups(smaller.vertices, depth))
    if len(smaller.vertices) > bound:
        sets = [alike.ids for alike in alike_sets(smaller) if len(alike.ids) > most]
        return contract(smaller, {id_: f"{ids[0]} .. {ids[-1]}" for ids in sets for id_ in ids})
    return smaller


def _large_groups(vertices: Sequence[Vertex], most: int) -> dict[str, str]:
    """For each vertex in a group that is to collapse, the outermost such group."""
    parents = {group: v.groups[:at] for v in vertices for at, group in enumerate(v.groups)}
    boxes: dict[str, int] = defaultdict(int)
    inner: dict[str, list[str]] = defaultdict(list)
    for vertex in vertices:
        is_frame = vertex.is_group and vertex.id in parents
        if vertex.groups and not is_frame:
            boxes[vertex.groups[-1]] += 1
    small: set[str] = set()
    for group in sorted(parents, key=lambda g: len(parents[g]), reverse=True):
        if boxes[group] > most:
            small.update(name for name in inner[group] if boxes[name] > 1)
            boxes[group] -= sum(boxes[name] - 1 for name in inner[group] if boxes[name] > 1)
        if boxes[group] > most:
            small.add(group)
            boxes[group] = 1
        if parents[group]:
            inner[parents[group][-1]].append(group)
            boxes[parents[group][-1]] += boxes[group]
    return {v.id: group for v in vertices for group in reversed(v.groups) if group in small}


def _shared_groups(vertices: Sequence[Vertex], depth: int) -> dict[str, str]:
    """For each vertex in a group of this depth that is more than one vertex, that group."""
    groups: dict[str, list[str]] = defaultdict(list)
    for vertex in vertices:
        if len(vertex.groups) >= depth:
            groups[vertex.groups[depth - 1]].append(vertex.id)
    nodes = {vertex.id for vertex in vertices if vertex.is_group}
    return {
        id_: group
        for group, members in groups.items()
        if len(members) > 1 or group in nodes
        for id_ in members
    }
