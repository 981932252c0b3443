"""Which commits the worktree of a node begins at. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping


def bases_of(
    before: Iterable[str], commits: Mapping[str, str], behind: Callable[[str], Iterable[str]]
) -> list[tuple[str, str]]:
    """The node and the commit of everybody whose work a node builds on, in declared order, each once.

    `before` are the nodes that it needs; `commits` what nodes with a worktree of their own left. What a node
    without one hands on is the work of those behind it: what it needs, and the members that it is made of,
    both told by `behind`.
    """
    found: dict[str, str] = {}
    seen: set[str] = set()
    stack = list(reversed(list(before)))
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node in commits:
            found.setdefault(commits[node], node)
        else:
            stack += reversed(list(behind(node)))
    return [(node, commit) for commit, node in found.items()]
