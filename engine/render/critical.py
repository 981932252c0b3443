"""The way through a DAG run that took longest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .levels import longest_paths


def longest_way(took: Mapping[str, int], edges: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The nodes of a heaviest path among those that took time, first to last; of several equal ones
    that of the nodes named first. `took` is in milliseconds. O(n log n), n = nodes + edges."""
    needs: dict[str, list[str]] = {id_: [] for id_ in took}
    for source, target in edges:
        if source in needs and target in needs:
            needs[target].append(source)
    levels = longest_paths(list(took), [(a, b) for b, sources in needs.items() for a in sources])
    total: dict[str, int] = {}
    before: dict[str, str | None] = {}
    for id_ in sorted(levels, key=lambda id_: levels[id_]):
        before[id_] = max(needs[id_], key=lambda need: total[need], default=None)
        above = before[id_]
        total[id_] = took[id_] + (total[above] if above is not None else 0)
    at = max(took, key=lambda id_: total[id_], default=None)
    way: list[str] = []
    while at is not None:
        way.append(at)
        at = before[at]
    return tuple(reversed(way))
