"""Brings a DAG run's state back from what was recorded about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..scheduler.machine import Scheduler
from .facts import Journaled, event_of
from .outputs import Outputs


@dataclass(slots=True, kw_only=True)
class Recovered:
    """What a replay found beside the scheduler's own state.

    `deliverables` maps nodes to paths; `known_ends` are the ends that stand in the Ledger;
    `spawned` maps run ids to the process facts that were recorded; `end` is the last recorded end of
    the DAG run (`ok`, `failed`, `cancelled`) unless it was reopened since; `last_seq` is the last
    record read.
    """

    deliverables: dict[str, str] = field(default_factory=dict)
    known_ends: set[tuple[str, int]] = field(default_factory=set)
    spawned: dict[str, dict[str, object]] = field(default_factory=dict)
    end: str | None = None
    last_seq: int = 0
    coordinators: int = 0


def replay(records: Iterable[Journaled], scheduler: Scheduler, outputs: Outputs) -> Recovered:
    """Feed everything recorded about a DAG run, in order, to `scheduler` and `outputs`.

    The scheduler only takes note, since nothing has opened it for dispatch. The same records give
    the same state however often this is done.
    """
    found = Recovered()
    for record in records:
        found.last_seq = record.seq
        event = event_of(record)
        if event is not None:
            scheduler.handle(event)
        payload = record.payload
        if record.kind == "attempt.finished":
            if payload["outcome"] == "ok":
                node = payload["node_id"]
                outputs.recall(node, payload)
                if payload.get("deliverable_ref"):
                    found.deliverables[node] = payload["deliverable_ref"]["path"]
        elif record.kind == "attempt.spawned":
            found.spawned[record.entity_id] = dict(payload)
        elif record.kind == "nodes.ended":
            found.known_ends.update((node, generation) for node, generation, _, _ in payload["nodes"])
        elif record.kind == "dag_run.ended":
            found.end = payload["state"]
        elif record.kind == "dag_run.reopened":
            found.end = None
        elif record.kind == "dag_run.claimed":
            found.coordinators += 1
    return found


def lost_attempts(scheduler: Scheduler) -> list[tuple[str, int, str]]:
    """Node, generation and run id of every attempt that was begun and whose end was never seen."""
    return [
        (node.spec.id, node.generation, node.live)
        for node in scheduler.nodes.values()
        if node.live is not None
    ]


def reopenable(scheduler: Scheduler) -> list[tuple[str, int]]:
    """The nodes that a retry of an ended DAG run makes anew, with their next generation.

    Those that failed, were blocked or were cancelled; a node that ended ok is never run again.
    """
    return [
        (node.spec.id, node.generation + 1)
        for node in scheduler.nodes.values()
        if node.state in ("failed", "blocked", "cancelled")
    ]
