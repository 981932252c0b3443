"""What a person's answer changes in the tables, and which answers are refused.

A question is answered once. That two processes never both succeed is decided here, inside the
transaction that would record the second answer, and nowhere else.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any, Final

from ...schemas.errors import ConflictingRecord
from .column_text import json_column, to_column

OWN_ANSWERS: Final = ("yes", "no")
"""Answers to a node's own question. The others are about lost attempts, and may be given again."""

_ENDED: Final = frozenset({"ok", "failed", "blocked", "skipped", "cancelled"})

_ANSWERED: Final = """
    SELECT seq, answer, answered_by FROM approvals WHERE dag_run_id = ? AND node_id = ? AND generation = ?
"""
_NEWEST: Final = """
    SELECT generation, state, superseded FROM nodes WHERE dag_run_id = ? AND node_id = ?
    ORDER BY generation DESC LIMIT 1
"""
_CANCELLED: Final = "SELECT cancel FROM dag_runs WHERE dag_run_id = ?"

_STANDS: Final = """
    INSERT INTO approvals (dag_run_id, node_id, generation, seq, answer, answered_by, answered_ts)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (dag_run_id, node_id, generation) DO UPDATE
    SET seq = excluded.seq, answer = excluded.answer, answered_by = excluded.answered_by,
        answered_ts = excluded.answered_ts
"""


def on_principal_answered(
    db: sqlite3.Connection,
    seq: int,
    ts: int,
    entity_id: str,
    dag_run_id: str | None,
    payload: dict[str, Any],
) -> int | None:
    """Let the answer stand; the seq of the record when this very answer is on record already.

    Raises `ConflictingRecord` for a yes or a no when the question has its answer, when the node has
    ended or was made anew, or when the DAG run is being cancelled.
    """
    generation = payload.get("generation", 0)
    answer = payload.get("answer")
    if isinstance(answer, str) and answer in OWN_ANSWERS:
        known = _known(db, (dag_run_id, entity_id, generation), payload)
        if known is not None:
            return known
        _refuse_late(db, dag_run_id, entity_id, generation)
    values = (json_column(answer), to_column(payload.get("by")), ts)
    db.execute(_STANDS, (dag_run_id, entity_id, generation, seq, *values))
    return None


def _known(
    db: sqlite3.Connection, question: tuple[str | None, str, int], payload: dict[str, Any]
) -> int | None:
    """The seq of the record that holds this very answer; None when the question has none."""
    row = db.execute(_ANSWERED, question).fetchone()
    if row is None or row[1] is None or json.loads(row[1]) not in OWN_ANSWERS:
        return None
    record = db.execute("SELECT payload FROM journal WHERE seq = ?", (row[0],)).fetchone()
    recorded = json.loads(record[0]).get("answer_id") if record is not None else None
    if recorded is not None and recorded == payload.get("answer_id"):
        return int(row[0])
    raise ConflictingRecord(
        f"the question of node `{question[1]}` is answered on record (seq {row[0]}), by `{row[2]}`",
        hint="what is on record stays",
        seq=row[0],
        differing=["answer_id"],
    )


def _refuse_late(db: sqlite3.Connection, dag_run_id: str | None, node_id: str, generation: int) -> None:
    row = db.execute(_NEWEST, (dag_run_id, node_id)).fetchone()
    late = row is not None and (row[0] != generation or row[1] in _ENDED or row[2])
    cancelled = db.execute(_CANCELLED, (dag_run_id,)).fetchone()
    if late or (cancelled is not None and cancelled[0] is not None):
        raise ConflictingRecord(
            f"node `{node_id}` does not wait for an answer any more", hint="what is on record stays"
        )
