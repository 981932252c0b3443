"""Of migration 3: the coverage that each file of the project had when it was measured last."""

from __future__ import annotations

from typing import Final

COVERAGE: Final = (
    """
    CREATE TABLE coverage (
        path    TEXT    NOT NULL PRIMARY KEY,   -- relative to the project
        percent REAL    NOT NULL,
        seq     INTEGER NOT NULL,               -- of the record that says so
        run_id  TEXT    NOT NULL
    ) WITHOUT ROWID
    """,
)
