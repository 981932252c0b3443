"""The picture as JSON, for other programs that draw."""

from __future__ import annotations

import json
from typing import Any

from .picture import Picture


def json_form(picture: Picture) -> str:
    """`{"name", "nodes": [...], "edges": [...]}`, nodes in the order of the plan.

    `state`, `reason` and `duration_ms` are there only where a DAG run is drawn.
    """
    nodes = []
    for vertex in picture.vertices:
        node: dict[str, Any] = {
            "id": vertex.id,
            "kind": vertex.kind,
            "runtime": vertex.runtime,
            "level": vertex.level,
            "critical": vertex.critical,
        }
        optional = {"condition": vertex.condition, "tags": list(vertex.tags), "later": list(vertex.later)}
        node |= {key: value for key, value in optional.items() if value}
        if picture.has_states:
            node |= {"state": vertex.state, "reason": vertex.reason, "duration_ms": vertex.duration_ms}
        nodes.append(node)
    edges = [
        {"from": edge.source, "to": edge.target, "mode": edge.mode, "critical": edge.critical}
        for edge in picture.edges
    ]
    return (
        json.dumps({"name": picture.name, "nodes": nodes, "edges": edges}, indent=2, ensure_ascii=False)
        + "\n"
    )
