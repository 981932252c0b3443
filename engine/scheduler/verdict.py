"""How a DAG run ends, from the ends of its nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...schemas.states import DagRunState
from .needs import FAILED, is_knowing
from .node import Node

NAMED = 5


def is_taken_knowingly(node: Node, nodes: Mapping[str, Node], consumers: Sequence[str]) -> bool:
    """Whether the node has consumers and every one of them accepted its failed or blocked end."""
    node_id = node.spec.id
    return bool(consumers) and all(
        is_knowing(mode, node.state)
        for consumer in consumers
        for need, mode in nodes[consumer].spec.needs
        if need == node_id
    )


def verdict(nodes: Mapping[str, Node], consumers: Mapping[str, Sequence[str]]) -> tuple[DagRunState, str]:
    """The state of a DAG run all of whose nodes have ended, and one sentence on why.

    `failed` when a node is failed or blocked and some consumer (or nobody at all) did not take that
    end knowingly; else `cancelled` when a person cancelled a node; else `ok`.
    """
    spoiled = [
        node
        for node in nodes.values()
        if node.state in FAILED and not is_taken_knowingly(node, nodes, consumers[node.spec.id])
    ]
    cancelled = [node for node in nodes.values() if node.state == "cancelled"]
    if cancelled:
        return "cancelled", f"{_count(len(cancelled))} cancelled"
    if spoiled:
        failed = [node.spec.id for node in spoiled if node.state == "failed"]
        blocked = len(spoiled) - len(failed)
        parts = [f"{_count(len(failed))} failed ({_names(failed)})"] if failed else []
        if blocked:
            parts.append(f"{_count(blocked)} blocked")
        return "failed", ", ".join(parts)
    ok = sum(node.state == "ok" for node in nodes.values())
    rest = len(nodes) - ok
    return "ok", f"{_count(ok)} ok" + (f", {rest} that needed no result of their own" if rest else "")


def _count(number: int) -> str:
    return f"{number} node{'' if number == 1 else 's'}"


def _names(ids: Sequence[str]) -> str:
    shown = ", ".join(f"`{node}`" for node in ids[:NAMED])
    return shown + (f" and {len(ids) - NAMED} more" if len(ids) > NAMED else "")
