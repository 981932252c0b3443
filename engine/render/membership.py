"""Which groups each node of a plan lies in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...schemas.plan import PlanNode
from ..node_ids import groups_of


def groups_around(nodes: Sequence[PlanNode]) -> dict[str, tuple[str, ...]]:
    """For each node the names of what it lies in, outermost first.

    The plan says of which group nodes it is a member; what lies between the innermost of these and the
    node itself is told by the id. What joins the pieces of such a group may carry its name: it belongs to
    them. Among the pieces of a pattern the plan says it all: the id of a later round only begins with that
    of the first.
    """
    by_id = {node.id: node for node in nodes}
    told = {node.id: groups_of(node.id) for node in nodes}
    named = {group for path in told.values() for group in path}
    found: dict[str, tuple[str, ...]] = {}
    for node in nodes:
        above = _group_nodes(node, by_id)
        start = len(above[-1]) if above else 0
        rest = [group for group in told[node.id] if len(group) > start]
        if above and by_id[above[-1]].kind == "pattern":
            rest = []
        elif node.id in named and not node.is_group:
            rest.append(node.id)
        found[node.id] = (*above, *rest)
    return found


def _group_nodes(node: PlanNode, nodes: Mapping[str, PlanNode]) -> tuple[str, ...]:
    """The group nodes that it is a member of, outermost first."""
    above: list[str] = []
    while node.group is not None and node.group in nodes and node.group not in above:
        above.append(node.group)
        node = nodes[node.group]
    return tuple(reversed(above))
