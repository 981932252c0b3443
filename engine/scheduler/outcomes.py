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
    ends the node as `cancelled`. What an attempt that was stopped midway did to the world is as
    unknown as what a lost one did, so `on_lost` decides about both: for a lost attempt as the graph
    says it, for a stopped one as the event says it.
    """
    if event.outcome == "ok":
        return "attempt_ok"
    if event.outcome == "cancelled":
        if event.cancelled_for == "unneeded":
            return "attempt_unneeded"
        if event.cancelled_for == "stop" and not cancelling:
            return _STOPPED[event.on_lost or "rerun"]
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


def reason_of(kind: EventKind, event: AttemptFinished, tries: int) -> str:
    """Why a node is where the end of its attempt number `tries` has put it."""
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
        return event.reason or "its result can no longer change the outcome"
    if kind == "attempt_cancelled":
        return event.reason or "cancelled while it ran"
    return event.reason or "stopped, to be run again"
