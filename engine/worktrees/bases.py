"""Which commits the worktree of a node begins at. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def bases_of(
    before: Iterable[str], commit: Callable[[str], str | None], behind: Callable[[str], Iterable[str]]
) -> list[tuple[str, str]]:
    """The node and the commit of everybody whose work a node builds on, in declared order, each once.

    `before` are the nodes that it needs; `commit` says what a node left in a worktree of its own, None where
    it left nothing. What such a one hands on is the work of those behind it: what it needs, and the members
    that it is made of, both told by `behind`.
    """
    found: dict[str, str] = {}
    seen: set[str] = set()
    stack = list(reversed(list(before)))
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        left = commit(node)
        if left is not None:
            found.setdefault(left, node)
        else:
            stack += reversed(list(behind(node)))
    return [(node, left) for left, node in found.items()]
