"""The record: what is appended to the journal, and what is read back from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Record:
    """One fact to append.

    `entity_id` names what the fact is about (a DAG run, a Run, a node), `dag_run_id` the DAG run that
    it belongs to, if any. `payload` is a JSON object. `cause` is the seq of the record that led to
    this one. `ts_ms` is Unix time in milliseconds; None lets the Ledger's clock stamp it.
    """

    kind: str
    entity_id: str
    dag_run_id: str | None
    payload: dict[str, Any]
    cause: int | None = None
    ts_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Journaled:
    """One record as the journal holds it; the hashes are 64 hexadecimal digits."""

    seq: int
    ts_ms: int
    kind: str
    entity_id: str
    dag_run_id: str | None
    cause: int | None
    payload: dict[str, Any]
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain. An empty journal has seq 0 and a hash of 64 zeros."""

    seq: int
    hash: str


DAG_RUN_CREATED: Final = "dag_run.created"
DAG_RUN_CLAIMED: Final = "dag_run.claimed"
DAG_RUN_REOPENED: Final = "dag_run.reopened"
DAG_RUN_PAUSED: Final = "dag_run.paused"
DAG_RUN_CANCEL_REQUESTED: Final = "dag_run.cancel_requested"
DAG_RUN_ENDED: Final = "dag_run.ended"
ATTEMPT_STARTED: Final = "attempt.started"
ATTEMPT_SPAWNED: Final = "attempt.spawned"
ATTEMPT_FINISHED: Final = "attempt.finished"
NODE_CONDITION: Final = "node.condition"
NODE_REUSED: Final = "node.reused"
NODES_ENDED: Final = "nodes.ended"
NODES_RENEWED: Final = "nodes.renewed"
GRAPH_GREW: Final = "graph.grew"
GROWTH_FAILED: Final = "graph.growth_failed"
GROUP_JUDGED: Final = "group.judged"
TIMER_FIRED: Final = "timer.fired"
PRINCIPAL_ASKED: Final = "principal.asked"
PRINCIPAL_ANSWERED: Final = "principal.answered"
ROLE_NOTED: Final = "role.noted"
ROLE_ARCHIVED: Final = "role.archived"
ROLE_RESTORED: Final = "role.restored"
EXECUTOR_CREATED: Final = "executor.created"
EXECUTOR_RETIRED: Final = "executor.retired"
EXECUTOR_RESTORED: Final = "executor.restored"
EXECUTOR_REVIEWED: Final = "executor.reviewed"
GATE_EVALUATED: Final = "gate.evaluated"
MIRROR_SET_ASIDE: Final = "mirror.set_aside"
