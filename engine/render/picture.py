"""What there is to draw: a Plan, with the states of a Report put in when there is one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from ...schemas.plan import Plan, PlanNeed, PlanNode
from ...schemas.report import NodeReport, Report
from ...schemas.states import NodeState
from ..node_ids import groups_of
from .critical import longest_way
from .words import counted, duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The nodes that one vertex stands for: how many, how many in each state, and a few that failed.

    `counts` is empty where only a plan is drawn; `failed` are full ids.
    """

    size: int
    counts: tuple[tuple[NodeState, int], ...] = ()
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertex:
    """One node, or a collapsed group of nodes with its `members`.

    `groups` are the names of what it lies in, outermost first. `state` is None where only a plan is
    drawn; `duration_ms` where nothing ran or nobody saw how long. `level` is greater than that of all
    it needs.
    """

    id: str
    kind: str
    runtime: str
    level: int
    critical: bool
    groups: tuple[str, ...] = ()
    condition: str | None = None
    tags: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    state: NodeState | None = None
    reason: str = ""
    duration_ms: int | None = None
    members: Members | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`target` needs `source`; `mode` is how `source` must end, `quorum` how many of its items, as
    `2` or `2/3`. `critical` edges lie on the critical path."""

    source: str
    target: str
    mode: str = "ok"
    quorum: str = ""
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The drawing's content: vertices in the plan's order, edges without the ones that others imply, at
    most one from one vertex to another.

    `outcome` says in a few words how the DAG run went; it is empty where only a plan is drawn.
    """

    name: str
    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]
    has_states: bool = False
    outcome: str = ""


def picture(plan: Plan, report: Report | None = None) -> Picture:
    """The plan's nodes and edges, joined with the states of `report`; O(n log n), n = nodes + needs."""
    known = {node.id: node for node in report.nodes} if report else {}
    needs = {(need.node, node.id): need for node in plan.nodes for need in node.needs}
    path = _critical_path(plan, report)
    ways, on_path = set(pairwise(path)), set(path)
    groups = {node.id: groups_of(node.id) for node in plan.nodes}
    named = {group for path in groups.values() for group in path}
    # What joins the pieces of a group may carry the group's own name: it belongs to them.
    paths = {id_: (*path, id_) if id_ in named else path for id_, path in groups.items()}
    return Picture(
        name=plan.name,
        vertices=tuple(
            _vertex(node, known.get(node.id), paths[node.id], node.id in on_path) for node in plan.nodes
        ),
        edges=tuple(_edge(a, b, needs.get((a, b)), (a, b) in ways) for a, b in plan.edges),
        has_states=report is not None,
        outcome=_outcome(report) if report else "",
    )


def _critical_path(plan: Plan, report: Report | None) -> tuple[str, ...]:
    """Where a DAG run has ended, what took longest; before that, what the plan says."""
    if report is None or report.ended_ms is None:
        return plan.critical_path
    took = {node.id: node.took_ms for node in report.nodes if node.took_ms is not None}
    return longest_way(took, plan.edges) or plan.critical_path


def _vertex(node: PlanNode, seen: NodeReport | None, groups: tuple[str, ...], critical: bool) -> Vertex:
    tags = node.details.get("tags", ())
    return Vertex(
        id=node.id,
        kind=node.kind,
        runtime=node.runtime,
        level=node.level,
        critical=critical,
        groups=groups,
        condition=node.condition,
        tags=tuple(str(tag) for tag in tags) if isinstance(tags, list | tuple) else (str(tags),),
        later=node.later,
        state=seen.state if seen else None,
        reason=seen.reason if seen else "",
        duration_ms=seen.took_ms if seen else None,
    )


def _edge(source: str, target: str, need: PlanNeed | None, critical: bool) -> Edge:
    if need is None:
        return Edge(source=source, target=target, critical=critical)
    quorum = f"{need.count}/{need.of}" if need.of else str(need.count) if need.count else ""
    return Edge(source=source, target=target, mode=need.mode, quorum=quorum, critical=critical)


def _outcome(report: Report) -> str:
    took = f" in {duration(report.ended_ms - report.started_ms)}" if report.ended_ms is not None else ""
    return f"{report.state}{took}: {counted(report.counts)}" if report.counts else f"{report.state}{took}"
