"""The closed vocabularies of states, outcomes and reasons."""

from __future__ import annotations

from typing import Final, Literal

NodeState = Literal[
    "pending", "held", "ready", "running", "waiting", "ok", "failed", "blocked", "skipped", "cancelled"
]
Outcome = Literal["ok", "failed", "partial", "interrupted", "budget_exceeded", "cancelled"]
DagRunState = Literal["running", "ok", "failed", "cancelled", "paused", "interrupted"]
FailureReason = Literal[
    "cost_gate_block",
    "manifest_invalid",
    "output_invalid",
    "quality_gate",
    "timeout",
    "rate_limited",
    "window_spent",
    "spend_limit",
    "auth",
    "invalid_request",
    "refused",
    "truncated",
    "no_result",
    "quarantined",
    "rejected",
    "spawn_failed",
    "exit_status",
    "exception",
    "repeat_exhausted",
    "other",
]

NODE_STATES: Final[tuple[NodeState, ...]] = (
    "pending",
    "held",
    "ready",
    "running",
    "waiting",
    "ok",
    "failed",
    "blocked",
    "skipped",
    "cancelled",
)
"""Every state of a node, in the order in which they are shown."""

ENDED: Final[frozenset[NodeState]] = frozenset({"ok", "failed", "blocked", "skipped", "cancelled"})
"""The states that a node never leaves within its generation."""

RETRYABLE: Final[frozenset[FailureReason]] = frozenset(
    {
        "output_invalid",
        "quality_gate",
        "timeout",
        "rate_limited",
        "truncated",
        "no_result",
        "spawn_failed",
        "exit_status",
        "exception",
        "other",
    }
)
"""Failures that can go away when the same attempt is made again: the default of `retry.on`."""

FREE_RETRY: Final[frozenset[FailureReason]] = frozenset({"rate_limited"})
"""Failures that do not count against `retry.max`."""
