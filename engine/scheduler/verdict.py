"""How a DAG run, or a sub-graph, ends: from the ends of its nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...schemas.states import DagRunState
from .needs import FAILED, is_knowing
from .node import Node

NAMED = 5


def is_taken_knowingly(node: Node, nodes: Mapping[str, Node], consumers: Sequence[str]) -> bool:
    """Whether the node has consumers and every one of them accepted its failed or blocked end.

    A consumer that asked for a number of a group's members accepted the rest, if the number was met; a
    join with a rule makes of its needs whatever the rule says.
    """
    return bool(consumers) and all(_took_knowingly(node, nodes[consumer]) for consumer in consumers)


def _took_knowingly(node: Node, consumer: Node) -> bool:
    if consumer.spec.settles is not None:
        return True
    node_id = node.spec.id
    quorum = (consumer.spec.quorums or {}).get(node_id)
    if quorum is not None:
        members = node.members
        return members is not None and members.ok >= quorum.needed(len(members.ids))
    return all(is_knowing(mode, node.state) for need, mode in consumer.spec.needs if need == node_id)


def verdict(
    nodes: Mapping[str, Node],
    consumers: Mapping[str, Sequence[str]],
    *,
    every_node: Mapping[str, Node] | None = None,
) -> tuple[DagRunState, str]:
    """The state of a graph all of whose `nodes` have ended, and one sentence on why.

    `failed` when a node is failed or blocked and some consumer (or nobody at all) did not take that
    end knowingly; else `cancelled` when a person cancelled a node; else `ok`. Members of groups are not
    among `nodes`: their group speaks for them. `every_node` is where consumers are looked up.
    """
    known = nodes if every_node is None else every_node
    spoiled = [
        node
        for node in nodes.values()
        if node.state in FAILED and not is_taken_knowingly(node, known, consumers[node.spec.id])
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
