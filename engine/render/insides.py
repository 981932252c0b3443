"""What lies side by side: the outermost vertices, and the members of each group that is drawn open."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from .picture import Edge, Picture, Vertex

OUTERMOST = ""
"""Where the vertices are that are members of no group node."""


def insides(picture: Picture) -> dict[str, Picture]:
    """One picture for each place that holds vertices: `OUTERMOST`, and the ids of the open groups, outer
    ones before those in them. A group that has a picture here is drawn as a frame, others as boxes.

    The `groups` of a vertex are those between the place and the vertex: none of them is a group node.
    """
    vertices: dict[str, list[Vertex]] = {OUTERMOST: []}
    edges: dict[str, list[Edge]] = defaultdict(list)
    place: dict[str, str] = {}
    for vertex in picture.vertices:
        around = vertex.group or OUTERMOST
        groups = vertex.groups
        if vertex.group in groups:
            groups = groups[groups.index(vertex.group) + 1 :]
        vertices.setdefault(around, []).append(replace(vertex, groups=groups))
        place[vertex.id] = around
    for edge in picture.edges:
        edges[place[edge.source]].append(edge)
    found = {
        name: replace(picture, vertices=tuple(held), edges=tuple(edges[name]))
        for name, held in vertices.items()
    }
    order = [OUTERMOST]
    for name in order:
        order += [vertex.id for vertex in found[name].vertices if vertex.id in found]
    return {name: found[name] for name in order}
