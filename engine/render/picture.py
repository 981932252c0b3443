"""What there is to draw: a Plan, with the states of a Report put in when there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from ...schemas.plan import Plan, PlanNeed, PlanNode
from ...schemas.report import NodeReport, Report
from ...schemas.states import NodeState
from .critical import CriticalPath, critical_path
from .levels import longest_paths
from .membership import groups_around
from .tally import Members, tallies
from .words import counted, duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertex:
    """One node, or a collapsed group of nodes.

    A group node (`is_group`) is drawn as the frame around the vertices whose `group` it is; where there
    are none of these, because it is collapsed or has no members yet, as a box. `source` is what it grows
    from: an expression, the most rounds, the file of a sub-graph, or what its pattern is called. `members`
    is known of groups that have any.

    `groups` are the names of all that it lies in, outermost first: group nodes, and groups that only the
    ids tell of, such as the pieces of a pattern. `state` is None where only a plan is drawn. `duration_ms`
    is the time in which the node's attempts ran, of a group node the time from its start to its end, and
    of a group that only the ids tell of the work of its members; None where nothing ran, or nobody saw
    how long. `level` is greater than that of all it needs. `stands_for` is `item` or `round` for the one
    node of a plan that stands for all of a group's members. `held` waits until a join has need of it, and
    what is in the `background` holds nothing up. `says` is what a piece of a pattern said: its vote, say.
    `role` is the Role that does the work, where one does.
    """

    id: str
    kind: str
    runtime: str
    level: int
    critical: bool
    group: str | None = None
    groups: tuple[str, ...] = ()
    is_group: bool = False
    source: str = ""
    stands_for: str = ""
    held: bool = False
    background: bool = False
    says: str = ""
    role: str = ""
    condition: str | None = None
    tags: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    state: NodeState | None = None
    reason: str = ""
    duration_ms: int | None = None
    reused: bool = False
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
    most one from one vertex to another, and none into or out of a group node.

    `size` is how many nodes there are, group nodes left out. `outcome` says in a few words how the DAG
    run went; it is empty where only a plan is drawn.
    """

    name: str
    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]
    size: int
    has_states: bool = False
    outcome: str = ""


def picture(
    plan: Plan,
    report: Report | None = None,
    *,
    times: bool = True,
    said: Mapping[str, str] = MappingProxyType({}),
) -> Picture:
    """The plan's nodes and edges, joined with the states of `report`; O(n log n), n = nodes + needs.

    `said` tells by node what pieces of patterns said. Without `times` durations are left out, and the
    critical path is that of the plan: then two DAG runs that ended alike give the same picture.
    """
    known = {node.id: node for node in report.nodes} if report else {}
    paths = groups_around(plan.nodes)
    nodes = {node.id: node for node in plan.nodes if node.is_group}
    groups = {id_: next((n for n in reversed(path) if n in nodes), None) for id_, path in paths.items()}
    edges = [*plan.edges, *_rounds(plan, groups)]
    way = _critical_path(plan, report if times else None, groups, edges)
    levels = longest_paths([node.id for node in plan.nodes], edges)
    members = tallies(plan.nodes, groups, known)
    needs = {(need.node, node.id): need for node in plan.nodes for need in node.needs}
    return Picture(
        name=plan.name,
        vertices=tuple(
            Vertex(
                id=node.id,
                kind=node.kind,
                runtime=node.runtime,
                level=levels[node.id],
                critical=node.id in way.nodes,
                group=groups[node.id],
                groups=paths[node.id],
                is_group=node.is_group,
                source=_source(node),
                stands_for=_stands_for(node, nodes.get(groups[node.id] or ""), report is not None),
                held=node.held,
                background=node.background,
                says=said.get(node.id, ""),
                role="" if node.agent is None else node.agent.role,
                condition=node.condition,
                tags=_tags(node),
                later=node.later,
                members=members.get(node.id),
                **_seen(known.get(node.id), times),
            )
            for node in plan.nodes
        ),
        edges=tuple(_edge(a, b, needs.get((a, b)), (a, b) in way.edges) for a, b in edges),
        size=sum(not node.is_group for node in plan.nodes),
        has_states=report is not None,
        outcome=_outcome(report, times) if report else "",
    )


def _rounds(plan: Plan, groups: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    """The rounds of each repeat come one after the other, though no task says that it needs another."""
    rounds: dict[str, list[str]] = {node.id: [] for node in plan.nodes if node.kind == "repeat"}
    for id_, group in groups.items():
        if group in rounds:
            rounds[group].append(id_)
    for members in rounds.values():
        yield from pairwise(members)


def _critical_path(
    plan: Plan,
    report: Report | None,
    groups: Mapping[str, str | None],
    edges: Sequence[tuple[str, str]],
) -> CriticalPath:
    """Where a DAG run has ended, what took longest; before that, the longest chain of needs."""
    if report is not None and report.ended_ms is not None:
        # What was skipped or reused took no time, yet the path may lead through it.
        took = {node.id: node.took_ms or 0 for node in report.nodes if node.id in groups}
        if any(took.values()):
            return critical_path(took, groups, edges)
    ones = {node.id: 1 for node in plan.nodes if not node.is_group}
    return critical_path(ones, groups, edges, plan.critical_path)


def _source(node: PlanNode) -> str:
    """What a group grows from."""
    found = node.details.get(node.kind, "") if node.is_group else ""
    if isinstance(found, Mapping):
        return str(found.get("max", ""))
    return PurePosixPath(str(found)).name if node.kind == "graph" else str(found)


def _stands_for(node: PlanNode, group: PlanNode | None, is_run: bool) -> str:
    if is_run or group is None:
        return ""
    if group.kind == "each":
        return "item" if node.id == f"{group.id}[*]" else ""
    return "round" if group.kind == "repeat" and node.id == f"{group.id}#1" else ""


def _tags(node: PlanNode) -> tuple[str, ...]:
    tags = node.details.get("tags", ())
    return tuple(str(tag) for tag in tags) if isinstance(tags, list | tuple) else (str(tags),)


def _seen(node: NodeReport | None, times: bool) -> dict[str, Any]:
    """What a report says of a node, as fields of its vertex."""
    if node is None:
        return {}
    return {
        "state": node.state,
        "reason": node.reason,
        "duration_ms": _duration_ms(node) if times else None,
        "reused": node.reused_from is not None,
    }


def _duration_ms(node: NodeReport) -> int | None:
    if not node.is_group:
        return node.took_ms
    if node.started_ms is None or node.ended_ms is None:
        return None
    return node.ended_ms - node.started_ms


def _edge(source: str, target: str, need: PlanNeed | None, critical: bool) -> Edge:
    if need is None:
        return Edge(source=source, target=target, critical=critical)
    quorum = f"{need.count}/{need.of}" if need.of else str(need.count) if need.count else ""
    return Edge(source=source, target=target, mode=need.mode, quorum=quorum, critical=critical)


def _outcome(report: Report, times: bool) -> str:
    ended = report.ended_ms if times else None
    took = f" in {duration(ended - report.started_ms)}" if ended is not None else ""
    return f"{report.state}{took}: {counted(report.counts)}" if report.counts else f"{report.state}{took}"
