"""Hand-made plans: what a graph's needs alone tell, worked out anew and slowly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from metaensemble.schemas.plan import Plan, PlanNeed, PlanNode
from metaensemble.schemas.report import AttemptReport, NodeReport, Report
from metaensemble.schemas.states import NODE_STATES, NodeState


def make_plan(
    needs: Mapping[str, Sequence[str]], *, name: str = "sample", **extra: Mapping[str, Any]
) -> Plan:
    """A plan of `run` tasks; a need may end in `:done` or `:failed`. `extra` maps node ids (with `_`
    for `-`) to further fields of their PlanNode."""
    edges = {node: [need.partition(":")[0] for need in above] for node, above in needs.items()}
    level: dict[str, int] = {}
    remaining: dict[str, int] = {}
    feeds = {node: [other for other in edges if node in edges[other]] for node in edges}
    while len(level) < len(edges):
        for node, above in edges.items():
            if node not in level and all(n in level for n in above):
                level[node] = max((level[n] + 1 for n in above), default=0)
    for node in sorted(edges, key=lambda n: -level[n]):
        remaining[node] = 1 + max((remaining[n] for n in feeds[node]), default=0)
    path: list[str] = []
    following = list(edges)
    while following:
        path.append(max(following, key=lambda n: remaining[n]))
        following = feeds[path[-1]]
        following = [n for n in following if remaining[n] == remaining[path[-1]] - 1]
    order = sorted(edges, key=lambda n: (level[n], list(edges).index(n)))
    nodes = tuple(
        PlanNode(
            **{
                "id": node,
                "task": node,
                "kind": "run",
                "runtime": "command",
                "action": "run",
                "why": "it has not run yet",
                "order": order.index(node),
                "level": level[node],
                "remaining": float(remaining[node]),
                "critical": node in path,
                "needs": tuple(
                    PlanNeed(node=need.partition(":")[0], mode=need.partition(":")[2] or "ok")  # type: ignore[arg-type]
                    for need in needs[node]
                ),
                **extra.get(node.replace("-", "_"), {}),
            }
        )
        for node in edges
    )
    return Plan(
        name=name,
        source="/project/graph.yaml",
        project="/project",
        concurrency=4,
        nodes=nodes,
        edges=tuple((n, node) for node in edges for n in edges[node] if _is_needed(n, node, edges)),
        critical_path=tuple(path),
        levels=1 + max(level.values(), default=-1),
    )


def _is_needed(source: str, target: str, edges: Mapping[str, Sequence[str]]) -> bool:
    """Whether no longer way leads from source to target."""
    stack = [n for n in edges[target] if n != source]
    while stack:
        node = stack.pop()
        if node == source:
            return False
        stack.extend(edges[node])
    return True


def make_report(plan: Plan, states: Mapping[str, NodeState], **fields: Any) -> Report:
    """A report of the plan's DAG run; nodes that `states` leaves out are `ok`. Each that ran took
    1.5 seconds and ended at a fixed time; groups took three."""
    nodes = []
    for node in plan.nodes:
        state = states.get(node.id, "ok")
        ran = state in {"ok", "failed", "cancelled", "running"} and not node.is_group
        has_ended = node.is_group and state in {"ok", "failed", "cancelled"}
        failed = state == "failed"
        attempt = AttemptReport(
            run_id=f"01900000-0000-7000-8000-{node.order:012x}",
            attempt_no=1,
            started_ms=1_700_000_000_000,
            ended_ms=None if state == "running" else 1_700_000_001_500,
            outcome=None if state == "running" else "failed" if failed else "ok",
            failure_reason="exit_status" if failed else None,
            reason="exit status 1" if failed else "",
            exit_status=1 if failed else 0,
        )
        nodes.append(
            NodeReport(
                id=node.id,
                task=node.task,
                kind=node.kind,
                runtime=node.runtime,
                state=state,
                reason="exit status 1" if failed else "`fetch` failed" if state == "blocked" else "",
                started_ms=1_700_000_000_000 if ran or has_ended else None,
                ended_ms=1_700_000_003_000 if has_ended else None,
                attempts=(attempt,) if ran else (),
                working_ms=1500 if ran else 0,
            )
        )
    counted = [node.state for node in nodes if not node.is_group]
    counts = {state: counted.count(state) for state in NODE_STATES if state in counted}
    return Report(
        **{
            "dag_run_id": "0190d1a0-0000-7000-8000-000000000001",
            "name": plan.name,
            "source": plan.source,
            "project": plan.project,
            "state": "failed" if "failed" in counts else "ok",
            "reason": "",
            "started_ms": 1_700_000_000_000,
            "ended_ms": 1_700_000_004_200,
            "counts": counts,
            "nodes": tuple(nodes),
            **fields,
        }
    )


CHAIN = {"fetch": [], "parse": ["fetch"], "clean": ["parse"], "load": ["clean"]}
DIAMOND = {"fetch": [], "left": ["fetch"], "right": ["fetch"], "merge": ["left", "right"]}
WIDE: dict[str, list[str]] = {
    "split": [],
    **{f"item-{n:02}": ["split"] for n in range(40)},
    "join": [f"item-{n:02}" for n in range(40)],
}
LAYERED: dict[str, list[str]] = {
    f"{'abcd'[layer]}{n}": [f"{'abcd'[layer - 1]}{m}" for m in range(4) if layer and (m - n) % 4 != 3]
    for layer in range(4)
    for n in range(4)
}
DENSE: dict[str, list[str]] = {
    f"{'abc'[layer]}{n}": [f"{'abc'[layer - 1]}{m}" for m in range(4) if layer]
    for layer in range(3)
    for n in range(4)
}
REVIEW: dict[str, list[str]] = {
    "lint": [],
    "security": [],
    "complexity": [],
    "tests": [],
    "report": ["lint:done", "security:done", "complexity:done", "tests:done"],
}
NESTED: dict[str, list[str]] = {
    "checkout": [],
    "build": ["checkout"],
    "unit": ["build"],
    "e2e": ["build"],
    "package": ["unit", "e2e"],
    "docs": ["checkout"],
    "notify": ["checkout"],
    "release": ["package", "docs"],
    "announce": ["release"],
}
