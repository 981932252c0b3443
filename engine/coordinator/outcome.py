"""The payloads of an attempt's two records."""

from __future__ import annotations

from typing import Any

from ...schemas.canonical import canonical_bytes
from ...schemas.states import NodeState
from ..runtimes.protocol import AttemptRequest, AttemptResult, StoredText
from ..scheduler.events import AttemptFinished
from .attempt import LiveAttempt
from .outputs import INLINE_BYTES, Blobs
from .requests import RequestBuilder


def started_payload(
    live: LiveAttempt, request: AttemptRequest | Exception, requests: RequestBuilder, blobs: Blobs
) -> dict[str, Any]:
    """What an `attempt.started` record says: which attempt, by which key, and what it was given.

    What expressions came to is only there for tasks that have some; everything else about a task
    stands in the graph that is stored with the DAG run.
    """
    payload: dict[str, Any] = {
        "node_id": live.node,
        "generation": live.generation,
        "attempt_no": live.attempt_no,
        "runtime": live.task.runtime,
        "kind": live.task.kind,
        "key": live.key,
    }
    payload.update(live.columns)
    if isinstance(request, AttemptRequest) and requests.is_dynamic(live.task):
        rendered: dict[str, Any] = {
            "command": request.command,
            "env": request.env,
            "with": request.inputs,
            "cwd": request.cwd,
        }
        if request.agent is not None:
            rendered |= {"prompt": request.agent.prompt, "data": request.agent.data}
        if request.checks or request.acceptance:
            rendered |= {"checks": list(request.checks), "acceptance": list(request.acceptance)}
        data = canonical_bytes(rendered)
        if len(data) <= INLINE_BYTES:
            payload["inputs"] = rendered
        else:
            payload["inputs_blob"] = blobs.put(data)
    return payload


def finished_payload(
    live: LiveAttempt,
    result: AttemptResult,
    event: AttemptFinished,
    *,
    state: NodeState,
    reason: str,
    backoff: float,
    now: int,
) -> dict[str, Any]:
    """What an `attempt.finished` record says, its output left out; absent keys mean null."""
    payload: dict[str, Any] = {
        "node_id": live.node,
        "generation": live.generation,
        "attempt_no": live.attempt_no,
        "task_id": live.task_id,
        "runtime": live.task.runtime,
        "attempt_key": live.key,
        "outcome": result.outcome,
        "node_state": state,
        "node_reason": reason,
        "started_ts": live.started_ms,
        "ended_ts": now,
        "working_ms": max(now - live.started_ms, 0),
    }
    if result.failure_reason is not None:
        payload["failure_reason"] = result.failure_reason
    if result.reason:
        payload["reason"] = result.reason
    payload |= _why_stopped(event)
    if backoff:
        payload["backoff_ms"] = round(backoff * 1000)
    if result.exit_status is not None:
        payload["exit_status"] = result.exit_status
    if result.stdout is not None:
        payload["stdout"] = stored_text(result.stdout)
    if result.stderr is not None:
        payload["stderr"] = stored_text(result.stderr)
    if result.deliverable is not None:
        payload["deliverable_ref"] = dict(result.deliverable)
    if result.violations:
        payload["violations"] = [dict(violation) for violation in result.violations]
    if live.columns or result.columns:
        further = {**live.columns, **result.columns}
        payload |= {
            name: further[name] for name in further if further[name] is not None and name not in payload
        }
    return payload


def _why_stopped(event: AttemptFinished) -> dict[str, Any]:
    found = {"cancelled_for": event.cancelled_for, "on_lost": event.on_lost}
    return {name: value for name, value in found.items() if value is not None}


def stored_text(text: StoredText) -> dict[str, Any]:
    """A captured text as a record names it."""
    return {"head": text.head, "size": text.size, "blob": text.blob}


def unfit(error: Exception) -> AttemptResult:
    """The result of an attempt whose own result cannot be recorded: something in it is no data."""
    return AttemptResult(
        outcome="failed",
        failure_reason="other",
        reason=f"what it came to cannot be recorded: {type(error).__name__}: {error}",
    )


def broken_runtime(name: str, error: BaseException) -> AttemptResult:
    """The result of an attempt whose runtime raised, which its contract forbids."""
    return AttemptResult(
        outcome="failed",
        failure_reason="exception",
        reason=f"the runtime `{name}` raised {type(error).__name__}: {error}",
    )
