"""Vertices that a reader need not tell apart by their place."""

from __future__ import annotations

from collections import defaultdict

from .picture import Picture


def alike_sets(picture: Picture, more_than: int) -> list[tuple[str, ...]]:
    """The sets of more vertices than that which have the same needs, the same consumers and the same
    groups, in the order of the picture; O(nodes + edges)."""
    ways: dict[str, set[tuple[str, str, str, str]]] = {vertex.id: set() for vertex in picture.vertices}
    for edge in picture.edges:
        ways[edge.source].add(("to", edge.target, edge.mode, edge.quorum))
        ways[edge.target].add(("from", edge.source, edge.mode, edge.quorum))
    sets: dict[object, list[str]] = defaultdict(list)
    for vertex in picture.vertices:
        sets[frozenset(ways[vertex.id]), vertex.groups].append(vertex.id)
    return [tuple(members) for members in sets.values() if len(members) > more_than]
