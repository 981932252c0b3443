"""What there is to draw: a Plan, with the states of a Report put in when there is one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from ...schemas.plan import Plan, PlanNode
from ...schemas.report import NodeReport, Report
from ...schemas.states import NodeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertex:
    """One node. `state` is None where only a plan is drawn, `duration_ms` where nothing ran or nobody saw
    how long."""

    id: str
    kind: str
    runtime: str
    level: int
    critical: bool
    condition: str | None = None
    tags: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    state: NodeState | None = None
    reason: str = ""
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`target` needs `source`; `mode` is how `source` must end. `critical` edges lie on the longest path."""

    source: str
    target: str
    mode: str = "ok"
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The drawing's content: vertices in the plan's order, edges without the ones that others imply."""

    name: str
    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]
    has_states: bool = False


def picture(plan: Plan, report: Report | None = None) -> Picture:
    """The plan's nodes and edges, joined with the states of `report`; O(nodes + needs)."""
    known = {node.id: node for node in report.nodes} if report else {}
    modes = {(need.node, node.id): need.mode for node in plan.nodes for need in node.needs}
    path = plan.critical_path
    critical = set(pairwise(path))
    return Picture(
        name=plan.name,
        vertices=tuple(_vertex(node, known.get(node.id)) for node in plan.nodes),
        edges=tuple(
            Edge(source=a, target=b, mode=modes.get((a, b), "ok"), critical=(a, b) in critical)
            for a, b in plan.edges
        ),
        has_states=report is not None,
    )


def _vertex(node: PlanNode, seen: NodeReport | None) -> Vertex:
    tags = node.details.get("tags", ())
    return Vertex(
        id=node.id,
        kind=node.kind,
        runtime=node.runtime,
        level=node.level,
        critical=node.critical,
        condition=node.condition,
        tags=tuple(str(tag) for tag in tags) if isinstance(tags, list | tuple) else (str(tags),),
        later=node.later,
        state=seen.state if seen else None,
        reason=seen.reason if seen else "",
        duration_ms=seen.took_ms if seen else None,
    )
