"""The way through a plan that is longest, or through a DAG run that took longest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .levels import longest_paths


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """The nodes on the path, groups with the way through their members, and the edges between them."""

    nodes: frozenset[str]
    edges: frozenset[tuple[str, str]]


def critical_path(
    took: Mapping[str, int],
    groups: Mapping[str, str | None],
    edges: Iterable[tuple[str, str]],
    outermost: Sequence[str] | None = None,
) -> CriticalPath:
    """The heaviest path, through groups by way of their members.

    `took` is what each node weighs that is no group, `groups` the group that each node is a member of,
    and `outermost` the path among the nodes of no group where that is known already. A group weighs what
    the heaviest path among its members does: the longest item of a fan-out, all rounds of a repeat.
    O(n log n), n = nodes + edges.
    """
    inside: dict[str | None, list[tuple[str, str]]] = defaultdict(list)
    for source, target in edges:
        inside[groups[source]].append((source, target))
    members: dict[str | None, list[str]] = defaultdict(list)
    for id_, group in groups.items():
        members[group].append(id_)
    weights = dict(took)
    ways: dict[str | None, tuple[str, ...]] = {}
    for group in _innermost_first(members, groups):
        ways[group] = longest_way(
            {id_: weights[id_] for id_ in members[group] if id_ in weights}, inside[group]
        )
        if group is not None and ways[group]:
            weights[group] = sum(weights[id_] for id_ in ways[group])
    way = list(ways.get(None, ()) if outermost is None else outermost)
    steps = set(pairwise(way))
    for id_ in way:
        steps.update(pairwise(ways.get(id_, ())))
        way.extend(ways.get(id_, ()))
    return CriticalPath(frozenset(way), frozenset(steps))


def _innermost_first(found: Iterable[str | None], groups: Mapping[str, str | None]) -> list[str | None]:
    """Groups before the ones that they are in, None last."""
    order: dict[str | None, None] = {}
    for group in found:
        chain = [group]
        while chain[-1] is not None:
            chain.append(groups[chain[-1]])
        for name in reversed(chain):
            order.setdefault(name)
    return list(reversed(order))


def longest_way(took: Mapping[str, int], edges: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The nodes of a heaviest path, first to last; of several equal ones the shortest, and of these that
    of the nodes named first. `took` is in milliseconds; what took none may lie on the path, though not at
    its ends. O(n log n), n = nodes + edges."""
    needs: dict[str, list[str]] = {id_: [] for id_ in took}
    for source, target in edges:
        if source in needs and target in needs:
            needs[target].append(source)
    levels = longest_paths(list(took), [(a, b) for b, sources in needs.items() for a in sources])
    total: dict[str, int] = {}
    before: dict[str, str | None] = {}
    for id_ in sorted(levels, key=lambda id_: levels[id_]):
        heavy = (need for need in needs[id_] if total[need])
        before[id_] = max(heavy, key=lambda need: (total[need], -levels[need]), default=None)
        above = before[id_]
        total[id_] = took[id_] + (total[above] if above is not None else 0)
    at = max(took, key=lambda id_: (total[id_], -levels[id_]), default=None)
    way: list[str] = []
    while at is not None:
        way.append(at)
        at = before[at]
    return tuple(reversed(way))
