"""What records about Roles and Executors change in the tables."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from ...schemas.errors import ConflictingRecord
from .column_text import json_column

Payload = dict[str, Any]

_NOTE: Final = """
    INSERT INTO roles (role_id, role_version, seq, name, model_tier, alias_prefix, origin, digest, status,
                       noted_ts, used_ts)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?)
    ON CONFLICT (role_id, role_version) DO UPDATE SET seq = excluded.seq, name = excluded.name,
        model_tier = excluded.model_tier, alias_prefix = excluded.alias_prefix, origin = excluded.origin,
        digest = excluded.digest, used_ts = excluded.used_ts
"""
_KNOW: Final = """
    INSERT INTO roles (role_id, role_version, seq, name, model_tier, alias_prefix, origin, digest, status,
                       noted_ts)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'active', ?) ON CONFLICT (role_id, role_version) DO NOTHING
"""
_ARCHIVE: Final = """
    UPDATE executors SET status = 'retired', retired_with = role_id WHERE role_id = ? AND status <> 'retired'
"""
_RESTORE: Final = """
    UPDATE executors SET retired_with = NULL, status = CASE WHEN run_id IS NULL OR EXISTS (
            SELECT 1 FROM run_outcomes WHERE run_outcomes.run_id = executors.run_id
        ) THEN 'idle' ELSE 'active' END
    WHERE role_id = ? AND status = 'retired' AND retired_with IS NOT NULL
"""
_REVIEW: Final = """
    UPDATE executors SET review = ? WHERE role_id = ? AND status <> 'retired' AND review IS NULL
        AND CAST(role_version AS INTEGER) < ?
"""
_CREATE: Final = """
    INSERT INTO executors (executor_id, seq, alias, role_id, role_version, parent_id, status, created_ts,
                           last_seen_ts, runs)
    VALUES (?, ?, ?, ?, ?, ?, 'idle', ?, ?, 0) ON CONFLICT (executor_id) DO NOTHING
"""
_ENGAGE: Final = """
    UPDATE executors SET status = 'active', last_seen_ts = ?, run_id = ?
    WHERE executor_id = ? AND (status = 'idle' OR run_id = ?)
"""
_RELEASE: Final = """
    UPDATE executors SET status = CASE status WHEN 'active' THEN 'idle' ELSE status END, last_seen_ts = ?,
        runs = runs + 1, session_id = coalesce(?, session_id),
        session_runtime = CASE WHEN ? IS NULL THEN session_runtime ELSE ? END,
        session_totals = CASE WHEN ? IS NULL THEN session_totals ELSE ? END
    WHERE executor_id = ? AND run_id = ?
"""


def on_role_noted(
    db: sqlite3.Connection, seq: int, ts: int, entity_id: str, _dag_run_id: str | None, payload: Payload
) -> None:
    """A Role is used in this version. A new major version has its older Executors looked at."""
    version = payload["version"]
    db.execute(_NOTE, (entity_id, version, seq, *_facts(entity_id, payload), ts, ts))
    major = int(version.split(".")[0])
    db.execute(_REVIEW, (f"`{entity_id}` is at version {version} now", entity_id, major))


def on_role_archived(
    db: sqlite3.Connection, seq: int, ts: int, entity_id: str, _dag_run_id: str | None, payload: Payload
) -> None:
    """A Role is put away, and its Executors retire with it, but for those that had retired before."""
    _role_is("archived", db, seq, ts, entity_id, payload)
    db.execute(_ARCHIVE, (entity_id,))


def on_role_restored(
    db: sqlite3.Connection, seq: int, ts: int, entity_id: str, _dag_run_id: str | None, payload: Payload
) -> None:
    """A Role is back, and with it the Executors that its archiving retired. That counts as a use of it."""
    _role_is("active", db, seq, ts, entity_id, payload)
    db.execute("UPDATE roles SET used_ts = ? WHERE role_id = ?", (ts, entity_id))
    db.execute(_RESTORE, (entity_id,))


def _role_is(status: str, db: sqlite3.Connection, seq: int, ts: int, role_id: str, payload: Payload) -> None:
    version = payload.get("version") or "0.0.0"
    db.execute(_KNOW, (role_id, version, seq, *_facts(role_id, payload), ts))
    db.execute("UPDATE roles SET status = ?, seq = ? WHERE role_id = ?", (status, seq, role_id))


def _facts(role_id: str, payload: Payload) -> tuple[Any, ...]:
    get = payload.get
    return get("name") or role_id, get("tier"), get("alias_prefix"), get("origin"), get("digest")


def on_executor_created(
    db: sqlite3.Connection, seq: int, ts: int, entity_id: str, _dag_run_id: str | None, payload: Payload
) -> None:
    """A new identity. Raises `ConflictingRecord` when its alias is taken."""
    if db.execute("SELECT 1 FROM executors WHERE alias = ?", (payload["alias"],)).fetchone() is not None:
        raise ConflictingRecord(f"the alias `{payload['alias']}` is taken", hint="make another one")
    get = payload.get
    values = (payload["alias"], get("role_id"), get("role_version"), get("parent_id"))
    db.execute(_CREATE, (entity_id, seq, *values, ts, ts))


def on_executor_status(status: str) -> Any:
    """The handler of records that retire an Executor or bring it back."""

    def handle(
        db: sqlite3.Connection,
        _seq: int,
        _ts: int,
        entity_id: str,
        _dag_run_id: str | None,
        _payload: Payload,
    ) -> None:
        db.execute(
            "UPDATE executors SET status = ?, retired_with = NULL WHERE executor_id = ?", (status, entity_id)
        )

    return handle


def on_executor_reviewed(
    db: sqlite3.Connection, _seq: int, _ts: int, entity_id: str, _dag_run_id: str | None, payload: Payload
) -> None:
    """Someone has looked at an Executor that was made from an older version of its Role."""
    db.execute(
        "UPDATE executors SET review = NULL, role_version = coalesce(?, role_version) WHERE executor_id = ?",
        (payload.get("version"), entity_id),
    )


def engage(db: sqlite3.Connection, executor_id: str, run_id: str, ts: int) -> None:
    """An Executor begins a Run. Raises `ConflictingRecord` when it is at work on another, or retired."""
    if db.execute(_ENGAGE, (ts, run_id, executor_id, run_id)).rowcount == 0:
        row = db.execute("SELECT alias FROM executors WHERE executor_id = ?", (executor_id,)).fetchone()
        alias = executor_id if row is None else row[0]
        raise ConflictingRecord(
            f"the Executor `{alias}` is not idle", hint="choose another one, or wait for it"
        )


def release(db: sqlite3.Connection, run_id: str, ts: int, payload: Payload) -> None:
    """An Executor has ended a Run, and its session may be gone on with."""
    session = payload.get("session_id")
    runtime = payload.get("runtime") if session is not None else None
    totals = json_column(payload.get("session_totals"))
    values = (ts, session, runtime, runtime, session, totals)
    db.execute(_RELEASE, (*values, payload["executor_id"], run_id))
