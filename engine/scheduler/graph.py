"""What the scheduler needs to know of a graph, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...schemas.bound import NeedMode, OnLost

NodeKind = Literal["work", "group", "ask"]
"""`work` starts attempts, a `group` is what its members make of it, `ask` waits for a person."""

Growth = Literal["items", "graph", "rounds"]
"""How a group gets its members: one per item or cell, the tasks of another graph, or one by one."""


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many members of a group must end `ok`: `count`, or the share `count/of` of them, rounded up.

    `whole`: the consumer takes the outputs of all members, and so waits for every one of them to end.
    """

    count: int
    of: int | None = None
    whole: bool = False

    def needed(self, total: int) -> int:
        """How many of `total` members that is."""
        return self.count if self.of is None else -(-total * self.count // self.of)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """One node. `needs` pairs a node id with the end that is asked for, in declaration order; for the
    ids in `quorums` a number of members is asked for instead.

    `pools` are the names of the limited pools that a running attempt takes a slot of. `retry_on` is
    None for every retryable reason. `weight` is the estimated duration, in any unit, above 0.

    `group` is the id of the group that the node is a member of. A group has `grows`; for `items`,
    `parallel` bounds members that are at work at once, and `rest` says what becomes of those that
    nobody waits for any more, unless `outputs_taken`. For `rounds`, `most` bounds them. An `ask` node
    whose answer is no starts `rewind_to`, and all behind it, anew.

    `held` nodes wait for a rule to release them; `settles` names the rule that is asked whenever a need
    of this node has ended (see `schemas.settling`), and `settings` are what it is told. A group with a
    `result` is what that member comes to. `background` members never hold their group up, nor anything
    else. The needs of a `piece`, which a pattern made, say nothing about what a cancel reaches.
    """

    id: str
    needs: tuple[tuple[str, NeedMode], ...] = ()
    quorums: Mapping[str, Quorum] | None = None
    kind: NodeKind = "work"
    has_condition: bool = False
    priority: int = 0
    pools: tuple[str, ...] = ()
    retry_max: int = 0
    retry_on: frozenset[str] | None = None
    on_lost: OnLost = "rerun"
    weight: float = 1.0
    group: str | None = None
    grows: Growth | None = None
    parallel: int | None = None
    rest: Literal["stop", "keep"] = "stop"
    outputs_taken: bool = False
    most: int = 1
    rewind_to: str | None = None
    held: bool = False
    settles: str | None = None
    settings: Mapping[str, Any] | None = None
    result: str | None = None
    background: bool = False
    piece: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many nodes may run at once, in all and per pool. Every number is at least 1."""

    maximum: int
    pools: Mapping[str, int]


def topological_order(specs: Iterable[NodeSpec]) -> list[str]:
    """Node ids so that each comes after its needs; ties by declaration order.

    A node on a cycle, or behind one, is left out: the caller compares lengths to notice a cycle.
    Kahn's algorithm (Communications of the ACM 5(11), 1962), O(nodes + edges).
    """
    open_needs: dict[str, int] = {}
    consumers: dict[str, list[str]] = {}
    for spec in specs:
        distinct = dict.fromkeys(need for need, _ in spec.needs)
        open_needs[spec.id] = len(distinct)
        for need in distinct:
            consumers.setdefault(need, []).append(spec.id)
    order = [node for node, count in open_needs.items() if count == 0]
    for node in order:
        for consumer in consumers.get(node, ()):
            open_needs[consumer] -= 1
            if open_needs[consumer] == 0:
                order.append(consumer)
    return order


def remaining_path(specs: Mapping[str, NodeSpec], order: list[str]) -> dict[str, float]:
    """For each node the weight of the heaviest chain from it to an end, itself included.

    `order` is a topological order of all of `specs`. O(nodes + edges).
    """
    remaining = {node: specs[node].weight for node in order}
    for node in reversed(order):
        own = remaining[node]
        for need, _ in specs[node].needs:
            through = specs[need].weight + own
            if through > remaining[need]:
                remaining[need] = through
    return remaining
