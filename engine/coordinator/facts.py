"""Between events and journal records: what is written down, and what a replay reads back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from ..scheduler.commands import NodeEnd
from ..scheduler.events import (
    AttemptFinished,
    AttemptStarted,
    CancelRequested,
    ConditionEvaluated,
    Event,
    GroupJudged,
    NodeReused,
    NodesReopened,
    PrincipalAnswered,
    TimerFired,
)


class Journaled(Protocol):
    """The part of a journal record that a replay reads."""

    @property
    def seq(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def entity_id(self) -> str: ...
    @property
    def payload(self) -> Mapping[str, Any]: ...


def event_of(record: Journaled) -> Event | None:
    """The event that a record holds; None for records that are no event of the scheduler, and for
    growth, which `Growing.event` reads.

    Kinds that this version does not know are no events: a newer version's records about something
    else do not keep a DAG run from being read.
    """
    make = _EVENTS.get(record.kind)
    return make(record.seq, record.entity_id, record.payload) if make else None


def events(records: Iterable[Journaled]) -> Iterator[Event]:
    """The events among `records`, in order."""
    for record in records:
        event = event_of(record)
        if event is not None:
            yield event


def _started(seq: int, entity: str, payload: Mapping[str, Any]) -> Event:
    return AttemptStarted(node=payload["node_id"], generation=payload["generation"], run_id=entity, cause=seq)


def _finished(seq: int, entity: str, payload: Mapping[str, Any]) -> Event:
    return AttemptFinished(
        node=payload["node_id"],
        generation=payload["generation"],
        run_id=entity,
        outcome=payload["outcome"],
        failure_reason=payload.get("failure_reason"),
        reason=payload.get("reason", ""),
        cancelled_for=payload.get("cancelled_for"),
        on_lost=payload.get("on_lost"),
        backoff=payload.get("backoff_ms", 0) / 1000,
        cause=seq,
    )


def _condition(seq: int, entity: str, payload: Mapping[str, Any]) -> Event:
    return ConditionEvaluated(
        node=entity,
        generation=payload["generation"],
        value=payload["value"],
        error=payload.get("error"),
        cause=seq,
    )


def _timer(seq: int, entity: str, payload: Mapping[str, Any]) -> Event:
    return TimerFired(node=entity, generation=payload["generation"], cause=seq)


def _judged(seq: int, entity: str, payload: Mapping[str, Any]) -> Event:
    return GroupJudged(
        group=entity,
        generation=payload["generation"],
        holds=payload["holds"],
        error=payload.get("error"),
        cause=seq,
    )


def _reused(seq: int, entity: str, payload: Mapping[str, Any]) -> Event:
    return NodeReused(node=entity, generation=payload["generation"], run_id=payload["run_id"], cause=seq)


def _answered(seq: int, entity: str, payload: Mapping[str, Any]) -> Event:
    return PrincipalAnswered(
        node=entity,
        generation=payload["generation"],
        answer=payload["answer"],
        by=payload.get("by", ""),
        cause=seq,
    )


def _cancel(seq: int, _entity: str, payload: Mapping[str, Any]) -> Event:
    return CancelRequested(now=payload["now"], by=payload.get("by", ""), cause=seq)


def _reopened(seq: int, _entity: str, payload: Mapping[str, Any]) -> Event:
    return NodesReopened(nodes=tuple((node, generation) for node, generation in payload["nodes"]), cause=seq)


_EVENTS = {
    "attempt.started": _started,
    "attempt.finished": _finished,
    "node.reused": _reused,
    "group.judged": _judged,
    "node.condition": _condition,
    "timer.fired": _timer,
    "principal.answered": _answered,
    "dag_run.cancel_requested": _cancel,
    "dag_run.reopened": _reopened,
}


def ends_payload(ends: Iterable[NodeEnd]) -> dict[str, Any]:
    """The payload of a `nodes.ended` record."""
    return {"nodes": [[end.node, end.generation, end.state, end.reason] for end in ends]}
