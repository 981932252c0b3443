"""Several vertices made one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ...schemas.states import NodeState
from .levels import longest_paths
from .picture import Edge, Picture, Vertex
from .tally import members_of

_WORST_FIRST: Final[tuple[NodeState, ...]] = (
    *("failed", "blocked", "cancelled", "waiting", "running", "ready", "pending", "held", "ok", "skipped"),
)
"""The state of a collapsed vertex that is no group node is the first of these that one of its members has."""


def contract(picture: Picture, into: Mapping[str, str]) -> Picture:
    """The picture in which the vertices that `into` maps to one name are one vertex of that name.

    Where that is the id of a group node, it is that node, without the frame. Names that would end up on a
    cycle are left out. The new vertices stand where the first of their members stood; levels are worked
    out anew. O(nodes + edges), times the names left out.
    """
    if not into:
        return picture
    names = set(into.values())
    into = {**into, **{v.id: v.id for v in picture.vertices if v.is_group and v.id in names}}
    while bad := _on_cycles(picture, into):
        into = {id_: name for id_, name in into.items() if name not in bad}
    parts: dict[str, list[Vertex]] = defaultdict(list)
    for vertex in picture.vertices:
        parts[into.get(vertex.id, vertex.id)].append(vertex)
    edges = _merged_edges(picture.edges, into)
    levels = longest_paths(list(parts), [(edge.source, edge.target) for edge in edges])
    made = set(into.values())
    vertices = [
        replace(_merged(name, members) if name in made else members[0], level=levels[name])
        for name, members in parts.items()
    ]
    return replace(picture, vertices=tuple(vertices), edges=tuple(edges))


def _on_cycles(picture: Picture, into: Mapping[str, str]) -> set[str]:
    """The new names on or between cycles that contracting would make."""
    names = list(dict.fromkeys(into.get(vertex.id, vertex.id) for vertex in picture.vertices))
    edges = [(edge.source, edge.target) for edge in _merged_edges(picture.edges, into)]
    forth = longest_paths(names, edges)
    if len(forth) == len(names):
        return set()
    back = longest_paths(names, [(target, source) for source, target in edges])
    return {name for name in into.values() if name not in forth and name not in back}


def _merged_edges(edges: Iterable[Edge], into: Mapping[str, str]) -> list[Edge]:
    """One edge per pair of new vertices: critical when one was, of mode `done` when they differed."""
    merged: dict[tuple[str, str], Edge] = {}
    for edge in edges:
        source, target = into.get(edge.source, edge.source), into.get(edge.target, edge.target)
        if source == target:
            continue
        known = merged.get((source, target))
        if known is None:
            merged[source, target] = replace(edge, source=source, target=target)
            continue
        is_alike = (known.mode, known.quorum) == (edge.mode, edge.quorum)
        merged[source, target] = replace(
            known,
            mode=edge.mode if is_alike else "done",
            quorum=edge.quorum if is_alike else "",
            critical=known.critical or edge.critical,
        )
    return list(merged.values())


def _merged(name: str, members: Sequence[Vertex]) -> Vertex:
    for vertex in members:
        if vertex.is_group and vertex.id == name:
            return vertex
    inside = {vertex.id for vertex in members}
    outer = [vertex for vertex in members if vertex.group not in inside]
    first = outer[0]
    states = [state for vertex in outer for state in _states(vertex)]
    failed = [id_ for vertex in outer for id_ in _failed(vertex)]
    times = [vertex.duration_ms for vertex in outer if vertex.duration_ms is not None]
    known = [vertex.members for vertex in outer if vertex.members is not None]
    return Vertex(
        id=name,
        kind=_common(vertex.kind for vertex in outer),
        runtime=_common(vertex.runtime for vertex in outer),
        level=first.level,
        critical=any(vertex.critical for vertex in outer),
        group=first.group,
        groups=first.groups[: first.groups.index(name)] if name in first.groups else first.groups,
        later=tuple(dict.fromkeys(key for vertex in members for key in vertex.later)),
        state=next((state for state in _WORST_FIRST if state in states), None),
        duration_ms=sum(times) if times else None,
        members=members_of(
            states,
            failed,
            more_failed=sum(one.more_failed for one in known),
            reused=sum(one.reused for one in known) + sum(vertex.reused for vertex in outer),
        ),
    )


def _states(vertex: Vertex) -> Iterable[NodeState | None]:
    """The states of the nodes that it stands for; a group node is one of them."""
    if vertex.members is None or vertex.is_group:
        return (vertex.state,)
    if not vertex.members.counts:
        return (None,) * vertex.members.size
    return (state for state, count in vertex.members.counts for _ in range(count))


def _failed(vertex: Vertex) -> tuple[str, ...]:
    if vertex.members is not None:
        return vertex.members.failed
    return (vertex.id,) if vertex.state == "failed" else ()


def _common(values: Iterable[str]) -> str:
    """The one value that all have, or `mixed`."""
    found = set(values)
    return found.pop() if len(found) == 1 else "mixed"
