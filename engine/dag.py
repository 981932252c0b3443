"""The compiled graph, and what networkx knows about it.

This is the one module that imports networkx. It serves checking, planning and drawing; running a
graph needs none of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx

from ..schemas.bound import BoundGraph
from ..schemas.errors import CyclicNeeds, InputError

REDUCED_UP_TO = 3000
"""Above this many nodes edges are not reduced: the cost grows with nodes times edges."""


class Dag:
    """The nodes of a bound graph and the needs between them, edges pointing downstream."""

    def __init__(self, graph: BoundGraph) -> None:
        self.graph = graph
        self._positions = {task.id: index for index, task in enumerate(graph.tasks)}
        self._net: nx.DiGraph[str] = nx.DiGraph()
        self._net.add_nodes_from(task.id for task in graph.tasks)
        known = set(self._net)
        self._net.add_edges_from(
            (need.task, task.id) for task in graph.tasks for need in task.needs if need.task in known
        )

    def cycle_errors(self) -> list[InputError]:
        """One error per knot of tasks that need one another, naming a shortest cycle through it."""
        errors: list[InputError] = []
        for knot in nx.strongly_connected_components(self._net):
            if len(knot) < 2:
                continue
            first = min(knot, key=self._position)
            errors.append(self._cycle_error(first, knot))
        errors.sort(key=lambda error: self._position(error.task or ""))
        return errors

    def _cycle_error(self, first: str, knot: set[str]) -> InputError:
        inside = self._net.subgraph(knot)
        back = [nx.shortest_path(inside, first, last) for last in inside.predecessors(first)]
        path = min(back, key=lambda nodes: (len(nodes), [self._position(node) for node in nodes]))
        # Read against the edges: each task needs the one named after it.
        round_trip = [first, *reversed(path[1:]), first]
        need = path[-1]
        return CyclicNeeds(
            f"task `{first}` is part of a cycle: " + " -> ".join(round_trip),
            hint="drop one of these `needs`, or use `repeat` for a loop",
            task=first,
            where=("tasks", first, "needs", need),
            cycle=round_trip,
        )

    def _position(self, task: str) -> int:
        return self._positions[task]

    def is_acyclic(self) -> bool:
        """Whether no task needs itself, directly or through others."""
        return nx.is_directed_acyclic_graph(self._net)

    def levels(self) -> dict[str, int]:
        """For each node the length of the longest chain of needs before it."""
        level: dict[str, int] = {}
        for depth, layer in enumerate(nx.topological_generations(self._net)):
            for node in layer:
                level[node] = depth
        return level

    def remaining(self) -> dict[str, float]:
        """For each node the number of nodes on the longest chain from it to an end, itself included."""
        remaining: dict[str, float] = {}
        for node in reversed(list(nx.topological_sort(self._net))):
            remaining[node] = 1.0 + max(
                (remaining[after] for after in self._net.successors(node)), default=0.0
            )
        return remaining

    def critical_path(self, weights: dict[str, float]) -> list[str]:
        """The nodes of a heaviest path, first to last; the earliest declared where several tie."""
        for _, node, data in self._net.edges(data=True):
            data["weight"] = weights[node]
        roots = {node: weights[node] for node in self._net if self._net.in_degree(node) == 0}
        # A source of weight 0 before every root makes the roots' own weights count.
        net = self._net.copy()
        for node, weight in roots.items():
            net.add_edge("", node, weight=weight)
        path = nx.dag_longest_path(net, weight="weight")
        return [node for node in path if node]

    def reduced_edges(self) -> list[tuple[str, str]]:
        """The edges that are not implied by others, in declaration order.

        The transitive reduction (Aho, Garey and Ullman, SIAM J. Comput. 1(2), 1972) up to
        `REDUCED_UP_TO` nodes; all edges above that.
        """
        net = self._net if len(self._net) > REDUCED_UP_TO else nx.transitive_reduction(self._net)
        return sorted(net.edges, key=lambda edge: (self._position(edge[1]), self._position(edge[0])))

    def ancestors(self, task: str) -> set[str]:
        """Every node that comes before `task`."""
        found: set[str] = nx.ancestors(self._net, task)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._net)
