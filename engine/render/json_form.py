"""The picture as JSON, for other programs that draw."""

from __future__ import annotations

import json
from typing import Any

from .picture import Edge, Picture, Vertex


def json_form(picture: Picture) -> str:
    """`{"name", "nodes": [...], "edges": [...]}`, nodes in the order of the plan.

    `groups` names what a node lies in, outermost first. `state`, `reason` and `duration_ms` are there
    only where a DAG run is drawn; `size`, `counts` and `failed` only in collapsed groups.
    """
    nodes = [_node(vertex, picture.has_states) for vertex in picture.vertices]
    edges = [_edge(edge) for edge in picture.edges]
    return (
        json.dumps({"name": picture.name, "nodes": nodes, "edges": edges}, indent=2, ensure_ascii=False)
        + "\n"
    )


def _node(vertex: Vertex, has_states: bool) -> dict[str, Any]:
    node: dict[str, Any] = {
        "id": vertex.id,
        "kind": vertex.kind,
        "runtime": vertex.runtime,
        "level": vertex.level,
        "critical": vertex.critical,
    }
    optional = {
        "groups": list(vertex.groups),
        "condition": vertex.condition,
        "tags": list(vertex.tags),
        "later": list(vertex.later),
    }
    node |= {key: value for key, value in optional.items() if value}
    if has_states:
        node |= {"state": vertex.state, "reason": vertex.reason, "duration_ms": vertex.duration_ms}
    if vertex.members is not None:
        members = vertex.members
        node |= {"size": members.size, "counts": dict(members.counts), "failed": list(members.failed)}
    return node


def _edge(edge: Edge) -> dict[str, Any]:
    drawn: dict[str, Any] = {"from": edge.source, "to": edge.target, "mode": edge.mode}
    if edge.quorum:
        drawn["quorum"] = edge.quorum
    return drawn | {"critical": edge.critical}
