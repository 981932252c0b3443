"""What a group comes to, from the ends of its members. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from .graph import Quorum
from .needs import FAILED
from .node import Node
from .transitions import EventKind
from .verdict import NAMED, verdict

Judgement = EventKind | Literal["judge"]


def end_of(
    group: Node, nodes: Mapping[str, Node], consumers: Mapping[str, Sequence[str]]
) -> tuple[Judgement, str]:
    """What follows once no member is open, and why; `judge` when an evaluation has to tell.

    A fan-out is `ok` when no member failed or was cancelled: skipped ones do not spoil it. A sub-graph
    ends as a DAG run of its own would; one with a `result` as that ends. A repeat ends with its last
    round, unless that was `ok`.
    """
    assert group.members is not None
    members = [nodes[member] for member in group.members.ids]
    if group.spec.grows == "items":
        return _end_of_items(members)
    if group.spec.grows == "rounds":
        return _end_of_rounds(members)
    if group.spec.result is not None:
        result = nodes[group.spec.result]
        return _RESULT[result.state], result.reason
    state, reason = verdict({node.spec.id: node for node in members}, consumers, every_node=nodes)
    if state == "ok":
        return "judge", reason
    return ("members_failed" if state == "failed" else "members_cancelled"), reason


_RESULT: dict[str, EventKind] = {
    "ok": "members_ok",
    "failed": "members_failed",
    "blocked": "members_blocked",
    "cancelled": "members_cancelled",
    "skipped": "members_skipped",
}


def standing(quorum: Quorum, group: Node) -> Literal["met", "lost", "open"]:
    """Whether a quorum over the group's members is met, out of reach, or still open."""
    members = group.members
    if members is None:
        return "lost" if group.has_ended else "open"
    needed = quorum.needed(len(members.ids))
    if members.ok >= needed:
        return "met"
    return "lost" if members.ok + members.open < needed else "open"


def shortfall(quorum: Quorum, group: Node) -> str:
    """Why a quorum is out of reach, in words."""
    assert group.members is not None
    total = len(group.members.ids)
    needed = quorum.needed(total)
    wanted = f"{needed} of them" if needed <= total else f"{needed}"
    return f"{group.members.ok} of {total} items ended ok, and {wanted} had to"


def _end_of_items(members: list[Node]) -> tuple[Judgement, str]:
    total = len(members)
    if not total:
        return "members_ok", "it has no items"
    failed = [node.spec.id for node in members if node.state in FAILED]
    if failed:
        names = ", ".join(f"`{name}`" for name in failed[:NAMED])
        more = f" and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
        return "members_failed", f"{len(failed)} of {_items(total)} failed: {names}{more}"
    cancelled = sum(node.state == "cancelled" for node in members)
    if cancelled:
        return "members_cancelled", f"{cancelled} of {_items(total)} cancelled"
    ok = sum(node.state == "ok" for node in members)
    if ok == total:
        return "members_ok", f"{_items(total)} ended ok"
    return "members_ok", f"{ok} of {_items(total)} ended ok, the rest was skipped"


def _end_of_rounds(members: list[Node]) -> tuple[Judgement, str]:
    last = members[-1]
    number = len(members)
    if last.state == "ok":
        return "judge", f"round {number} ended ok"
    if last.state in FAILED:
        return "members_failed", f"round {number} failed: {last.reason}"
    if last.state == "cancelled":
        return "members_cancelled", f"round {number} was cancelled"
    if number > 1:
        return "members_ok", f"round {number} was skipped: {last.reason}"
    return "members_skipped", last.reason


def _items(count: int) -> str:
    return f"{count} item{'' if count == 1 else 's'}"
