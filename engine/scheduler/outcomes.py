"""Splits the end of an attempt into the one kind of event that the table knows."""

from __future__ import annotations

from ...schemas.states import FREE_RETRY, RETRYABLE, FailureReason
from .events import AttemptFinished
from .graph import NodeSpec
from .node import Node
from .transitions import EventKind


def is_retried(spec: NodeSpec, reason: FailureReason | None, failures: int) -> bool:
    """Whether a failed attempt is followed by another, given the failures counted before it."""
    if reason is None:
        return False
    allowed = RETRYABLE if spec.retry_on is None else spec.retry_on
    if reason not in allowed:
        return False
    return reason in FREE_RETRY or failures < spec.retry_max


def classify(node: Node, event: AttemptFinished, *, cancelling: bool) -> EventKind:
    """The kind of `event` for the node's live attempt.

    While the DAG run is being cancelled nothing is retried, and an attempt that was stopped or lost
    ends the node as `cancelled`; likewise nothing is retried for a node that nobody waits for any more,
    and what was stopped or lost of it ends `skipped`. What an attempt that was stopped midway did to
    the world is as unknown as what a lost one did, so `on_lost` decides about both: for a lost attempt
    as the graph says it, for a stopped one as the event says it.
    """
    spec = node.spec
    if event.outcome == "ok":
        return "attempt_ok"
    if event.outcome == "cancelled":
        if event.cancelled_for == "unneeded" or node.unneeded:
            return "attempt_unneeded"
        if event.cancelled_for == "stop" and not cancelling:
            return _STOPPED[event.on_lost or "rerun"]
        return "attempt_cancelled"
    if event.outcome == "interrupted":
        if node.unneeded:
            return "attempt_unneeded"
        return "attempt_cancelled" if cancelling else _LOST[spec.on_lost]
    if event.outcome == "failed" and is_retried(spec, event.failure_reason, node.failures):
        if node.unneeded:
            return "attempt_unneeded"
        if not cancelling:
            return "attempt_retry"
    return "attempt_failed"


_LOST: dict[str, EventKind] = {
    "rerun": "attempt_lost_rerun",
    "ask": "attempt_lost_ask",
    "fail": "attempt_lost_fail",
}

_STOPPED: dict[str, EventKind] = {
    "rerun": "attempt_stopped",
    "ask": "attempt_stopped_ask",
    "fail": "attempt_stopped_fail",
}

_DOUBTS: dict[EventKind, str] = {
    "attempt_lost_ask": "its end was never seen",
    "attempt_lost_fail": "its end was never seen",
    "attempt_stopped_ask": "it was stopped before its end",
    "attempt_stopped_fail": "it was stopped before its end",
}


def doubt_of(kind: EventKind) -> str:
    """Why nobody knows what an attempt did to the world; nothing for an end that leaves no doubt."""
    return _DOUBTS.get(kind, "")


def reason_of(kind: EventKind, event: AttemptFinished, node: Node) -> str:
    """Why the node is where the end of its latest attempt has put it."""
    tries = node.attempts
    if kind == "attempt_ok":
        return "its attempt ended ok" if tries == 1 else f"attempt {tries} ended ok"
    if kind == "attempt_failed":
        reason = event.reason or event.failure_reason or event.outcome
        return reason if tries == 1 else f"{reason} (attempt {tries})"
    if kind == "attempt_retry":
        return f"attempt {tries} failed, another follows: {event.reason or event.failure_reason}"
    if kind in _DOUBTS:
        return f"{_DOUBTS[kind]}, and `on_lost` is `{'ask' if kind.endswith('_ask') else 'fail'}`"
    if kind == "attempt_unneeded":
        return node.unneeded or event.reason or "its result can no longer change the outcome"
    if kind == "attempt_cancelled":
        return event.reason or "cancelled while it ran"
    return event.reason or "stopped, to be run again"
