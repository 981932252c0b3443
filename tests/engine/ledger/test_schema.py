from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from metaensemble.engine.ledger import Ledger
from metaensemble.engine.ledger.migrations import APPLICATION_ID, LATEST, MIGRATIONS
from metaensemble.engine.ledger.rows import JSON_COLUMNS
from metaensemble.schemas.errors import LedgerDamaged, NewerLedger
from support.ledger import Interrupted, content, dag_run_created, finished, note, raise_at, started

FORBIDDEN = [
    "UPDATE journal SET payload = '{}' WHERE seq = 1",
    "UPDATE OR REPLACE journal SET seq = 2 WHERE seq = 1",
    "UPDATE OR IGNORE journal SET ts = 0",
    "DELETE FROM journal",
    "DELETE FROM journal WHERE seq = 3",
    "INSERT OR REPLACE INTO journal VALUES (1, 0, 'k', 'e', NULL, NULL, '{}', x'00', x'00')",
    "INSERT OR REPLACE INTO journal VALUES (3, 0, 'k', 'e', NULL, NULL, '{}', x'00', x'00')",
    "REPLACE INTO journal VALUES (2, 0, 'k', 'e', NULL, NULL, '{}', x'00', x'00')",
    "INSERT OR IGNORE INTO journal VALUES (2, 0, 'k', 'e', NULL, NULL, '{}', x'00', x'00')",
    "INSERT INTO journal VALUES (0, 0, 'k', 'e', NULL, NULL, '{}', x'00', x'00')",
    "INSERT INTO journal VALUES (-5, 0, 'k', 'e', NULL, NULL, '{}', x'00', x'00')",
    "INSERT INTO journal VALUES (9, 0, 'k', 'e', NULL, NULL, '{}', x'00', x'00')",
    """INSERT INTO journal VALUES (2, 0, 'k', 'e', NULL, NULL, '{}', x'00', x'00')
       ON CONFLICT (seq) DO UPDATE SET payload = '{}'""",
    """INSERT OR REPLACE INTO journal SELECT 1, ts, kind, entity_id, dag_run_id, cause, '{}', prev_hash, hash
       FROM journal WHERE seq = 1""",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_the_journal_takes_nothing_but_the_next_record(
    tmp_path: Path, statement: str, recursive: str
) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([note("1"), note("2"), note("3")])
        before = content(ledger.connection)
        ledger.connection.execute(f"PRAGMA recursive_triggers = {recursive}")
        with pytest.raises(sqlite3.IntegrityError, match="journal"):
            ledger.connection.execute(statement)
        assert content(ledger.connection) == before
        assert ledger.verify().is_clean


def test_every_table_and_column_of_the_design_is_there(tmp_path: Path) -> None:
    run_columns = (
        "run_id dag_run_id node_id attempt_no executor_id task_id role_id role_version runtime requested_tier"
        " model model_source tokens_in tokens_out cache_read_tokens cache_create_tokens orchestration_tokens"
        " cost_usd cost_kind window_id started_ts ended_ts working_ms outcome failure_reason attempt_key"
        " reused_from brief_in brief_out manifest_id deliverable_ref files_touched tool_use gate_state"
        " quality_state quality_findings review_findings session_id usage_source"
    )
    with Ledger.open(tmp_path) as ledger:
        tables = {name for (name,) in ledger.connection.execute("SELECT name FROM sqlite_master")}
        columns = {row[1] for row in ledger.connection.execute("PRAGMA table_info(runs)")}
    assert {
        "journal",
        "dag_runs",
        "nodes",
        "attempts",
        "runs",
        "executors",
        "roles",
        "tasks",
        "gates",
    } <= tables
    assert {"approvals", "migrations"} <= tables
    assert set(run_columns.split()) <= columns
    assert "payload" in JSON_COLUMNS


def test_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        state = tmp_path / "project" / ".metaensemble" / "state"
        with Ledger.open(state) as ledger:
            ledger.append([dag_run_created(), started("r1")])
            ledger.blobs.put(b"text")
            ledger.mirror.catch_up()
            found = [path for path in (tmp_path / "project").rglob("*") if path.is_file()]
            assert {"department.db", "department.db-wal", "department.db-shm", "runs.jsonl"} <= {
                path.name for path in found
            }
            assert {stat.S_IMODE(path.stat().st_mode) for path in found} == {0o600}
            folders = [path for path in (tmp_path / "project").rglob("*") if path.is_dir()]
            assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    finally:
        os.umask(before)


def test_migrations_are_numbered_without_gaps_and_recorded(tmp_path: Path) -> None:
    assert [migration.number for migration in MIGRATIONS] == list(range(1, LATEST + 1))
    with Ledger.open(tmp_path) as ledger:
        recorded = ledger.connection.execute("SELECT number, name FROM migrations").fetchall()
        assert recorded == [(migration.number, migration.name) for migration in MIGRATIONS]
        assert ledger.connection.execute("PRAGMA user_version").fetchone() == (LATEST,)
        assert ledger.connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert ledger.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_migration_and_its_record_come_together_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        Ledger.open(tmp_path, faults=raise_at("migration.before_commit"))
    db = sqlite3.connect(tmp_path / "department.db")
    assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    assert db.execute("PRAGMA user_version").fetchone() == (0,)
    db.close()
    with Ledger.open(tmp_path) as ledger:
        assert ledger.append([note()]) == [1]


@pytest.mark.parametrize("readonly", [False, True])
def test_a_newer_ledger_is_refused_in_one_sentence_and_not_touched(tmp_path: Path, readonly: bool) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([note()])
        ledger.connection.execute(f"PRAGMA user_version = {LATEST + 1}")
    before = (tmp_path / "department.db").read_bytes()
    with pytest.raises(NewerLedger) as caught:
        Ledger.open(tmp_path, readonly=readonly)
    assert caught.value.exit_code == 3
    assert f"has version {LATEST + 1} and this program knows versions up to {LATEST}" in caught.value.message
    assert (tmp_path / "department.db").read_bytes() == before


def test_a_database_of_someone_else_is_not_touched(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "department.db")
    db.execute("CREATE TABLE theirs (x)")
    db.close()
    before = (tmp_path / "department.db").read_bytes()
    with pytest.raises(LedgerDamaged, match="no Ledger"):
        Ledger.open(tmp_path)
    assert (tmp_path / "department.db").read_bytes() == before


def test_an_empty_file_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "department.db").touch()
    with Ledger.open(tmp_path) as ledger:
        assert ledger.append([finished("r1")]) == [1]


def test_the_views_for_people_answer(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([dag_run_created(), started("r1"), started("r2", "b"), finished("r1")])
        unfinished = ledger.connection.execute("SELECT run_id FROM attempts_without_run").fetchall()
        at, digest = ledger.connection.execute(
            "SELECT at, hash FROM journal_readable WHERE seq = 4"
        ).fetchone()
        assert unfinished == [("r2",)]
        assert digest == ledger.head().hash
        assert at.endswith("Z")


def test_git_passes_over_the_state_unless_the_user_says_otherwise(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "state"):
        pass
    ignored = tmp_path / "state" / ".gitignore"
    assert ignored.read_text() == "*\n"
    ignored.write_text("")
    with Ledger.open(tmp_path / "state"):
        pass
    assert ignored.read_text() == ""
