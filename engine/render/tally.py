"""What can be said of a group in a few figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ...schemas.plan import PlanNode
from ...schemas.report import NodeReport
from ...schemas.states import NODE_STATES, NodeState

NAMED: Final = 5
"""How many failed nodes a collapsed group names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The members of a group: how many, how many in each state, and a few nodes that failed.

    `counts` is empty where only a plan is drawn. `failed` are full ids, of nodes at any depth, without
    the groups that failed because of them; `more_failed` says how many it leaves out. `reused` counts the
    nodes at any depth whose result an earlier DAG run had.
    """

    size: int
    counts: tuple[tuple[NodeState, int], ...] = ()
    failed: tuple[str, ...] = ()
    more_failed: int = 0
    reused: int = 0


def members_of(
    states: Iterable[NodeState | None], failed: Sequence[str], *, more_failed: int = 0, reused: int = 0
) -> Members:
    """The members with these states, None for the ones of a plan; of `failed` the first are named."""
    counts: dict[NodeState | None, int] = defaultdict(int)
    for state in states:
        counts[state] += 1
    return Members(
        size=sum(counts.values()),
        counts=tuple((state, counts[state]) for state in NODE_STATES if counts[state]),
        failed=tuple(failed[:NAMED]),
        more_failed=more_failed + max(0, len(failed) - NAMED),
        reused=reused,
    )


def tallies(
    nodes: Sequence[PlanNode], groups: Mapping[str, str | None], seen: Mapping[str, NodeReport]
) -> dict[str, Members]:
    """For each group node that has members what they came to; O(nodes * depth of the nesting)."""
    states: dict[str, list[NodeState | None]] = defaultdict(list)
    failed: dict[str, list[str]] = defaultdict(list)
    reused: dict[str, int] = defaultdict(int)
    for node in nodes:
        report = seen.get(node.id)
        group = groups[node.id]
        if group is not None:
            states[group].append(report.state if report else None)
        while group is not None and report is not None:
            if report.state == "failed":
                failed[group].append(node.id)
            reused[group] += report.reused_from is not None
            group = groups[group]
    return {
        group: members_of(found, _causes(failed[group], failed), reused=reused[group])
        for group, found in states.items()
    }


def _causes(failed: Iterable[str], by_group: Mapping[str, Sequence[str]]) -> list[str]:
    """The failed nodes without the groups in which some node failed."""
    return [id_ for id_ in failed if not by_group.get(id_)]
