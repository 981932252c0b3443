"""Vertices that a reader need not tell apart by their place."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from .picture import Picture


@dataclass(frozen=True, slots=True)
class Alike:
    """Vertices with the same needs, the same consumers and the same groups, in the order of the picture.
    Those `apart` have neither needs nor consumers."""

    ids: tuple[str, ...]
    apart: bool


def alike_sets(picture: Picture) -> list[Alike]:
    """The sets of two or more such vertices, open groups left out; O(nodes + edges)."""
    ways: dict[str, set[tuple[str, str, str, str]]] = {vertex.id: set() for vertex in picture.vertices}
    for edge in picture.edges:
        ways[edge.source].add(("to", edge.target, edge.mode, edge.quorum))
        ways[edge.target].add(("from", edge.source, edge.mode, edge.quorum))
    opened = {vertex.group for vertex in picture.vertices}
    sets: dict[object, list[str]] = defaultdict(list)
    for vertex in picture.vertices:
        if vertex.id not in opened:
            sets[frozenset(ways[vertex.id]), vertex.groups].append(vertex.id)
    return [Alike(tuple(ids), apart=not ways[ids[0]]) for ids in sets.values() if len(ids) > 1]
