"""What gates said: from their records to rows."""

from __future__ import annotations

import sqlite3
from typing import Any

from .column_text import json_column, to_column

_SAME = """
    SELECT seq FROM gates WHERE dag_run_id = ? AND node_id = ? AND generation = ? AND run_id = ? AND gate = ?
"""
_COVERAGE = """
    INSERT INTO coverage (path, percent, seq, run_id) VALUES (?, ?, ?, ?)
    ON CONFLICT (path) DO UPDATE SET percent = excluded.percent, seq = excluded.seq, run_id = excluded.run_id
"""


def on_gate_evaluated(
    db: sqlite3.Connection, seq: int, ts: int, entity_id: str, dag_run_id: str | None, payload: dict[str, Any]
) -> int | None:
    """A gate's decision about one attempt: the first one counts. The coverage that it measured of files is
    what the next one compares with."""
    get = payload.get
    subject = (dag_run_id, get("node_id"), get("generation", 0), entity_id, payload["gate"])
    known = db.execute(_SAME, subject).fetchone()
    if known is not None:
        return int(known[0])
    axes = get("axes") or []
    db.execute(
        "INSERT INTO gates (seq, gate, dag_run_id, node_id, generation, run_id, state, axes, options,"
        " decided_ts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            seq, payload["gate"], dag_run_id, get("node_id"), get("generation", 0), entity_id,
            payload["state"], json_column(axes), json_column(get("options")), ts,
        ),
    )  # fmt: skip
    measured = [pair for axis in axes for pair in (axis.get("files") or {}).items()]
    db.executemany(_COVERAGE, [(to_column(path), percent, seq, entity_id) for path, percent in measured])
    return None
