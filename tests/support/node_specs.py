"""Small graphs for the scheduler's tests, in shorthand."""

from __future__ import annotations

from metaensemble.engine.scheduler.graph import Limits, NodeSpec


def specs(text: str, **changes: dict[str, object]) -> list[NodeSpec]:
    """Nodes from lines such as `c: a b?done`; `changes` maps node ids to fields of their spec."""
    found = []
    for line in text.strip().splitlines():
        name, _, needs = line.strip().partition(":")
        pairs = []
        for word in needs.split():
            need, _, mode = word.partition("?")
            pairs.append((need, mode or "ok"))
        found.append(NodeSpec(id=name, needs=tuple(pairs), **changes.get(name, {})))  # type: ignore[arg-type]
    return found


def limits(maximum: int = 4, **pools: int) -> Limits:
    """Limits with named pools."""
    return Limits(maximum=maximum, pools=pools)
