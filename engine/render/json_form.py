"""The picture as JSON, for other programs that draw."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from .picture import Edge, Picture, Vertex


def json_form(picture: Picture) -> str:
    """`{"name", "nodes": [...], "edges": [...]}`, nodes in the order of the plan.

    `group` is the group node that a node is a member of, `groups` names all that it lies in, outermost
    first. `level` is counted among the members of one group. `held` and `background` are true or left out;
    `says` is what a piece of a pattern said. `state`, `reason`, `duration_ms` and `reused`
    are there only where a DAG run is drawn; `size`, `counts`, `failed` and `more_failed` only in groups,
    and `collapsed` where their members are left out.
    """
    opened = {vertex.group for vertex in picture.vertices}
    nodes = [_node(vertex, picture.has_states, opened) for vertex in picture.vertices]
    edges = [_edge(edge) for edge in picture.edges]
    return (
        json.dumps({"name": picture.name, "nodes": nodes, "edges": edges}, indent=2, ensure_ascii=False)
        + "\n"
    )


def _node(vertex: Vertex, has_states: bool, opened: Collection[str | None]) -> dict[str, Any]:
    node: dict[str, Any] = {
        "id": vertex.id,
        "group": vertex.group,
        "kind": vertex.kind,
        "runtime": vertex.runtime,
        "level": vertex.level,
        "critical": vertex.critical,
    }
    optional = {
        "groups": list(vertex.groups),
        "source": vertex.source,
        "stands_for": vertex.stands_for,
        "held": vertex.held,
        "background": vertex.background,
        "says": vertex.says,
        "role": vertex.role,
        "condition": vertex.condition,
        "tags": list(vertex.tags),
        "later": list(vertex.later),
    }
    node |= {key: value for key, value in optional.items() if value}
    if has_states:
        node |= {"state": vertex.state, "reason": vertex.reason, "duration_ms": vertex.duration_ms}
        node |= {"reused": True} if vertex.reused else {}
    if vertex.members is not None:
        members = vertex.members
        node |= {"size": members.size, "counts": dict(members.counts), "failed": list(members.failed)}
        node |= {"more_failed": members.more_failed} if members.more_failed else {}
        node |= {"collapsed": True} if vertex.id not in opened else {}
    return node


def _edge(edge: Edge) -> dict[str, Any]:
    drawn: dict[str, Any] = {"from": edge.source, "to": edge.target, "mode": edge.mode}
    if edge.quorum:
        drawn["quorum"] = edge.quorum
    return drawn | {"critical": edge.critical}
