"""The journal as a sequence: its head, its lines, and the insert that keeps the chain."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from .chain import GENESIS, Line, body, link
from .projections import project
from .records import Head, Journaled

_HEAD: Final = "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1"
_TAIL: Final = "SELECT seq, hash, dag_run_id FROM journal ORDER BY seq DESC LIMIT 1"
_NOTHING: Final = object()
_STRETCH: Final = "INSERT INTO stretches (first_seq, dag_run_id) VALUES (?, ?)"
_HASH_AT: Final = "SELECT hash FROM journal WHERE seq = ?"
_LINES: Final = (
    "SELECT seq, ts, kind, entity_id, dag_run_id, cause, payload, hash FROM journal"
    " WHERE seq > ? ORDER BY seq"
)
_INSERT: Final = "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"

IN_STRETCHES: Final = """
    stretches CROSS JOIN journal AS records ON records.seq >= max(stretches.first_seq, :after + 1)
        AND records.seq < coalesce(
            (SELECT later.first_seq FROM stretches AS later WHERE later.first_seq > stretches.first_seq
             ORDER BY later.first_seq LIMIT 1), 9223372036854775807)
"""
"""The records of `:dag_run_id` behind seq `:after`; goes with `OF_DAG_RUN` and `BY_SEQ`."""

OF_DAG_RUN: Final = """
    stretches.dag_run_id = :dag_run_id AND stretches.first_seq >= coalesce(
        (SELECT here.first_seq FROM stretches AS here
         WHERE here.dag_run_id = :dag_run_id AND here.first_seq <= :after
         ORDER BY here.first_seq DESC LIMIT 1), 0)
"""
BY_SEQ: Final = "stretches.first_seq, records.seq"

Prepared = tuple[int, str, str, "str | None", "int | None", str, dict[str, Any]]
"""A record ready to be linked: ts, kind, entity_id, dag_run_id, cause, payload's text, payload."""


def read_head(db: sqlite3.Connection) -> tuple[int, bytes]:
    """Seq and hash of the last record; (0, 32 zero bytes) for an empty journal. O(log n), by rowid."""
    row = db.execute(_HEAD).fetchone()
    return (0, GENESIS) if row is None else (row[0], row[1])


def head_of(db: sqlite3.Connection) -> Head:
    """The same, as callers outside the Ledger see it."""
    seq, digest = read_head(db)
    return Head(seq, digest.hex())


def hash_at(db: sqlite3.Connection, seq: int) -> bytes | None:
    """The hash of the record `seq` (the chain's beginning for 0); None when there is none. O(log n)."""
    if seq == 0:
        return GENESIS
    row = db.execute(_HASH_AT, (seq,)).fetchone()
    return None if row is None else row[0]


def lines_after(db: sqlite3.Connection, seq: int) -> Iterator[Line]:
    """The records after `seq`, in order, as they are stored; read as they are asked for."""
    for row in db.execute(_LINES, (seq,)):
        yield Line(*row)


def insert_records(db: sqlite3.Connection, prepared: list[Prepared]) -> list[int]:
    """Link `prepared` to the head that this transaction sees, project them, and return their seqs.

    A record that is there already gets the seq of the one that it repeats, and is not inserted.
    """
    seq, prev, last = db.execute(_TAIL).fetchone() or (0, GENESIS, _NOTHING)
    seqs = []
    execute = db.execute
    for ts, kind, entity_id, dag_run_id, cause, text, payload in prepared:
        known = project(db, seq + 1, ts, kind, entity_id, dag_run_id, payload)
        if known is not None:
            seqs.append(known)
            continue
        seq += 1
        digest = link(prev, body(seq, ts, kind, entity_id, dag_run_id, cause, text))
        execute(_INSERT, (seq, ts, kind, entity_id, dag_run_id, cause, text, prev, digest))
        if dag_run_id != last:
            execute(_STRETCH, (seq, dag_run_id))
            last = dag_run_id
        prev = digest
        seqs.append(seq)
    return seqs


def insert_line(db: sqlite3.Connection, line: Line, prev: bytes) -> None:
    """Insert a record that was written before, as it is; the caller has checked that it follows `prev`."""
    seq, ts, kind, entity_id, dag_run_id = line.seq, line.ts, line.kind, line.entity_id, line.dag_run_id
    project(db, seq, ts, kind, entity_id, dag_run_id, json.loads(line.payload))
    values = (seq, ts, kind, entity_id, dag_run_id, line.cause, line.payload, prev, line.hash)
    last = db.execute(_TAIL).fetchone()
    db.execute(_INSERT, values)
    if last is None or last[2] != dag_run_id:
        db.execute(_STRETCH, (seq, dag_run_id))


def journaled(row: tuple[Any, ...]) -> Journaled:
    """A row `seq, ts, kind, entity_id, dag_run_id, cause, payload, prev_hash, hash` with its payload read."""
    seq, ts, kind, entity_id, dag_run_id, cause, payload, prev_hash, digest = row
    return Journaled(
        seq, ts, kind, entity_id, dag_run_id, cause, json.loads(payload), prev_hash.hex(), digest.hex()
    )
