"""How far from the start each node of a graph is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def longest_paths(ids: Sequence[str], edges: Iterable[tuple[str, str]]) -> dict[str, int]:
    """For each id the length of the longest way to it; what lies on or behind a cycle is left out."""
    after: dict[str, list[str]] = {id_: [] for id_ in ids}
    open_needs = dict.fromkeys(ids, 0)
    for source, target in edges:
        after[source].append(target)
        open_needs[target] += 1
    levels = {id_: 0 for id_ in ids if not open_needs[id_]}
    done = list(levels)
    for id_ in done:
        for target in after[id_]:
            levels[target] = max(levels.get(target, 0), levels[id_] + 1)
            open_needs[target] -= 1
            if not open_needs[target]:
                done.append(target)
    return {id_: levels[id_] for id_ in done}
