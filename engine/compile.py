"""From a bound graph to what the scheduler runs."""

from __future__ import annotations

from ..schemas.bound import BoundGraph, BoundTask
from ..schemas.errors import InputError
from .conflicts import requirements, unreachable_errors, write_conflict_errors
from .scheduler.graph import Limits, NodeSpec, topological_order

DEFAULT_MAXIMUM = 4
"""Nodes that run at once when neither the graph nor the command line says how many."""


def node_specs(graph: BoundGraph) -> list[NodeSpec]:
    """One node per task, in declaration order."""
    pools = {name for name, _ in graph.pools}
    return [_node_spec(task, pools) for task in graph.tasks]


def _node_spec(task: BoundTask, pools: set[str]) -> NodeSpec:
    named = (task.pool, task.runtime)
    return NodeSpec(
        id=task.id,
        needs=tuple((need.task, need.mode) for need in task.needs),
        has_condition=task.condition is not None,
        priority=task.priority,
        pools=tuple(dict.fromkeys(name for name in named if name in pools)),
        retry_max=task.retry.maximum,
        retry_on=task.retry.on,
        on_lost=task.on_lost or ("ask" if task.effects == "external" else "rerun"),
    )


def limits(graph: BoundGraph, concurrency: int | None = None) -> Limits:
    """The limits of a graph; `concurrency` overrides the graph's own maximum."""
    return Limits(maximum=concurrency or graph.maximum or DEFAULT_MAXIMUM, pools=dict(graph.pools))


def graph_errors(graph: BoundGraph) -> list[InputError]:
    """What is wrong with the graph as a whole: cycles first, and if there are none, the rest.

    Needs that name no task of the graph, and tasks that need themselves, are reported by whoever
    reads the file; here they are left out.
    """
    known = {task.id for task in graph.tasks}
    specs = [
        NodeSpec(
            id=task.id,
            needs=tuple((n.task, n.mode) for n in task.needs if n.task in known and n.task != task.id),
        )
        for task in graph.tasks
    ]
    order = topological_order(specs)
    if len(order) < len(specs):
        # networkx costs 100 ms to import, which a graph without a cycle need not pay.
        from .dag import Dag

        return Dag(graph).cycle_errors()
    judged = any(need.mode == "failed" for task in graph.tasks for need in task.needs)
    if not judged and sum(bool(task.writes) for task in graph.tasks) < 2:
        return []
    if any(need.task not in known or need.task == task.id for task in graph.tasks for need in task.needs):
        return []
    required, before = requirements(graph.tasks, order)
    return unreachable_errors(graph.tasks, required) + write_conflict_errors(graph, required, before)
