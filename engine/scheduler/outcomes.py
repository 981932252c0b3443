"""Splits the end of an attempt into the one kind of event that the table knows."""

from __future__ import annotations

from ...schemas.states import FREE_RETRY, RETRYABLE, FailureReason
from .events import AttemptFinished
from .graph import NodeSpec
from .transitions import EventKind


def is_retried(spec: NodeSpec, reason: FailureReason | None, failures: int) -> bool:
    """Whether a failed attempt is followed by another, given the failures counted before it."""
    if reason is None:
        return False
    allowed = RETRYABLE if spec.retry_on is None else spec.retry_on
    if reason not in allowed:
        return False
    return reason in FREE_RETRY or failures < spec.retry_max


def classify(spec: NodeSpec, event: AttemptFinished, failures: int, *, cancelling: bool) -> EventKind:
    """The kind of `event` for a node with `failures` counted failures behind it.

    While the DAG run is being cancelled nothing is retried, and an attempt that was stopped or lost
    ends the node as `cancelled`.
    """
    if event.outcome == "ok":
        return "attempt_ok"
    if event.outcome == "cancelled":
        if event.cancelled_for == "unneeded":
            return "attempt_unneeded"
        if event.cancelled_for == "stop" and not cancelling:
            return "attempt_stopped"
        return "attempt_cancelled"
    if event.outcome == "interrupted":
        if cancelling:
            return "attempt_cancelled"
        return _LOST[spec.on_lost]
    if event.outcome == "failed" and not cancelling and is_retried(spec, event.failure_reason, failures):
        return "attempt_retry"
    return "attempt_failed"


_LOST: dict[str, EventKind] = {
    "rerun": "attempt_lost_rerun",
    "ask": "attempt_lost_ask",
    "fail": "attempt_lost_fail",
}
