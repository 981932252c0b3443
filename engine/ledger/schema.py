"""Migration 1: the journal, its guards, and the tables that are projected from it.

A projection holds nothing that the journal does not: `seq` names the record that made the row, and
`me ledger rebuild` makes all of them anew. Times (`…_ts`) are Unix milliseconds. Columns that hold
JSON say so.
"""

from __future__ import annotations

from typing import Final

_JOURNAL: Final = (
    """
    CREATE TABLE journal (
        seq        INTEGER PRIMARY KEY,
        ts         INTEGER NOT NULL,
        kind       TEXT    NOT NULL,
        entity_id  TEXT    NOT NULL,
        dag_run_id TEXT,
        cause      INTEGER,
        payload    TEXT    NOT NULL,  -- JSON, canonical
        prev_hash  BLOB    NOT NULL,
        hash       BLOB    NOT NULL
    )
    """,
    # Where the records of a DAG run lie: a row where they begin, which holds until the next row. While
    # one Coordinator works alone that is one row for all of them, where an index would have to be
    # written with every record.
    """
    CREATE TABLE stretches (
        first_seq  INTEGER PRIMARY KEY,
        dag_run_id TEXT
    )
    """,
    "CREATE INDEX stretches_of_dag_run ON stretches (dag_run_id)",
    # INSERT OR REPLACE deletes the row in its way without asking the DELETE trigger, hence the guard
    # on INSERT: it is asked first, and lets nothing in but the next number.
    """
    CREATE TRIGGER journal_in_order BEFORE INSERT ON journal
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal)
    BEGIN SELECT RAISE(ABORT, 'the journal takes a record only after its highest seq'); END
    """,
    """
    CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: a record cannot be changed'); END
    """,
    """
    CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only: a record cannot be removed'); END
    """,
)

_DAG_RUNS: Final = (
    """
    CREATE TABLE dag_runs (
        seq           INTEGER PRIMARY KEY,
        dag_run_id    TEXT    NOT NULL UNIQUE,
        name          TEXT,
        source        TEXT,
        source_digest TEXT,
        project       TEXT,
        graph         TEXT,              -- the blob of the compiled graph
        params        TEXT,              -- JSON
        concurrency   TEXT,              -- JSON
        version       TEXT,
        state         TEXT    NOT NULL,
        reason        TEXT    NOT NULL,
        created_ts    INTEGER NOT NULL,
        ended_ts      INTEGER,
        coordinators  INTEGER NOT NULL,
        claimed_ts    INTEGER,
        pid           INTEGER,
        host          TEXT,
        boot_id       TEXT,
        process_start INTEGER,
        waiting_for   TEXT,              -- JSON
        cancel        TEXT,              -- NULL, 'graceful' or 'now'
        outputs       TEXT               -- JSON
    )
    """,
    "CREATE INDEX dag_runs_unfinished ON dag_runs (seq) WHERE ended_ts IS NULL",
    """
    CREATE TABLE tasks (
        dag_run_id TEXT    NOT NULL,
        task_id    TEXT    NOT NULL,
        position   INTEGER NOT NULL,
        kind       TEXT    NOT NULL,
        runtime    TEXT    NOT NULL,
        nodes      INTEGER NOT NULL,
        PRIMARY KEY (dag_run_id, task_id)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE nodes (
        dag_run_id TEXT    NOT NULL,
        node_id    TEXT    NOT NULL,
        generation INTEGER NOT NULL,
        position   INTEGER NOT NULL,
        task_id    TEXT    NOT NULL,
        kind       TEXT    NOT NULL,
        runtime    TEXT    NOT NULL,
        state      TEXT    NOT NULL,
        reason     TEXT    NOT NULL,
        attempts   INTEGER NOT NULL,
        started_ts INTEGER,
        ended_ts   INTEGER,
        PRIMARY KEY (dag_run_id, node_id, generation)
    ) WITHOUT ROWID
    """,
)

_ATTEMPTS: Final = (
    """
    CREATE TABLE attempts (
        dag_run_id      TEXT    NOT NULL,
        run_id          TEXT    NOT NULL,
        seq             INTEGER NOT NULL,
        node_id         TEXT    NOT NULL,
        generation      INTEGER NOT NULL,
        attempt_no      INTEGER NOT NULL,
        runtime         TEXT,
        kind            TEXT,
        attempt_key     TEXT,
        started_ts      INTEGER NOT NULL,
        pid             INTEGER,
        process_group   INTEGER,
        process_started INTEGER,
        boot_id         TEXT,
        PRIMARY KEY (dag_run_id, run_id)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE run_outcomes (
        run_id               TEXT NOT NULL PRIMARY KEY,
        seq                  INTEGER NOT NULL,
        dag_run_id           TEXT,
        node_id              TEXT,
        generation           INTEGER,
        attempt_no           INTEGER,
        executor_id          TEXT,
        task_id              TEXT,
        role_id              TEXT,
        role_version         TEXT,
        runtime              TEXT,
        requested_tier       TEXT,
        model                TEXT,
        model_source         TEXT,
        tokens_in            INTEGER,
        tokens_out           INTEGER,
        cache_read_tokens    INTEGER,
        cache_create_tokens  INTEGER,
        orchestration_tokens INTEGER,
        cost_usd             REAL,
        cost_kind            TEXT,
        window_id            TEXT,
        started_ts           INTEGER,
        ended_ts             INTEGER,
        working_ms           INTEGER,
        outcome              TEXT NOT NULL,
        failure_reason       TEXT,
        reason               TEXT,
        exit_status          INTEGER,
        attempt_key          TEXT,
        reused_from          TEXT,
        brief_in             TEXT,
        brief_out            TEXT,
        manifest_id          TEXT,
        gate_state           TEXT,
        quality_state        TEXT,
        session_id           TEXT,
        usage_source         TEXT
    ) WITHOUT ROWID
    """,
    # A Run with all of its columns. The wide ones are not written twice: they are read out of the
    # payload of the record, which has the same seq.
    """
    CREATE VIEW runs AS
    SELECT run_outcomes.*,
           json_extract(journal.payload, '$.deliverable_ref')  AS deliverable_ref,   -- {path, summary, hash}
           json_extract(journal.payload, '$.files_touched')    AS files_touched,
           json_extract(journal.payload, '$.tool_use')         AS tool_use,          -- [{name, count}]
           json_extract(journal.payload, '$.quality_findings') AS quality_findings,
           json_extract(journal.payload, '$.review_findings')  AS review_findings
    FROM run_outcomes JOIN journal ON journal.seq = run_outcomes.seq
    """,
)

_PEOPLE: Final = (
    """
    CREATE TABLE roles (
        role_id      TEXT    NOT NULL,
        role_version TEXT    NOT NULL,
        seq          INTEGER NOT NULL,
        name         TEXT,
        model_tier   TEXT,
        alias_prefix TEXT,
        origin       TEXT,               -- core, user or project
        digest       TEXT,
        status       TEXT,
        PRIMARY KEY (role_id, role_version)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE executors (
        executor_id  TEXT    NOT NULL PRIMARY KEY,
        seq          INTEGER NOT NULL,
        alias        TEXT    NOT NULL UNIQUE,
        role_id      TEXT,
        role_version TEXT,
        parent_id    TEXT,
        status       TEXT    NOT NULL,   -- idle, active or retired
        session_id   TEXT,
        created_ts   INTEGER NOT NULL,
        last_seen_ts INTEGER
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE gates (
        seq        INTEGER PRIMARY KEY,
        gate       TEXT    NOT NULL,     -- cost or quality
        dag_run_id TEXT,
        node_id    TEXT,
        generation INTEGER,
        run_id     TEXT,
        state      TEXT    NOT NULL,     -- auto, notify or block
        axes       TEXT,                 -- JSON
        options    TEXT,                 -- JSON
        decided_ts INTEGER NOT NULL
    )
    """,
    "CREATE INDEX gates_of_node ON gates (dag_run_id, node_id, generation)",
    """
    CREATE TABLE approvals (
        dag_run_id  TEXT    NOT NULL,
        node_id     TEXT    NOT NULL,
        generation  INTEGER NOT NULL,
        seq         INTEGER NOT NULL,
        answer      TEXT,                -- JSON
        answered_by TEXT,
        answered_ts INTEGER NOT NULL,
        PRIMARY KEY (dag_run_id, node_id, generation)
    ) WITHOUT ROWID
    """,
)

_VIEWS: Final = (
    # For people who open the database in a browser of their own.
    """
    CREATE VIEW journal_readable AS
    SELECT seq, strftime('%Y-%m-%dT%H:%M:%fZ', ts / 1000.0, 'unixepoch') AS at, kind, entity_id, dag_run_id,
           cause, payload, lower(hex(prev_hash)) AS prev_hash, lower(hex(hash)) AS hash
    FROM journal
    """,
    """
    CREATE VIEW attempts_without_run AS
    SELECT attempts.* FROM attempts LEFT JOIN run_outcomes ON run_outcomes.run_id = attempts.run_id
    WHERE run_outcomes.run_id IS NULL
    """,
)

LEDGER_1: Final = (*_JOURNAL, *_DAG_RUNS, *_ATTEMPTS, *_PEOPLE, *_VIEWS)

PROJECTIONS: Final = (
    "stretches", "dag_runs", "tasks", "nodes", "attempts", "run_outcomes", "roles", "executors", "gates",
    "approvals", "results", "coverage",
)  # fmt: skip
"""The tables that can be made anew from the journal."""
