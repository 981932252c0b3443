"""Migration 3: Executors that are continued, and the Roles that they are made from."""

from __future__ import annotations

from typing import Final

LEDGER_3: Final = (
    # The runtime whose session `session_id` is, and what that session had used by then (JSON).
    "ALTER TABLE executors ADD COLUMN session_runtime TEXT",
    "ALTER TABLE executors ADD COLUMN session_totals TEXT",
    # The Run that it is at work on, or that it ended last.
    "ALTER TABLE executors ADD COLUMN run_id TEXT",
    # How many Runs it has ended; an Executor is onboarded with its first.
    "ALTER TABLE executors ADD COLUMN runs INTEGER NOT NULL DEFAULT 0",
    # Set when its Role has a new major version since it was made: someone should look.
    "ALTER TABLE executors ADD COLUMN review TEXT",
    # The Role whose archiving retired it; null where it was retired for itself, or is not retired.
    "ALTER TABLE executors ADD COLUMN retired_with TEXT",
    "ALTER TABLE roles ADD COLUMN noted_ts INTEGER",
    "ALTER TABLE roles ADD COLUMN used_ts INTEGER",
    "CREATE INDEX executors_of_role ON executors (role_id, status, last_seen_ts)",
    "CREATE INDEX executors_of_parent ON executors (parent_id, last_seen_ts)",
    "CREATE INDEX executors_by_time ON executors (last_seen_ts)",
    "CREATE INDEX runs_of_executor ON run_outcomes (executor_id, seq) WHERE executor_id IS NOT NULL",
)
