"""From a bound graph to what the scheduler runs."""

from __future__ import annotations

from ..schemas.bound import BoundGraph
from ..schemas.errors import InputError
from .conflicts import requirements, rewind_errors, unreachable_errors, write_conflict_errors
from .instances import leaf_tasks, pool_of_executor, root_instances, spec_of
from .scheduler.graph import Limits, NodeSpec, topological_order

DEFAULT_MAXIMUM = 4
"""Nodes that run at once when neither the graph nor the command line says how many."""


def node_specs(graph: BoundGraph) -> list[NodeSpec]:
    """The nodes that a DAG run begins with, one per task, in declaration order."""
    return [spec_of(instance) for instance in root_instances(graph)]


def limits(graph: BoundGraph, concurrency: int | None = None) -> Limits:
    """The limits of a graph; `concurrency` overrides the graph's own maximum."""
    named = (task.agent.executor for _, task in leaf_tasks(graph) if task.agent is not None)
    pools = {pool_of_executor(alias): 1 for alias in named if alias is not None} | dict(graph.pools)
    return Limits(maximum=concurrency or graph.maximum or DEFAULT_MAXIMUM, pools=pools)


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
    writers = [task for task in graph.tasks if task.writes or task.cells or task.body is not None]
    asks = [task for task in graph.tasks if task.ask is not None and task.ask.rewind_to is not None]
    if not judged and not asks and not writers:
        return []
    if any(need.task not in known or need.task == task.id for task in graph.tasks for need in task.needs):
        return []
    required, before = requirements(graph.tasks, order)
    return [
        *unreachable_errors(graph.tasks, required),
        *write_conflict_errors(graph, required, before),
        *rewind_errors(graph.tasks, before),
    ]
