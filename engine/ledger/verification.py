"""Whether the Ledger is what this program wrote: journal, tables, mirror and blobs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from ...schemas.errors import BlobMissing, ChainBroken, LedgerError
from .blob_references import blob_names
from .chain import GENESIS, Line, link
from .database_errors import ledger_errors
from .journal import hash_at, lines_after
from .migrations import MIGRATIONS
from .mirror_file import whole_size
from .projections import project
from .records import Head
from .schema import PROJECTIONS

if TYPE_CHECKING:
    from .ledger import Ledger

_MOST_PROBLEMS: Final = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it was written. `area` is `journal`, `tables`, `mirror`, `head` or `blobs`."""

    area: str
    message: str
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """What a look at everything found.

    `mirror_lag` counts records that the mirror does not hold yet, which is no problem: the next
    writer brings them over. `more_problems` counts those beyond the first hundred.
    """

    records: int
    head: Head
    mirror_lag: int
    blobs: int
    problems: tuple[Problem, ...] = ()
    more_problems: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.problems

    def raise_first(self) -> None:
        """Raise the first problem as `ChainBroken` or `BlobMissing`; nothing when there is none."""
        for problem in self.problems:
            error = BlobMissing if problem.area == "blobs" else ChainBroken
            hint = None if problem.area == "blobs" else "`me ledger rebuild` makes it anew from the mirror"
            raise error(problem.message, hint=hint, seq=problem.seq, problems=len(self.problems))


@dataclass(slots=True)
class _Findings:
    problems: list[Problem] = field(default_factory=list)
    more: int = 0

    def add(self, area: str, message: str, seq: int | None = None) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(area, message, seq))
        else:
            self.more += 1


def verify_ledger(ledger: Ledger, *, noted: Head | None = None) -> Verification:
    """Read everything once, in one view of the database, and compare.

    The chain is computed anew from the records, the tables are projected anew from them, each line
    of the mirror is compared byte by byte, and each blob that a record names is hashed. `noted` is a
    head that was written down elsewhere: without it, or the mirror, a journal whose end was cut off
    looks like one that ends there. Memory does not grow with the Ledger.
    """
    findings = _Findings()
    with ledger_errors(ledger.path), _Mirror(ledger.mirror.path) as mirror:
        # The mirror's size is taken before the view of the database, so all that it holds is in there.
        scratch = _scratch()
        try:
            ledger.connection.execute("BEGIN")
            seq, digest = _check_journal(ledger.connection, scratch, mirror, findings)
            _check_tables(ledger.connection, scratch, findings)
            if noted is not None and hash_at(ledger.connection, noted.seq) != bytes.fromhex(noted.hash):
                findings.add("head", f"the journal does not hold the noted head {noted.seq}", noted.seq)
        finally:
            if ledger.connection.in_transaction:
                ledger.connection.execute("ROLLBACK")
            blobs = _check_blobs(ledger, scratch, findings)
            scratch.close()
        lag = mirror.finish(seq, findings)
    return Verification(seq, Head(seq, digest.hex()), lag, blobs, tuple(findings.problems), findings.more)


def _check_journal(
    db: sqlite3.Connection, scratch: sqlite3.Connection, mirror: _Mirror, findings: _Findings
) -> tuple[int, bytes]:
    seq, prev = 0, GENESIS
    last: str | None = ""
    stored_prev = db.execute("SELECT prev_hash FROM journal ORDER BY seq")
    for line, (named,) in zip(lines_after(db, 0), stored_prev, strict=True):
        if line.seq != seq + 1:
            findings.add("journal", f"records are missing between seq {seq} and {line.seq}", seq + 1)
        elif named != prev:
            findings.add("journal", f"record {line.seq} does not follow the record before it", line.seq)
        if link(named, line.body()) != line.hash:
            findings.add("journal", f"record {line.seq} is not what its hash says", line.seq)
        mirror.compare(line.seq, line.mirrored(), findings)
        _replay(scratch, line, findings)
        if line.dag_run_id != last:
            scratch.execute("INSERT OR IGNORE INTO stretches VALUES (?, ?)", (line.seq, line.dag_run_id))
        seq, prev, last = line.seq, line.hash, line.dag_run_id
    return seq, prev


def _replay(scratch: sqlite3.Connection, line: Line, findings: _Findings) -> None:
    """Project the record into the scratch tables, and note the blobs that it names."""
    try:
        payload = json.loads(line.payload)
        project(scratch, line.seq, line.ts, line.kind, line.entity_id, line.dag_run_id, payload)
        scratch.executemany(
            "INSERT OR IGNORE INTO named_blobs VALUES (?, ?)",
            ((name, line.seq) for name in blob_names(line.kind, payload)),
        )
    except (KeyError, TypeError, ValueError, LedgerError, sqlite3.Error) as error:
        findings.add("journal", f"record {line.seq} cannot be read: {error}", line.seq)


def _check_tables(db: sqlite3.Connection, scratch: sqlite3.Connection, findings: _Findings) -> None:
    for table in PROJECTIONS:
        statement = f"SELECT * FROM {table} ORDER BY {_key_of(scratch, table)}"  # noqa: S608
        for here, expected in zip_longest(db.execute(statement), scratch.execute(statement)):
            if here != expected:
                row = expected if expected is not None else here
                findings.add("tables", f"table `{table}` is not what the journal gives, first at {row[:3]}")
                break


def _check_blobs(ledger: Ledger, scratch: sqlite3.Connection, findings: _Findings) -> int:
    count = 0
    for name, seq in scratch.execute("SELECT name, seq FROM named_blobs ORDER BY seq"):
        count += 1
        try:
            whole = ledger.blobs.is_whole(name)
        except ValueError:
            whole = False
        if not whole:
            findings.add("blobs", f"the blob `{name}` of record {seq} is missing or damaged", seq)
    return count


def _scratch() -> sqlite3.Connection:
    """A database of SQLite's own making, on disk once it is large, and gone when it is closed."""
    db = sqlite3.connect("", isolation_level=None)
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("PRAGMA synchronous = OFF")
    for migration in MIGRATIONS:
        for statement in migration.statements:
            db.execute(statement)
    db.execute("CREATE TABLE named_blobs (name TEXT PRIMARY KEY, seq INTEGER) WITHOUT ROWID")
    db.execute("BEGIN")
    return db


def _key_of(db: sqlite3.Connection, table: str) -> str:
    keyed = sorted((row[5], row[1]) for row in db.execute(f"PRAGMA table_info({table})") if row[5])
    return ", ".join(name for _, name in keyed)


class _Mirror:
    """The mirror as it was when the look began, read line by line beside the journal."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._lines: Iterator[bytes] = iter(())
        self._matching = True
        self._seen = 0

    def __enter__(self) -> Self:
        try:
            self._file = self._path.open("rb")
        except FileNotFoundError:
            return self
        size = whole_size(self._file.fileno(), self._file.seek(0, 2))
        self._file.seek(0)
        self._lines = _lines_up_to(self._file, size)
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._file is not None:
            self._file.close()

    def compare(self, seq: int, expected: bytes, findings: _Findings) -> None:
        line = next(self._lines, None)
        if line is None:
            return
        self._seen += 1
        if line != expected and self._matching:
            # One message: behind a line too many, every further line differs as well.
            self._matching = False
            findings.add("mirror", f"line {self._seen} of the mirror differs from record {seq}", seq)

    def finish(self, head: int, findings: _Findings) -> int:
        ahead = sum(1 for _ in self._lines)
        if ahead:
            findings.add("mirror", f"the mirror holds {ahead} records more than the database", head + 1)
        return max(0, head - self._seen)


def _lines_up_to(file: BinaryIO, end: int) -> Iterator[bytes]:
    at = 0
    while at < end:
        line = file.readline()
        at += len(line)
        yield line
