"""What must hold after every event."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ...schemas.errors import InvariantBroken
from ...schemas.states import ENDED
from .needs import weigh
from .node import Node

if TYPE_CHECKING:
    from .machine import Scheduler


def check(scheduler: Scheduler) -> None:
    """Raise `InvariantBroken` for the first rule that does not hold. O(nodes + edges)."""
    nodes = scheduler.nodes
    _check_counts(scheduler)
    for node in nodes.values():
        _check_node(node)
        open_needs = {need for need, _ in node.spec.needs if nodes[need].state not in ENDED}
        if node.state == "pending" and node.open_needs != len(open_needs):
            raise _broken(node, f"counts {node.open_needs} open needs where {len(open_needs)} are open")
        if node.state == "pending" and not open_needs and not node.evaluating:
            raise _broken(node, "is pending although all its needs have ended")
        if node.state in ("ready", "running", "waiting", "ok"):
            if open_needs:
                raise _broken(node, f"is {node.state} before its needs have ended")
            ends = [(need, mode, nodes[need].state, nodes[need].reason) for need, mode in node.spec.needs]
            if weigh(ends)[0] != "needs_met" and node.generation == 0 and not scheduler.past:
                raise _broken(node, f"is {node.state} although its needs are not met")


def _check_counts(scheduler: Scheduler) -> None:
    nodes = scheduler.nodes
    actual = Counter(node.state for node in nodes.values())
    if dict(actual) != scheduler.counts:
        raise InvariantBroken(f"the counts are {scheduler.counts} where the nodes say {dict(actual)}")
    taken = [node for node in nodes.values() if node.state == "running" or node.starting]
    if len(taken) != scheduler.in_flight:
        raise InvariantBroken(f"{scheduler.in_flight} slots are taken by {len(taken)} nodes")
    if len(taken) > scheduler.limits.maximum:
        raise InvariantBroken(f"{len(taken)} nodes run where {scheduler.limits.maximum} may")
    for pool, limit in scheduler.limits.pools.items():
        used = sum(pool in node.spec.pools for node in taken)
        if used > limit or limit - used != scheduler.queue.free_in(pool):
            raise InvariantBroken(f"{used} nodes are in pool `{pool}`, which has {limit} slots")


def _check_node(node: Node) -> None:
    if (node.live is not None) != (node.state == "running"):
        raise _broken(node, f"is {node.state} with {'a' if node.live else 'no'} live attempt")
    if node.starting and node.state != "ready":
        raise _broken(node, f"is {node.state} while it is asked to start")
    if node.asked and node.state != "waiting":
        raise _broken(node, f"is {node.state} while a person is asked")
    if node.has_ended and not node.reason:
        raise _broken(node, f"ended {node.state} without a reason")


def _broken(node: Node, what: str) -> InvariantBroken:
    return InvariantBroken(f"node `{node.spec.id}` {what}", story=node.told(), task=node.spec.id)
