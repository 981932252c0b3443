"""Weighs the ends of a node's needs (rule 1 of the task graph)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ...schemas.bound import NeedMode
from ...schemas.states import NodeState
from .transitions import EventKind

FAILED = frozenset({"failed", "blocked"})

Asked = NeedMode | Literal["met", "lost"]
"""What a need asks for; for a quorum over members, whether it was met."""


def is_knowing(mode: NeedMode, state: NodeState) -> bool:
    """Whether a consumer with this need took the failed or blocked end of its need knowingly."""
    return mode in ("done", "failed") and state in FAILED


def weigh(ends: Sequence[tuple[str, Asked, NodeState, str]]) -> tuple[EventKind, str]:
    """What follows from the ends of ALL needs, and why.

    `ends` holds node id, mode, end state and end reason of each need, in declaration order. The
    verdict does not depend on the order in which they ended: failure outweighs cancellation, which
    outweighs skipping; within one rank the first in declaration order is named.
    """
    cancelled = skipped = ""
    for node, mode, state, reason in ends:
        if mode in ("done", "met") or (mode == "ok" and state == "ok"):
            continue
        if mode == "failed":
            if state not in FAILED and not skipped:
                skipped = f"skipped because `{node}` did not fail: it ended `{state}`"
        elif state == "cancelled":
            cancelled = cancelled or f"cancelled because `{node}` was cancelled"
        elif mode == "lost" or state in FAILED:
            return "needs_failed", _blocked(node, mode, state, reason)
        elif not skipped:
            skipped = f"skipped because `{node}` was skipped: {_root(reason, _SKIPPED)}"
    if cancelled:
        return "needs_cancelled", cancelled
    if skipped:
        return "needs_skipped", skipped
    return "needs_met", ""


def _blocked(node: str, mode: Asked, state: NodeState, reason: str) -> str:
    if mode == "lost":
        return f"blocked because too few of `{node}` ended ok: {reason}"
    if state == "blocked":
        return f"blocked because `{node}` was blocked: {_root(reason, _BLOCKED)}"
    return f"blocked because `{node}` failed: {reason}"


_BLOCKED = "was blocked: "
_SKIPPED = "was skipped: "


def _root(reason: str, marker: str) -> str:
    # Only the innermost cause is repeated, or a long chain would pile up one clause per node.
    at = reason.rfind(marker)
    if at >= 0:
        return reason[at + len(marker) :]
    return reason.removeprefix("blocked because ").removeprefix("skipped because ")
