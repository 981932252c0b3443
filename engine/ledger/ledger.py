"""The Ledger: one project's append-only record, its mirror and its blobs."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from ...schemas.errors import LedgerError, LedgerReadOnly
from .blobs import BlobStore
from .chain import Line, follows, payload_text
from .connection import DATABASE, MIRROR, connect_reader, connect_writer, journal_mode_of, missing
from .database_errors import is_busy, ledger_errors, raise_translated
from .fault_points import Faults, no_faults
from .files import Rng, acquire_for_reading, acquire_lock, make_unshared, pauses
from .journal import (
    BY_SEQ,
    IN_STRETCHES,
    OF_DAG_RUN,
    Prepared,
    head_of,
    insert_line,
    insert_records,
    journaled,
    read_head,
)
from .mirror import Mirror
from .records import MIRROR_SET_ASIDE, Head, Journaled, Record

if TYPE_CHECKING:
    from .verification import Verification

MAX_PAGE: Final = 10_000
"""The most rows that one call returns."""

PRESENCE: Final = "ledger.lock"
"""Who has the Ledger open holds the lock of this file, shared; who replaces the database, alone."""

_JOURNAL_OF: Final = f"""
    SELECT records.seq, ts, kind, entity_id, records.dag_run_id, cause, payload, prev_hash, hash
    FROM {IN_STRETCHES} WHERE {OF_DAG_RUN} ORDER BY {BY_SEQ} LIMIT :limit
"""  # noqa: S608


def wall_clock_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


class Ledger:
    """One process's hold on the Ledger of one project; a context manager. Made by `Ledger.open`.

    It belongs to the thread that opened it and to the process: it is not carried across a fork.
    `notices` are sentences about what was found amiss and mended while it was open.
    """

    def __init__(
        self,
        state: Path,
        connection: sqlite3.Connection,
        *,
        now_ms: Callable[[], int] = wall_clock_ms,
        faults: Faults = no_faults,
        busy_timeout_ms: float = 5000,
        rng: Rng = random.random,
    ) -> None:
        self.state = state
        self.path = state / DATABASE
        self.connection = connection
        self.readonly = False
        self.notices: list[str] = []
        self.blobs = BlobStore(state / "blobs", faults=faults)
        self.mirror = Mirror(
            state / MIRROR,
            connection,
            adopt=self._adopt,
            note_set_aside=self._note_set_aside,
            rng=rng,
            wait_ms=busy_timeout_ms,
            faults=faults,
        )
        self._now_ms = now_ms
        self._faults = faults
        self._rng = rng
        self._busy_ms = busy_timeout_ms
        self._pid = os.getpid()
        self._presence = -1
        self._always_durable = False
        self._copy: tempfile.TemporaryDirectory[str] | None = None

    @classmethod
    def open(
        cls,
        state: Path,
        *,
        create: bool = True,
        readonly: bool = False,
        now_ms: Callable[[], int] = wall_clock_ms,
        faults: Faults = no_faults,
        busy_timeout_ms: float = 5000,
        rng: Rng = random.random,
    ) -> Ledger:
        """The Ledger in the folder `state`, made if it is missing unless `create` is false.

        The mirror is caught up, and adopted where it is ahead. With `readonly` nothing is made or
        written, the mirror is left alone, and a disk that is full or read-only is no hindrance.
        Raises a `LedgerError` (locked, newer, damaged, full, read-only, missing), never an error of
        SQLite.
        """
        path = state / DATABASE
        options = {"now_ms": now_ms, "faults": faults, "busy_timeout_ms": busy_timeout_ms, "rng": rng}
        with ledger_errors(path):
            if readonly:
                presence = acquire_for_reading(state / PRESENCE, wait_ms=busy_timeout_ms, rng=rng)
                try:
                    connection, copy = connect_reader(path, busy_ms=busy_timeout_ms)
                except BaseException:
                    _close(presence)
                    raise
                ledger = cls(state, connection, **options)  # type: ignore[arg-type]
                ledger.readonly, ledger._copy, ledger._presence = True, copy, presence
                return ledger
            if not create and not path.exists():
                raise missing(path)
            make_unshared(state)
            presence = acquire_lock(state / PRESENCE, shared=True, wait_ms=busy_timeout_ms, rng=rng)
            try:
                connection = connect_writer(path, busy_ms=busy_timeout_ms, rng=rng, faults=faults)
            except BaseException:
                _close(presence)
                raise
            ledger = cls(state, connection, **options)  # type: ignore[arg-type]
            ledger._presence = presence
            ledger._always_durable = journal_mode_of(connection) != "wal"
            try:
                ledger.mirror.catch_up()
                ledger.blobs.sweep()
            except BaseException:
                ledger._release()
                raise
            return ledger

    def append(self, records: Sequence[Record], *, durable: bool = False) -> list[int]:
        """Record `records` in one transaction, all or none, and return their seqs.

        A record that states what is on record already (the same start or end of the same attempt,
        the same new DAG run) is not written again; its seq is that of the record it repeats, and so
        not above the head from before the call. One that contradicts it is refused with
        `ConflictingRecord`. `durable` returns only when the records, and all before them, would
        survive a power cut.

        Raises `LedgerLocked`, `LedgerFull`, `LedgerReadOnly`, `LedgerDamaged` or `LedgerUnreadable`;
        then nothing was recorded. `ValueError` or `TypeError` mean that a record is malformed.
        """
        prepared = self._prepare(records)
        if not prepared:
            return []
        db = self.connection
        switched = durable and not self._always_durable
        if switched:
            db.execute("PRAGMA synchronous = FULL")
        try:
            seqs = self._transaction(prepared)
        finally:
            if switched:
                db.execute("PRAGMA synchronous = NORMAL")
        self._faults("ledger.after_commit")
        return seqs

    def journal_of(self, dag_run_id: str, *, after: int = 0, limit: int = MAX_PAGE) -> list[Journaled]:
        """The records of a DAG run with a seq above `after`, in order, at most `limit` of them.

        O(log n + limit), by the index `stretches_of_dag_run` and the primary key of `journal`.
        """
        with ledger_errors(self.path):
            rows = self.connection.execute(
                _JOURNAL_OF, {"dag_run_id": dag_run_id, "after": after, "limit": min(limit, MAX_PAGE)}
            )
            return [journaled(row) for row in rows]

    def head(self) -> Head:
        """The end of the chain. Noted elsewhere, it lets a later look find a tail that was cut off."""
        with ledger_errors(self.path):
            return head_of(self.connection)

    def data_version(self) -> int:
        """A number that changes when another connection has committed (SQLite's `data_version`)."""
        try:
            return int(self.connection.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error as error:
            raise_translated(error, self.path)

    def verify(self) -> Verification:
        """Check all of it: the chain, every record, the tables, the mirror, the blobs. Reads everything."""
        from .verification import verify_ledger  # who only writes need not load it

        return verify_ledger(self)

    def close(self) -> None:
        """Catch up the mirror as far as possible, and let go of everything; legal twice.

        What the mirror could not take lies in the database, and the next open brings it over.
        """
        if not self.readonly and self._presence >= 0 and self._pid == os.getpid():
            with contextlib.suppress(LedgerError):
                self.mirror.catch_up()
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _release(self) -> None:
        self.mirror.close()
        with contextlib.suppress(sqlite3.Error):
            self.connection.close()
        self._presence = _close(self._presence)
        if self._copy is not None:
            self._copy.cleanup()
            self._copy = None

    def _prepare(self, records: Sequence[Record]) -> list[Prepared]:
        if self.readonly:
            raise LedgerReadOnly(f"the Ledger `{self.path}` was opened for reading only", path=str(self.path))
        if self._pid != os.getpid():
            raise RuntimeError("a Ledger does not cross a fork: open it again in the child")
        now = self._now_ms()
        return [
            (
                now if record.ts_ms is None else record.ts_ms,
                record.kind,
                record.entity_id,
                record.dag_run_id,
                record.cause,
                payload_text(record.payload),
                record.payload,
            )
            for record in records
        ]

    def _transaction(self, prepared: list[Prepared]) -> list[int]:
        try:
            self._begin()
            seqs = self._insert(prepared)
            self._faults("ledger.before_commit")
            self._commit()
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                raise_translated(error, self.path)
            raise
        return seqs

    def _insert(self, prepared: list[Prepared]) -> list[int]:
        try:
            return insert_records(self.connection, prepared)
        except KeyError as error:
            raise ValueError(f"a record lacks the key {error}") from error

    def _begin(self) -> None:
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            self._retry("BEGIN IMMEDIATE", error)

    def _commit(self) -> None:
        try:
            self.connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self._retry("COMMIT", error)

    def _retry(self, statement: str, error: sqlite3.OperationalError) -> None:
        """Try `statement` again, with jitter, while another connection is in the way."""
        last = error
        for _ in pauses(self._busy_ms / 2, self._rng):
            if not is_busy(last):
                break
            try:
                self.connection.execute(statement)
            except sqlite3.OperationalError as again:
                last = again
            else:
                return
        raise last

    def _roll_back(self) -> None:
        # After a failed write SQLite may have rolled back by itself.
        if self.connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")

    def _adopt(self, lines: Iterator[Line]) -> bool:
        """Take over from the mirror what the database has lost; False when it does not fit."""
        db = self.connection
        count = 0
        self._begin()
        try:
            seq, prev = read_head(db)
            for line in lines:
                if not follows(line, seq, prev):
                    db.execute("ROLLBACK")
                    return False
                insert_line(db, line, prev)
                seq, prev = line.seq, line.hash
                count += 1
            self._faults("ledger.before_commit")
            self._commit()
        except BaseException:
            self._roll_back()
            raise
        self.notices.append(f"{count} records that the database had lost were taken from the mirror")
        return True

    def _note_set_aside(self, aside: Path, reason: str) -> None:
        self.notices.append(f"the mirror was set aside as `{aside.name}`, because {reason}")
        self.append([Record(MIRROR_SET_ASIDE, aside.name, None, {"file": aside.name, "reason": reason})])


def _close(descriptor: int) -> int:
    if descriptor >= 0:
        os.close(descriptor)
    return -1
