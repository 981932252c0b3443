"""From records to rows: what each kind of record changes in the projection tables.

A function here sees one record and the tables, nothing else, so that the journal alone gives the
same rows again. A kind that is not listed is journaled and changes no table: a later version's
records pass through an earlier one unharmed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any, Final

from ...schemas.canonical import canonical
from ...schemas.errors import ConflictingRecord
from . import people, records
from .answers import on_principal_answered
from .column_text import json_column, to_column
from .gates import on_gate_evaluated

_ENDED: Final = frozenset({"ok", "failed", "blocked", "skipped", "cancelled"})

_CLOCK_KEYS: Final = frozenset({"started_ts", "ended_ts", "working_ms", "backoff_ms"})
"""What may differ between two records of the same outcome: who asks twice reads the clock twice."""

RUN_COLUMNS: Final = (
    "node_id", "generation", "attempt_no", "executor_id", "task_id", "role_id", "role_version", "runtime",
    "requested_tier", "model", "model_source", "tokens_in", "tokens_out", "cache_read_tokens",
    "cache_create_tokens", "orchestration_tokens", "cost_usd", "cost_kind", "window_id", "started_ts",
    "ended_ts", "working_ms", "outcome", "failure_reason", "reason", "exit_status", "attempt_key",
    "reused_from", "brief_in", "brief_out", "manifest_id", "gate_state", "quality_state", "session_id",
    "usage_source",
)  # fmt: skip
"""Columns of `run_outcomes` that are taken from the payload of `attempt.finished`."""

_RUN_NAMES: Final = frozenset(RUN_COLUMNS)
_KNOWN_BY_START: Final = ("attempt_key", "runtime", "attempt_no", "started_ts", "task_id")
"""What an end need not say again, because the start of the same attempt has said it."""

_STARTED: Final = """
    SELECT attempts.attempt_key, attempts.runtime, attempts.attempt_no, attempts.started_ts, nodes.task_id
    FROM attempts LEFT JOIN nodes ON nodes.dag_run_id = attempts.dag_run_id
        AND nodes.node_id = attempts.node_id AND nodes.generation = attempts.generation
    WHERE attempts.dag_run_id = ? AND attempts.run_id = ?
"""
_KEPT_INSERTS: Final = 64
_RUN_INSERTS: Final[dict[tuple[str, ...], str]] = {}

_NODE_RUNNING: Final = """
    UPDATE nodes SET state = 'running', reason = '', attempts = ?, started_ts = coalesce(started_ts, ?),
                     ended_ts = NULL
    WHERE dag_run_id = ? AND node_id = ? AND generation = ?
"""
_NODE_STATE: Final = """
    UPDATE nodes SET state = ?, reason = ?, ended_ts = ?
    WHERE dag_run_id = ? AND node_id = ? AND generation = ?
"""
_RESULT: Final = """
    INSERT INTO results (result_key, seq, dag_run_id, run_id, task) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (result_key) DO UPDATE SET seq = excluded.seq, dag_run_id = excluded.dag_run_id,
        run_id = excluded.run_id, task = excluded.task
"""
_NEXT_GENERATION: Final = """
    INSERT INTO nodes
        (dag_run_id, node_id, generation, position, task_id, kind, runtime, state, reason, attempts)
    SELECT dag_run_id, node_id, ?, position, task_id, kind, runtime, 'pending', '', 0
    FROM nodes WHERE dag_run_id = ? AND node_id = ? AND generation =
        (SELECT max(generation) FROM nodes WHERE dag_run_id = ? AND node_id = ?)
    ON CONFLICT (dag_run_id, node_id, generation) DO NOTHING
"""
_ATTEMPT_INSERT: Final = """
    INSERT INTO attempts
        (dag_run_id, run_id, seq, node_id, generation, attempt_no, runtime, kind, attempt_key, started_ts)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (dag_run_id, run_id) DO NOTHING
"""

Payload = dict[str, Any]
_Handler = Callable[[sqlite3.Connection, int, int, str, "str | None", Payload], "int | None"]


def project(
    db: sqlite3.Connection,
    seq: int,
    ts: int,
    kind: str,
    entity_id: str,
    dag_run_id: str | None,
    payload: Payload,
) -> int | None:
    """Bring the tables up to date with one record, inside the caller's transaction.

    None when the record is new. When the very same fact is on record already, nothing changes and
    its seq is returned, for the caller to give back instead of journaling it again; raises
    `ConflictingRecord` when what is on record says something else. `KeyError` names a key that the
    payload lacks.
    """
    handler = _HANDLERS.get(kind)
    return None if handler is None else handler(db, seq, ts, entity_id, dag_run_id, payload)


def _on_dag_run_created(
    db: sqlite3.Connection, seq: int, ts: int, entity_id: str, _dag_run_id: str | None, payload: Payload
) -> int | None:
    get = payload.get
    values = (
        seq, entity_id, to_column(get("name")), to_column(get("source")), get("source_digest"),
        to_column(get("project")), get("graph"), json_column(get("params")), json_column(get("concurrency")),
        get("version"), ts,
    )  # fmt: skip
    done = db.execute(
        "INSERT INTO dag_runs (seq, dag_run_id, name, source, source_digest, project, graph, params,"
        " concurrency, version, state, reason, created_ts, coordinators)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', '', ?, 0) ON CONFLICT (dag_run_id) DO NOTHING",
        values,
    )
    if done.rowcount == 0:
        found = db.execute("SELECT seq FROM dag_runs WHERE dag_run_id = ?", (entity_id,)).fetchone()
        return _same(db, found[0], f"DAG run `{entity_id}`", payload)
    nodes = payload["nodes"]
    db.executemany(
        "INSERT INTO nodes (dag_run_id, node_id, generation, position, task_id, kind, runtime, state, reason,"
        " attempts) VALUES (?, ?, 0, ?, ?, ?, ?, 'pending', '', 0)",
        ((entity_id, node[0], place, node[1], node[2], node[3]) for place, node in enumerate(nodes)),
    )
    db.executemany(
        "INSERT INTO tasks (dag_run_id, task_id, position, kind, runtime, nodes) VALUES (?, ?, ?, ?, ?, 1)"
        " ON CONFLICT (dag_run_id, task_id) DO UPDATE SET nodes = nodes + 1",
        ((entity_id, node[1], place, node[2], node[3]) for place, node in enumerate(nodes)),
    )
    return None


def _on_dag_run_claimed(
    db: sqlite3.Connection, _seq: int, ts: int, entity_id: str, _dag_run_id: str | None, payload: Payload
) -> None:
    get = payload.get
    db.execute(
        "UPDATE dag_runs SET coordinators = coordinators + 1, state = 'running', reason = '',"
        " ended_ts = NULL, waiting_for = NULL, claimed_ts = ?, pid = ?, host = ?, boot_id = ?,"
        " process_start = ? WHERE dag_run_id = ?",
        (ts, get("pid"), to_column(get("host")), get("boot_id"), get("process_start"), entity_id),
    )


def _on_dag_run_reopened(
    db: sqlite3.Connection, _seq: int, _ts: int, entity_id: str, _dag_run_id: str | None, payload: Payload
) -> None:
    db.executemany(
        _NEXT_GENERATION,
        ((generation, entity_id, node_id, entity_id, node_id) for node_id, generation in payload["nodes"]),
    )
    db.execute(
        "UPDATE dag_runs SET state = 'running', reason = '', ended_ts = NULL, waiting_for = NULL,"
        " cancel = NULL, outputs = NULL WHERE dag_run_id = ?",
        (entity_id,),
    )


def _on_dag_run_paused(
    db: sqlite3.Connection, _seq: int, _ts: int, entity_id: str, _dag_run_id: str | None, payload: Payload
) -> None:
    db.execute(
        "UPDATE dag_runs SET state = 'paused', reason = ?, waiting_for = ? WHERE dag_run_id = ?",
        (to_column(payload.get("reason") or ""), json_column(payload.get("waiting_for")), entity_id),
    )


def _on_dag_run_cancel_requested(
    db: sqlite3.Connection, _seq: int, _ts: int, entity_id: str, _dag_run_id: str | None, payload: Payload
) -> None:
    mode = "now" if payload.get("now") else "graceful"
    db.execute("UPDATE dag_runs SET cancel = ? WHERE dag_run_id = ?", (mode, entity_id))


def _on_dag_run_ended(
    db: sqlite3.Connection, _seq: int, ts: int, entity_id: str, _dag_run_id: str | None, payload: Payload
) -> None:
    db.execute(
        "UPDATE dag_runs SET state = ?, reason = ?, ended_ts = ?, outputs = ?, waiting_for = NULL"
        " WHERE dag_run_id = ?",
        (
            payload["state"], to_column(payload.get("reason") or ""), ts, json_column(payload.get("outputs")),
            entity_id,
        ),
    )  # fmt: skip


def _on_attempt_started(
    db: sqlite3.Connection, seq: int, ts: int, entity_id: str, dag_run_id: str | None, payload: Payload
) -> int | None:
    get = payload.get
    node_id = payload["node_id"]
    generation = get("generation", 0)
    number = get("attempt_no", 1)
    how = (get("runtime"), get("kind"), get("key"))
    done = db.execute(
        _ATTEMPT_INSERT, (dag_run_id or "", entity_id, seq, node_id, generation, number, *how, ts)
    )
    if done.rowcount == 0:
        found = db.execute(
            "SELECT seq FROM attempts WHERE dag_run_id = ? AND run_id = ?", (dag_run_id or "", entity_id)
        ).fetchone()
        return _same(db, found[0], f"attempt `{entity_id}`", payload)
    db.execute(_NODE_RUNNING, (number, ts, dag_run_id, node_id, generation))
    executor_id = get("executor_id")
    if executor_id is not None:
        people.engage(db, executor_id, entity_id, ts)
    return None


def _on_attempt_spawned(
    db: sqlite3.Connection, _seq: int, _ts: int, entity_id: str, dag_run_id: str | None, payload: Payload
) -> None:
    get = payload.get
    db.execute(
        "UPDATE attempts SET pid = ?, process_group = ?, process_started = ?, boot_id = ?"
        " WHERE dag_run_id = ? AND run_id = ?",
        (get("pid"), get("group"), get("started"), get("boot_id"), dag_run_id or "", entity_id),
    )


def _on_attempt_finished(
    db: sqlite3.Connection, seq: int, ts: int, entity_id: str, dag_run_id: str | None, payload: Payload
) -> int | None:
    get = payload.get
    node_id = payload["node_id"]
    payload["outcome"]  # a Run without an outcome is no Run
    # A Run fills a third of the columns or fewer: naming those alone is three times faster.
    names = tuple([name for name in payload if name in _RUN_NAMES])
    values = [to_column(payload[name]) for name in names]
    if "attempt_key" not in payload:
        names, values = _with_start(db, (dag_run_id or "", entity_id), names, values)
    insert = _RUN_INSERTS.get(names) or _run_insert(names)
    if db.execute(insert, (seq, entity_id, dag_run_id, *values)).rowcount == 0:
        found = db.execute("SELECT seq FROM run_outcomes WHERE run_id = ?", (entity_id,)).fetchone()
        return _same(db, found[0], f"Run `{entity_id}`", payload)
    result = get("result")
    if result is not None:
        db.execute(_RESULT, (result["key"], seq, dag_run_id, entity_id, result["task"]))
    if get("executor_id") is not None:
        people.release(db, entity_id, ts, payload)
    state = get("node_state")
    if state is not None:
        ended = get("ended_ts", ts) if state in _ENDED else None
        db.execute(
            _NODE_STATE,
            (state, to_column(get("node_reason") or ""), ended, dag_run_id, node_id, get("generation", 0)),
        )
    return None


def _with_start(
    db: sqlite3.Connection, attempt: tuple[str, str], names: tuple[str, ...], values: list[Any]
) -> tuple[tuple[str, ...], list[Any]]:
    """Columns and values, with those added that only the record of the start names."""
    row = db.execute(_STARTED, attempt).fetchone()
    if row is None:
        return names, values
    added = [pair for pair in zip(_KNOWN_BY_START, row, strict=True) if pair[0] not in names]
    return (*names, *(name for name, _ in added)), [*values, *(value for _, value in added)]


def _run_insert(names: tuple[str, ...]) -> str:
    """The statement that fills these columns of a Run; kept, as the same few come again and again."""
    columns = ", ".join(("seq", "run_id", "dag_run_id", *names))
    marks = ", ".join("?" * (3 + len(names)))
    statement = f"INSERT INTO run_outcomes ({columns}) VALUES ({marks}) ON CONFLICT (run_id) DO NOTHING"  # noqa: S608
    if len(_RUN_INSERTS) >= _KEPT_INSERTS:
        _RUN_INSERTS.clear()
    _RUN_INSERTS[names] = statement
    return statement


def _on_node_reused(
    db: sqlite3.Connection, _seq: int, ts: int, entity_id: str, dag_run_id: str | None, payload: Payload
) -> None:
    reason = to_column(payload.get("reason") or "")
    db.execute(_NODE_STATE, ("ok", reason, ts, dag_run_id, entity_id, payload["generation"]))
    db.execute(
        "UPDATE nodes SET reused_from = ? WHERE dag_run_id = ? AND node_id = ? AND generation = ?",
        (payload["run_id"], dag_run_id, entity_id, payload["generation"]),
    )


def _on_nodes_ended(
    db: sqlite3.Connection, _seq: int, ts: int, _entity_id: str, dag_run_id: str | None, payload: Payload
) -> None:
    db.executemany(
        _NODE_STATE,
        (
            (state, to_column(reason or ""), ts if state in _ENDED else None, dag_run_id, node_id, generation)
            for node_id, generation, state, reason in payload["nodes"]
        ),
    )


def _on_graph_grew(
    db: sqlite3.Connection, _seq: int, ts: int, entity_id: str, dag_run_id: str | None, payload: Payload
) -> None:
    db.execute(_NODE_RUNNING, (0, ts, dag_run_id, entity_id, payload["generation"]))
    nodes = payload["nodes"]
    db.executemany(
        "INSERT INTO nodes (dag_run_id, node_id, generation, position, task_id, kind, runtime, state, reason,"
        " attempts) VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', '', 0)",
        (
            (dag_run_id, node_id, generation, position, task_id, kind, runtime)
            for node_id, task_id, kind, runtime, generation, position in nodes
        ),
    )
    db.executemany(
        "INSERT INTO tasks (dag_run_id, task_id, position, kind, runtime, nodes) VALUES (?, ?, ?, ?, ?, 1)"
        " ON CONFLICT (dag_run_id, task_id) DO UPDATE SET nodes = nodes + 1",
        (
            (dag_run_id, _task_path(node_id, task_id), position, kind, runtime)
            for node_id, task_id, kind, runtime, _, position in nodes
        ),
    )


def _task_path(node_id: str, task_id: str) -> str:
    """The task's id, with that of the graphs around it: tasks of two graphs may have one name."""
    prefix, slash, _ = node_id.rpartition("/")
    return f"{prefix}/{task_id}" if slash and node_id.endswith(f"/{task_id}") else task_id


def _on_principal_asked(
    db: sqlite3.Connection, _seq: int, _ts: int, entity_id: str, dag_run_id: str | None, payload: Payload
) -> None:
    values = ("waiting", to_column(payload["question"]), None, dag_run_id, entity_id, payload["generation"])
    db.execute(_NODE_STATE, values)


def _on_nodes_renewed(
    db: sqlite3.Connection, _seq: int, _ts: int, _entity: str, dag_run_id: str | None, payload: Payload
) -> None:
    db.executemany(
        "UPDATE nodes SET superseded = 1 WHERE dag_run_id = ? AND node_id = ? AND generation = ?",
        ((dag_run_id, node_id, generation) for node_id, generation in payload["dropped"]),
    )
    db.executemany(
        _NEXT_GENERATION,
        ((generation, dag_run_id, node_id, dag_run_id, node_id) for node_id, generation in payload["nodes"]),
    )


def _on_timer_fired(
    db: sqlite3.Connection, _seq: int, _ts: int, entity_id: str, dag_run_id: str | None, payload: Payload
) -> None:
    db.execute(
        "UPDATE nodes SET state = 'ready' WHERE dag_run_id = ? AND node_id = ? AND generation = ?",
        (dag_run_id, entity_id, payload.get("generation", 0)),
    )


def _same(db: sqlite3.Connection, seq: int, what: str, payload: Payload) -> int:
    """`seq`, when the record there states the same as `payload` but for readings of the clock."""
    recorded = json.loads(db.execute("SELECT payload FROM journal WHERE seq = ?", (seq,)).fetchone()[0])
    if _stated(recorded) == _stated(payload):
        return seq
    differing = sorted(
        key
        for key in {*recorded, *payload} - _CLOCK_KEYS
        if canonical(recorded.get(key)) != canonical(payload.get(key))
    )
    raise ConflictingRecord(
        f"{what} is on record (seq {seq}) and differs in {', '.join(f'`{key}`' for key in differing)}",
        hint="what is on record stays",
        seq=seq,
        differing=differing,
    )


def _stated(payload: Payload) -> str:
    return canonical({key: value for key, value in payload.items() if key not in _CLOCK_KEYS})


_HANDLERS: Final[dict[str, _Handler]] = {
    records.DAG_RUN_CREATED: _on_dag_run_created,
    records.DAG_RUN_CLAIMED: _on_dag_run_claimed,
    records.DAG_RUN_REOPENED: _on_dag_run_reopened,
    records.DAG_RUN_PAUSED: _on_dag_run_paused,
    records.DAG_RUN_CANCEL_REQUESTED: _on_dag_run_cancel_requested,
    records.DAG_RUN_ENDED: _on_dag_run_ended,
    records.ATTEMPT_STARTED: _on_attempt_started,
    records.ATTEMPT_SPAWNED: _on_attempt_spawned,
    records.ATTEMPT_FINISHED: _on_attempt_finished,
    records.NODE_REUSED: _on_node_reused,
    records.NODES_ENDED: _on_nodes_ended,
    records.NODES_RENEWED: _on_nodes_renewed,
    records.GRAPH_GREW: _on_graph_grew,
    records.PRINCIPAL_ASKED: _on_principal_asked,
    records.TIMER_FIRED: _on_timer_fired,
    records.PRINCIPAL_ANSWERED: on_principal_answered,
    records.GATE_EVALUATED: on_gate_evaluated,
    records.ROLE_NOTED: people.on_role_noted,
    records.ROLE_ARCHIVED: people.on_role_archived,
    records.ROLE_RESTORED: people.on_role_restored,
    records.EXECUTOR_CREATED: people.on_executor_created,
    records.EXECUTOR_RETIRED: people.on_executor_status("retired"),
    records.EXECUTOR_RESTORED: people.on_executor_status("idle"),
    records.EXECUTOR_REVIEWED: people.on_executor_reviewed,
}
