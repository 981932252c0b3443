"""Brings a DAG run's state back from what was recorded about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..ledger.records import GRAPH_GREW, GROUP_JUDGED, GROWTH_FAILED, NODE_REUSED, PRINCIPAL_ANSWERED
from ..scheduler.events import AttemptFinished, GroupJudged, NodeReused
from ..scheduler.machine import Scheduler
from .facts import Journaled, event_of
from .growing import Growing
from .outputs import Outputs


@dataclass(slots=True, kw_only=True)
class Recovered:
    """What a replay found beside the scheduler's own state.

    `deliverables` maps nodes to paths; `known_ends`, `known_asks` and `known_renewals` are the ends,
    the questions, with their words, and the new generations that stand in the Ledger;
    `spawned` maps run ids to the process facts that were recorded; `executors` maps nodes to the
    Executor that tried them last, `runs` those of agents that ended ok to their Run, and
    `commits` those with a worktree of their own to the commit that they left; `end` is the
    last recorded end of the DAG run (`ok`, `failed`, `cancelled`) unless it was reopened since;
    `last_seq` is the last record read.
    """

    deliverables: dict[str, str] = field(default_factory=dict)
    known_ends: set[tuple[str, int]] = field(default_factory=set)
    known_asks: dict[tuple[str, int], str] = field(default_factory=dict)
    known_renewals: set[tuple[str, int]] = field(default_factory=set)
    spawned: dict[str, dict[str, object]] = field(default_factory=dict)
    executors: dict[str, str] = field(default_factory=dict)
    commits: dict[str, str] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    end: str | None = None
    last_seq: int = 0
    coordinators: int = 0


def replay(
    records: Iterable[Journaled], scheduler: Scheduler, outputs: Outputs, growing: Growing
) -> Recovered:
    """Feed everything recorded about a DAG run, in order, to `scheduler` and `outputs`.

    The scheduler only takes note, since nothing has opened it for dispatch. The same records give
    the same state however often this is done.
    """
    found = Recovered()
    for record in records:
        found.last_seq = record.seq
        payload = record.payload
        _recall(record, scheduler, outputs, growing)
        event = event_of(record)
        if record.kind in (GRAPH_GREW, GROWTH_FAILED):
            event = growing.event(record.entity_id, payload, cause=record.seq)
        elif isinstance(event, AttemptFinished) and event.outcome == "ok":
            if scheduler.is_watched(event.node):
                event = replace(event, output=outputs.get(event.node))
        elif isinstance(event, NodeReused) and scheduler.is_watched(event.node):
            event = replace(event, output=outputs.get(event.node))
        elif isinstance(event, GroupJudged) and event.holds and scheduler.is_watched(event.group):
            event = replace(event, output=outputs.get(event.group))
        if event is not None:
            scheduler.handle(event)
        _note(record, scheduler, found)
        if "executor_id" in payload:
            _note_executor(record, found)
    return found


def _recall(record: Journaled, scheduler: Scheduler, outputs: Outputs, growing: Growing) -> None:
    """Take the outputs that a record holds; what came too late to count left none."""
    payload, entity = record.payload, record.entity_id
    if record.kind == "attempt.finished":
        if payload["outcome"] == "ok" and scheduler.is_live(payload["node_id"], payload["generation"]):
            outputs.recall(payload["node_id"], payload)
    elif record.kind == NODE_REUSED:
        outputs.recall(entity, payload)
    elif record.kind == GROUP_JUDGED:
        growing.recall(entity, payload)
    elif record.kind == PRINCIPAL_ANSWERED and scheduler.is_asked(entity, payload["generation"]):
        outputs.recall(entity, payload)


def _note(record: Journaled, scheduler: Scheduler, found: Recovered) -> None:
    payload = record.payload
    match record.kind:
        case "attempt.finished":
            is_live = scheduler.is_live(payload["node_id"], payload["generation"])
            if payload["outcome"] == "ok" and is_live:
                _note_left(payload, found)
        case "node.reused":
            if payload.get("deliverable_ref"):
                found.deliverables[record.entity_id] = payload["deliverable_ref"]["path"]
        case "attempt.spawned":
            found.spawned[record.entity_id] = dict(payload)
        case "nodes.ended":
            found.known_ends.update((node, generation) for node, generation, _, _ in payload["nodes"])
        case "principal.asked":
            found.known_asks[record.entity_id, payload["generation"]] = payload["question"]
        case "nodes.renewed":
            found.known_renewals.update((node, generation) for node, generation in payload["nodes"])
        case "dag_run.ended":
            found.end = payload["state"]
        case "dag_run.reopened":
            found.end = None
        case "dag_run.claimed":
            found.coordinators += 1


def _note_left(payload: Mapping[str, Any], found: Recovered) -> None:
    """What an attempt that ended ok left behind."""
    if payload.get("deliverable_ref"):
        found.deliverables[payload["node_id"]] = payload["deliverable_ref"]["path"]
    if "worktree" in payload:
        found.commits[payload["node_id"]] = payload["worktree"]["commit"]


def _note_executor(record: Journaled, found: Recovered) -> None:
    node = record.payload["node_id"]
    if record.kind == "attempt.started":
        found.executors[node] = record.payload["executor_id"]
    elif record.payload.get("outcome") == "ok":
        found.runs[node] = record.entity_id


def lost_attempts(scheduler: Scheduler) -> list[tuple[str, int, str]]:
    """Node, generation and run id of every attempt that was begun and whose end was never seen."""
    nodes = [*scheduler.nodes.values(), *scheduler.retired.values()]
    return [(node.spec.id, node.generation, node.live) for node in nodes if node.live is not None]


def reopenable(scheduler: Scheduler) -> list[tuple[str, int]]:
    """The nodes that a retry of an ended DAG run makes anew, with their next generation.

    Those that failed, were blocked or were cancelled, and what a group or a join among them had no need
    of any more. What a group that ended well knew of stays; a node that ended ok is never run again.
    """
    nodes, consumers = scheduler.nodes, scheduler.consumers
    known: dict[str, bool] = {}

    def is_renewed(name: str) -> bool:
        node = nodes[name]
        group = nodes[node.spec.group] if node.spec.group is not None else None
        if group is not None and not renewed(group.spec.id):
            return False
        if node.state in ("failed", "blocked", "cancelled"):
            return True
        if node.state != "skipped" or not node.unneeded:
            return False
        if group is not None:
            went_with_it = node.unneeded in (group.unneeded, group.reason)
            if group.spec.grows == "items" or went_with_it:
                return True
        return any(nodes[join].spec.settles is not None and renewed(join) for join in consumers[name])

    def renewed(name: str) -> bool:
        if name not in known:
            known[name] = is_renewed(name)
        return known[name]

    return [(name, node.generation + 1) for name, node in nodes.items() if renewed(name)]
