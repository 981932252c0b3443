"""What the named queries return: one frozen row per table, its columns by name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DagRunRow:
    """One DAG run. `state` says `running` also where the process that ran it is gone."""

    seq: int
    dag_run_id: str
    name: str | None
    source: str | None
    source_digest: str | None
    project: str | None
    graph: str | None
    params: Any
    concurrency: Any
    version: str | None
    state: str
    reason: str
    created_ts: int
    ended_ts: int | None
    coordinators: int
    claimed_ts: int | None
    pid: int | None
    host: str | None
    boot_id: str | None
    process_start: int | None
    waiting_for: Any
    cancel: str | None
    outputs: Any


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One generation of one node. `superseded`: a rewind dropped it, and it did not grow again.

    `reused_from` is the Run of another DAG run whose result the node took over, where it did.
    """

    dag_run_id: str
    node_id: str
    generation: int
    position: int
    task_id: str
    kind: str
    runtime: str
    state: str
    reason: str
    attempts: int
    started_ts: int | None
    ended_ts: int | None
    superseded: int
    reused_from: str | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """The intent of one attempt, recorded before the act; `seq` is that record's."""

    dag_run_id: str
    run_id: str
    seq: int
    node_id: str
    generation: int
    attempt_no: int
    runtime: str | None
    kind: str | None
    attempt_key: str | None
    started_ts: int
    pid: int | None
    process_group: int | None
    process_started: int | None
    boot_id: str | None


@dataclass(frozen=True, slots=True)
class RunRow:
    """One Run: how one attempt ended. `seq` is the record's, whose payload holds the output as well."""

    run_id: str
    seq: int
    dag_run_id: str | None
    node_id: str | None
    generation: int | None
    attempt_no: int | None
    executor_id: str | None
    task_id: str | None
    role_id: str | None
    role_version: str | None
    runtime: str | None
    requested_tier: str | None
    model: str | None
    model_source: str | None
    tokens_in: int | None
    tokens_out: int | None
    cache_read_tokens: int | None
    cache_create_tokens: int | None
    orchestration_tokens: int | None
    cost_usd: float | None
    cost_kind: str | None
    window_id: str | None
    started_ts: int | None
    ended_ts: int | None
    working_ms: int | None
    outcome: str
    failure_reason: str | None
    reason: str | None
    exit_status: int | None
    attempt_key: str | None
    reused_from: str | None
    brief_in: str | None
    brief_out: str | None
    manifest_id: str | None
    deliverable_ref: Any
    files_touched: Any
    tool_use: Any
    gate_state: str | None
    quality_state: str | None
    quality_findings: Any
    review_findings: Any
    session_id: str | None
    usage_source: str | None


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A result that later DAG runs may take over: its key, the Run that it is of, and whose it was."""

    result_key: str
    seq: int
    dag_run_id: str
    run_id: str
    task: str


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What a person answered about one generation of a node: `yes` or `no` to its question, `rerun` or
    `fail` about a lost attempt. `seq` is the record's, whose payload holds the value of a yes."""

    dag_run_id: str
    node_id: str
    generation: int
    seq: int
    answer: Any
    answered_by: str | None
    answered_ts: int


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A branch on which an attempt left changes; `seq` is that of the attempt's end."""

    seq: int
    node_id: str
    branch: str


JSON_COLUMNS = frozenset({
    "params", "concurrency", "waiting_for", "outputs", "deliverable_ref", "files_touched", "tool_use",
    "quality_findings", "review_findings", "session_totals", "axes", "options", "answer", "payload",
})  # fmt: skip
"""Columns of any table whose text is JSON; rows carry the value that it stands for."""


def json_value(text: Any) -> Any:
    """The value that a JSON column's text stands for; a text that is no JSON stands for itself."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
