"""What must hold after every event."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ...schemas.errors import InvariantBroken
from ...schemas.states import ENDED
from .needs import weigh
from .node import Node, is_behind

if TYPE_CHECKING:
    from .machine import Scheduler

_BEGUN = ("ready", "running", "waiting", "ok")


def check(scheduler: Scheduler) -> None:
    """Raise `InvariantBroken` for the first rule that does not hold. O(nodes + edges)."""
    nodes = scheduler.nodes
    _check_counts(scheduler)
    for name, node in nodes.items():
        if name != node.spec.id or (node.spec.group is not None and node.spec.group not in nodes):
            raise _broken(node, "stands under another name, or is a member of nothing")
        group = nodes[node.spec.group] if node.spec.group is not None else None
        if group is not None and group.has_ended and not (node.has_ended or is_behind(node, group)):
            raise _broken(node, f"is {node.state} although its group has ended")
        _check_node(node)
        _check_members(scheduler, node)
        decided = node.decided or ()
        needs = {need for need, _ in node.spec.needs if need not in decided}
        open_needs = {need for need in needs if nodes[need].state not in ENDED}
        if node.state == "pending" and node.open_needs != len(open_needs):
            raise _broken(node, f"counts {node.open_needs} open needs where {len(open_needs)} are open")
        waits_for_group = node.spec.group is not None and nodes[node.spec.group].state != "running"
        if node.state == "pending" and not open_needs and not node.evaluating and not waits_for_group:
            raise _broken(node, "is pending although all its needs have ended")
        if node.state in _BEGUN:
            if open_needs and not (node.state == "ok" and scheduler.past):
                # What ended ok stays so when a retry makes a need anew whose failure it had accepted.
                raise _broken(node, f"is {node.state} before its needs have ended")
            ends = [(need, *scheduler.asked_of(node, need, mode)) for need, mode in node.spec.needs]
            if weigh(ends)[0] != "needs_met" and node.generation == 0 and not scheduler.past:
                raise _broken(node, f"is {node.state} although its needs are not met")


def _check_counts(scheduler: Scheduler) -> None:
    nodes = scheduler.nodes
    actual = Counter(node.state for node in nodes.values())
    if dict(actual) != scheduler.counts:
        raise InvariantBroken(f"the counts are {scheduler.counts} where the nodes say {dict(actual)}")
    taken = [node for node in nodes.values() if node.live is not None or node.starting]
    taken += scheduler.retired.values()
    if len(taken) != scheduler.in_flight:
        raise InvariantBroken(f"{scheduler.in_flight} slots are taken by {len(taken)} nodes")
    behind = sum(node.spec.background for node in taken)
    for many in (behind, len(taken) - behind):
        if many > scheduler.limits.maximum:
            raise InvariantBroken(f"{many} nodes run where {scheduler.limits.maximum} may")
    for pool, limit in scheduler.queue.sizes.items():
        used = sum(pool in node.spec.pools for node in taken)
        if used > limit or limit - used != scheduler.queue.free_in(pool):
            raise InvariantBroken(f"{used} nodes are in pool `{pool}`, which has {limit} slots")


def _check_node(node: Node) -> None:
    is_work = node.spec.kind == "work"
    if (node.live is not None) != (node.state == "running" and is_work):
        raise _broken(node, f"is {node.state} with {'a' if node.live else 'no'} live attempt")
    if node.state == "running" and node.spec.kind == "ask":
        raise _broken(node, "asks a person and runs")
    if node.starting and node.state != "ready":
        raise _broken(node, f"is {node.state} while it is asked to start")
    if node.asked and node.state != "waiting":
        raise _broken(node, f"is {node.state} while a person is asked")
    if node.has_ended and not node.reason:
        raise _broken(node, f"ended {node.state} without a reason")


def _check_members(scheduler: Scheduler, group: Node) -> None:
    members = group.members
    if members is None or group.state != "running":
        return
    nodes = [scheduler.nodes[member] for member in members.ids]
    states = [node.state for node in nodes if not is_behind(node, group)]
    still_open = sum(state not in ENDED for state in states)
    if (members.open, members.ok) != (still_open, states.count("ok")):
        counted = f"{members.open} open and {members.ok} ok members"
        raise _broken(group, f"counts {counted} where there are {still_open} and {states.count('ok')}")
    if len(set(members.ids)) != len(members.ids):
        raise _broken(group, "has a member twice")
    at_work = still_open - sum(state == "held" for state in states)
    if group.spec.parallel is not None and at_work > group.spec.parallel:
        raise _broken(group, f"has {at_work} members at work where {group.spec.parallel} may be")
    if group.spec.grows == "rounds" and len(members.ids) > members.allowed:
        raise _broken(group, f"has {len(members.ids)} rounds where {members.allowed} may be")


def _broken(node: Node, what: str) -> InvariantBroken:
    return InvariantBroken(f"node `{node.spec.id}` {what}", story=node.told(), task=node.spec.id)
