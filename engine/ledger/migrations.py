"""The numbered steps that bring a database to the form that this version works with."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...schemas.errors import LedgerDamaged, NewerLedger
from .fault_points import Faults
from .schema import LEDGER_1
from .schema_executors import LEDGER_3
from .schema_growth import LEDGER_2
from .schema_quality import COVERAGE

APPLICATION_ID: Final = 0x4D654C67
"""Marks the file as a Ledger of ours (SQLite's `application_id`; "MeLg")."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its number, its name, and the statements that carry it out, in order."""

    number: int
    name: str
    statements: tuple[str, ...]


MIGRATIONS: Final = (
    Migration(1, "journal and projections", LEDGER_1),
    Migration(2, "growing graphs and reuse", LEDGER_2),
    Migration(3, "Executors, Roles, and the coverage of files", (*LEDGER_3, *COVERAGE)),
)
"""All of them, by number from 1 without gaps. A released one is never changed."""

LATEST: Final = MIGRATIONS[-1].number


def version_of(connection: sqlite3.Connection) -> int:
    """The number of the last migration that was applied; 0 for an empty database."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_version(connection: sqlite3.Connection, path: Path) -> int:
    """The database's version; refuses a newer one and a file that is no Ledger."""
    version = version_of(connection)
    if version > LATEST:
        raise NewerLedger(
            f"the Ledger `{path}` has version {version} and this program knows versions up to {LATEST}",
            hint="upgrade this program, or use the version that wrote the Ledger",
            path=str(path),
            version=version,
        )
    mark = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if mark != APPLICATION_ID and (mark or version or _has_tables(connection)):
        raise LedgerDamaged(
            f"`{path}` is an SQLite database, but no Ledger",
            hint="move that file away; the Ledger is made anew from its mirror, if there is one",
            path=str(path),
        )
    return version


def migrate(connection: sqlite3.Connection, path: Path, faults: Faults) -> None:
    """Apply what is missing, each step in a transaction of its own together with its record.

    The version is read again inside the transaction, so that several processes may open a new Ledger
    at the same moment.
    """
    for migration in MIGRATIONS:
        if check_version(connection, path) >= migration.number:
            continue
        connection.execute("BEGIN IMMEDIATE")
        try:
            if check_version(connection, path) < migration.number:
                _apply(connection, migration)
                faults("migration.before_commit")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    if migration.number == 1:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    for statement in migration.statements:
        connection.execute(statement)
    connection.execute("INSERT INTO migrations VALUES (?, ?)", (migration.number, migration.name))
    connection.execute(f"PRAGMA user_version = {migration.number}")


def _has_tables(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None
