"""Migration 2: nodes that a rewind dropped, and results that later DAG runs may take over."""

from __future__ import annotations

from typing import Final

LEDGER_2: Final = (
    # Set for members of a group that was made anew and has not grown them again.
    "ALTER TABLE nodes ADD COLUMN superseded INTEGER NOT NULL DEFAULT 0",
    # The Run whose result the node took over, where it did.
    "ALTER TABLE nodes ADD COLUMN reused_from TEXT",
    # The newest result for each key of a task that declares what it reads.
    """
    CREATE TABLE results (
        result_key TEXT    NOT NULL PRIMARY KEY,
        seq        INTEGER NOT NULL,
        dag_run_id TEXT    NOT NULL,
        run_id     TEXT    NOT NULL,
        task       TEXT    NOT NULL
    ) WITHOUT ROWID
    """,
    # By task, to say which part of a key has changed.
    "CREATE INDEX results_of_task ON results (task, seq)",
)
