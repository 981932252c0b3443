"""Connections to the database, each set up for what it is for."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import quote

from ...schemas.errors import LedgerMissing
from .database_errors import REBUILD, is_busy, primary_code
from .fault_points import Faults
from .files import Rng, pauses
from .migrations import check_version, migrate
from .storage import JournalMode, file_system_of, journal_mode

DATABASE: Final = "department.db"
MIRROR: Final = "runs.jsonl"
_CHECKPOINT_PAGES: Final = 4000
_UNWRITABLE: Final = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
)


def connect_writer(path: Path, *, busy_ms: float, rng: Rng, faults: Faults) -> sqlite3.Connection:
    """A connection that writes, on a database of the latest version; made if need be.

    Several processes may do this at the same moment on a database that does not exist yet.
    """
    if not path.exists():
        _create_private(path)
    mode = journal_mode(file_system_of(path.parent))
    # Half of the time SQLite itself waits for its turn, half of it is for trying again with jitter.
    db = sqlite3.connect(path, timeout=busy_ms / 2000, isolation_level=None, cached_statements=256)
    try:
        refused: sqlite3.OperationalError | None = None
        for _ in pauses(busy_ms, rng):
            try:
                _set_up_writer(db, path, mode)
                migrate(db, path, faults)
            except sqlite3.OperationalError as error:
                if not is_busy(error):
                    raise
                refused = error
            else:
                return db
        assert refused is not None
        raise refused
    except BaseException:
        db.close()
        raise


def connect_reader(
    path: Path, *, busy_ms: float
) -> tuple[sqlite3.Connection, tempfile.TemporaryDirectory[str] | None]:
    """A connection that only reads, also where nothing can be written.

    WAL needs an index beside the database. Where it cannot be made (a read-only or a full disk), a
    database without a WAL is read as it is, and one with a WAL from a copy of both; the folder of
    that copy is returned as well, to be removed by the caller.
    """
    if not path.exists():
        raise missing(path)
    try:
        return _reader(path, "mode=ro", busy_ms), None
    except sqlite3.OperationalError as error:
        if primary_code(error) not in _UNWRITABLE:
            raise
    wal = path.with_name(f"{path.name}-wal")
    if not wal.exists() or wal.stat().st_size == 0:
        return _reader(path, "mode=ro&immutable=1", busy_ms), None
    folder = tempfile.TemporaryDirectory(prefix="metaensemble-", ignore_cleanup_errors=True)
    try:
        for file in (path, wal):
            shutil.copyfile(file, Path(folder.name) / file.name)
        return _reader(Path(folder.name) / path.name, "mode=rw", busy_ms), folder
    except BaseException:
        folder.cleanup()
        raise


def journal_mode_of(db: sqlite3.Connection) -> str:
    """SQLite's journal mode of this database, in lower case."""
    return str(db.execute("PRAGMA journal_mode").fetchone()[0])


def missing(path: Path) -> LedgerMissing:
    """The error for a database that is not there; its fact `mirror` says whether the mirror still is."""
    mirror = path.with_name(MIRROR).exists()
    hint = "the first `me dag run` in a project makes one; are you in the right folder?"
    return LedgerMissing(
        f"there is no Ledger at `{path}`", hint=REBUILD if mirror else hint, path=str(path), mirror=mirror
    )


def _create_private(path: Path) -> None:
    # SQLite would make the file with the user's umask; its WAL takes over the mode of the database.
    # O_EXCL: a file that is there already may be open in this process, and closing a second
    # descriptor of it would drop SQLite's locks.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _set_up_writer(db: sqlite3.Connection, path: Path, mode: JournalMode) -> None:
    check_version(db, path)
    execute = db.execute
    execute(f"PRAGMA journal_mode = {mode}")
    execute(f"PRAGMA synchronous = {'NORMAL' if mode == 'wal' else 'FULL'}")
    execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    execute("PRAGMA journal_size_limit = 67108864")
    execute("PRAGMA temp_store = MEMORY")
    if sys.platform == "darwin":
        execute("PRAGMA fullfsync = ON")


def _reader(path: Path, how: str, busy_ms: float) -> sqlite3.Connection:
    db = sqlite3.connect(
        f"file:{quote(os.fsencode(path))}?{how}", uri=True, timeout=busy_ms / 1000, isolation_level=None
    )
    try:
        db.execute("PRAGMA query_only = ON")
        if check_version(db, path) == 0:
            raise missing(path)
    except BaseException:
        db.close()
        raise
    return db
